"""What a run reuses of a kept stack, given its record and what its lab has."""

from dataclasses import replace

import pytest

from vpcache.testing.kept.decision import (
    Action,
    Expected,
    Seen,
    action,
    differences,
    stale,
    unsuitable,
)
from vpcache.testing.kept.fingerprint import Fingerprint
from vpcache.testing.kept.record import KeptStack, LabProcess, Phase

BUNDLE = {"path": "api-1.zip", "sha256": "1"}
FINGERPRINT = Fingerprint("hcl", "variables", {"bundles.api": BUNDLE})
RECORD = KeptStack(
    name="vpcache-ci-1",
    root="/project",
    root_module="/project/infra",
    target="lab",
    region="us-east-1",
    version="1.0 (aaaa)",
    settings={"elastic_ips": 20},
    lab=LabProcess(4600, 1, "1"),
    work_dir="/project/.vpcache",
    run="",
    used="2026-01-01T00:00:00+00:00",
    phase=Phase.APPLIED,
    fingerprint=FINGERPRINT,
    state="state",
    calls={"ec2:CreateVpc": 1},
)
EXPECTED = Expected("1.0 (aaaa)", "us-east-1", {"elastic_ips": 20})
SEEN = Seen("state", {"ec2:CreateVpc": 1, "ec2:DescribeVpcs": 7, "lambda:Invoke": 3, "s3:PutObject": 9})


def test_unchanged_stack_is_reused():
    assert unsuitable(RECORD, EXPECTED) == ""
    assert stale(RECORD, SEEN) == ""
    assert action(RECORD, FINGERPRINT, is_proven=True) is Action.REUSE


@pytest.mark.parametrize(
    ("record", "expected", "reason"),
    [
        (replace(RECORD, phase=Phase.APPLYING), EXPECTED, "its last apply was interrupted"),
        (RECORD, replace(EXPECTED, region="eu-west-1"), "it is in us-east-1, the target is eu-west-1"),
        (
            RECORD,
            replace(EXPECTED, version="1.0 (bbbb)"),
            "its lab was started by vpcache 1.0 (aaaa), this run is 1.0 (bbbb)",
        ),
        (RECORD, replace(EXPECTED, settings={}), "the lab's setting elastic_ips differs"),
        (
            RECORD,
            replace(EXPECTED, settings={"elastic_ips": 20, "iam": "enforce"}),
            "the lab's setting iam differs",
        ),
    ],
)
def test_reason_against_a_kept_stack(record, expected, reason):
    assert unsuitable(record, expected) == reason


def test_failed_apply_is_no_reason_against_it():
    assert unsuitable(replace(RECORD, phase=Phase.FAILED), EXPECTED) == ""


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (Seen("", SEEN.calls), "its Terraform state was deleted"),
        (Seen("other", SEEN.calls), "its Terraform state was changed"),
        (
            Seen("state", {**SEEN.calls, "ec2:DeleteRoute": 1}),
            "resources were changed after its apply, by ec2:DeleteRoute",
        ),
        (
            Seen("state", {**SEEN.calls, "ec2:CreateVpc": 2}),
            "resources were changed after its apply, by ec2:CreateVpc",
        ),
        (
            Seen("state", {**SEEN.calls, **{f"ec2:Delete{name}": 1 for name in "ABCDE"}}),
            "resources were changed after its apply, by ec2:DeleteA, ec2:DeleteB, ec2:DeleteC and 2 more",
        ),
    ],
)
def test_difference_from_the_record(seen, reason):
    assert stale(RECORD, seen) == reason


def test_only_changed_bundles_update_code():
    changed = replace(FINGERPRINT, bundles={"bundles.api": {"path": "api-2.zip", "sha256": "2"}})
    assert action(RECORD, changed, is_proven=True) is Action.UPDATE_CODE
    assert differences(RECORD, changed) == ["bundle bundles.api"]


@pytest.mark.parametrize(
    "changed",
    [
        replace(FINGERPRINT, hcl="other"),
        replace(FINGERPRINT, variables="other"),
        replace(FINGERPRINT, bundles={}),
        replace(FINGERPRINT, bundles={"bundles.api": BUNDLE, "bundles.more": BUNDLE}),
        replace(FINGERPRINT, open=True),
    ],
)
def test_other_changes_are_applied(changed):
    assert action(RECORD, changed, is_proven=True) is Action.APPLY


def test_unproven_failed_and_new_stacks_are_applied():
    assert action(RECORD, FINGERPRINT, is_proven=False) is Action.APPLY
    assert action(replace(RECORD, phase=Phase.FAILED), FINGERPRINT, is_proven=True) is Action.APPLY
    assert action(replace(RECORD, fingerprint=None), FINGERPRINT, is_proven=True) is Action.APPLY
    assert differences(replace(RECORD, fingerprint=None), FINGERPRINT) == []
