"""Updates of functions' code without Terraform, and of its state."""

import pytest

from vpcache.testing.kept.code_update import CodeChange, planned_changes, updated_state

OLD = {"path": "api-1.zip", "sha256": "one"}
NEW = {"path": "api-2.zip", "sha256": "two"}
OTHER = {"path": "job-1.zip", "sha256": "job"}


def function(name, bundle, **attributes):
    code = {"filename": bundle["path"], "source_code_hash": bundle["sha256"], "code_sha256": bundle["sha256"]}
    base = {"function_name": name, "publish": False, "architectures": ["arm64"]}
    instance = {"attributes": base | code | {"source_code_size": 1, "last_modified": "then"} | attributes}
    return {"mode": "managed", "type": "aws_lambda_function", "instances": [instance]}


def state(*resources):
    return {"serial": 3, "resources": [{"mode": "data", "type": "aws_region", "instances": []}, *resources]}


def planned(*resources):
    return planned_changes(state(*resources), {"api": OLD, "job": OTHER}, {"api": NEW, "job": OTHER})


def test_every_function_of_the_bundle_changes():
    changes = planned(function("a", OLD), function("b", OLD), function("job", OTHER))
    assert changes == [CodeChange("a", ("arm64",), NEW), CodeChange("b", ("arm64",), NEW)]


@pytest.mark.parametrize(
    "resources",
    [
        (),
        (function("a", OLD, publish=True),),
        (function("a", OLD, source_code_hash="else"),),
        (function("job", OTHER),),
    ],
    ids=["no function", "published", "another hash", "another bundle"],
)
def test_the_rest_is_left_to_terraform(resources):
    assert planned(*resources) is None


def test_two_bundles_with_one_zip_are_left_to_terraform():
    before, after = {"api": OLD, "job": OLD}, {"api": NEW, "job": OLD}
    assert planned_changes(state(function("a", OLD)), before, after) is None
    after = {"api": NEW, "job": {"path": "job-2.zip", "sha256": "three"}}
    assert planned_changes(state(function("a", OLD), function("job", OLD)), before, after) is None


def test_attributes_that_the_provider_lacks_are_not_added():
    before = state(function("a", OLD))
    attributes = before["resources"][1]["instances"][0]["attributes"]
    del attributes["code_sha256"], attributes["publish"], attributes["architectures"]
    changes = planned_changes(before, {"api": OLD}, {"api": NEW})
    assert changes is not None
    answers = {"a": {"CodeSha256": "two", "CodeSize": 2, "LastModified": "now"}}
    after = updated_state(before, changes, answers)
    assert after["resources"][1]["instances"][0]["attributes"].keys() == attributes.keys()


def test_state_after_the_update():
    before = state(function("a", OLD), function("job", OTHER))
    answers = {"a": {"CodeSha256": "two", "CodeSize": 2, "LastModified": "now"}}
    after = updated_state(before, [CodeChange("a", ("arm64",), NEW)], answers)
    assert after["serial"] == 4
    changed, other = (resource["instances"][0]["attributes"] for resource in after["resources"][1:])
    assert changed == before["resources"][1]["instances"][0]["attributes"] | {
        "filename": "api-2.zip",
        "source_code_hash": "two",
        "code_sha256": "two",
        "source_code_size": 2,
        "last_modified": "now",
    }
    assert other == before["resources"][2]["instances"][0]["attributes"]
    assert before["serial"] == 3
