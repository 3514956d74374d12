"""The quota check before an apply, against the lab's Service Quotas."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.served.region import serve
from vpcache.errors import VpcacheError
from vpcache.stack.quotas import ADDRESSES, ConcurrencyUse, QuotaUse, added, check, preflight
from vpcache.stack.target import lab_target
from vpcache.terraform.plans import PlannedChange


@pytest.fixture
def region():
    with serve() as served:
        yield served


@pytest.fixture
def target(region):
    return lab_target(region.url, {})


def planned(**counts: int) -> list[PlannedChange]:
    """Return a plan that creates `counts` resources of each type."""
    return [
        PlannedChange(f"module.some.aws_{type}.this[{number}]", f"aws_{type}", "create")
        for type, count in counts.items()
        for number in range(count)
    ]


def test_fitting_plan_has_one_line_for_each_quota(region, target):
    ec2 = region.client("ec2")
    for _ in range(3):
        ec2.allocate_address(Domain="vpc")
    uses = preflight(target, planned(eip=2, vpc=1, subnet=4, lambda_function=1))
    vpcs = len(ec2.describe_vpcs()["Vpcs"])
    assert list(map(str, uses)) == [
        "elastic IPs: 3 of 5 in use in us-east-1, this plan adds 2",
        f"VPCs: {vpcs} of 5 in use in us-east-1, this plan adds 1",
        "Lambda concurrency: 1000 in us-east-1, 0 of them reserved",
    ]
    check(uses)


def test_exceeded_quota_names_the_request_command(region, target):
    for _ in range(4):
        region.client("ec2").allocate_address(Domain="vpc")
    with pytest.raises(VpcacheError) as refused:
        check(preflight(target, planned(eip=3)))
    assert "elastic IPs: 4 of 5 in use in us-east-1, this plan adds 3: 2 too many" in str(refused.value)
    assert (
        "aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-0263D0A3 "
        "--desired-value 7 --region us-east-1" in str(refused.value)
    )


def test_raised_quota_admits_the_plan(region, target):
    region.settings = replace(region.settings, elastic_ips=7)
    for _ in range(4):
        region.client("ec2").allocate_address(Domain="vpc")
    check(preflight(target, planned(eip=3)))


def test_replacement_and_removal_need_no_quota():
    changes = [
        PlannedChange('aws_eip.this["a"]', "aws_eip", "replace"),
        PlannedChange('aws_eip.this["b"]', "aws_eip", "create"),
        PlannedChange('aws_eip.this["c"]', "aws_eip", "delete"),
        PlannedChange("aws_eip_association.this", "aws_eip_association", "create"),
    ]
    assert added(changes, "aws_eip") == 0


def test_plan_without_additions_sends_no_request(target):
    unreachable = replace(
        target, environment={**target.environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    )
    assert preflight(unreachable, [PlannedChange("aws_eip.this", "aws_eip", "update")]) == []


def test_unreachable_account_is_unknown_and_accepted(target):
    unreachable = replace(
        target, environment={**target.environment, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    )
    (use,) = preflight(unreachable, planned(eip=90))
    assert str(use).startswith("elastic IPs: use and quota in us-east-1 unknown (Could not connect")
    check([use])


def test_denied_quota_is_unknown_with_its_reason():
    use = QuotaUse(ADDRESSES, "eu-west-1", adds=2, reason="AccessDeniedException")
    assert str(use) == (
        "elastic IPs: use and quota in eu-west-1 unknown (AccessDeniedException), this plan adds 2"
    )
    assert use.excess == 0


def test_low_concurrency_quota_is_explained(region, target):
    region.settings = replace(region.settings, concurrent_executions=10)
    (use,) = preflight(target, planned(lambda_function=1))
    assert use == ConcurrencyUse("us-east-1", limit=10, unreserved=10)
    assert "no function can reserve concurrency" in str(use)
    assert "more than 10 concurrent calls are throttled" in str(use)
    check([use])
