import pytest
from botocore.loaders import JSONFileLoader

from vpcache.errors import VpcacheError
from vpcache.stack.target import aws_target, lab_target, target_name

ENDPOINT = "http://127.0.0.1:4600"


def test_lab_environment_has_no_aws_settings_of_the_user():
    environ = {"AWS_PROFILE": "prod", "AWS_SESSION_TOKEN": "t", "AWS_CA_BUNDLE": "/x", "HOME": "/home/me"}
    environment = lab_target(ENDPOINT, environ).environment
    assert environment["AWS_ENDPOINT_URL"] == ENDPOINT
    assert environment["HOME"] == "/home/me"
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE"} & environment.keys()


def test_aws_environment_keeps_the_profile_and_sets_the_region():
    environ = {"AWS_PROFILE": "prod", "AWS_DEFAULT_REGION": "eu-west-1", "HOME": "/home/me"}
    target = aws_target(environ)
    assert target.region == "eu-west-1"
    assert target.environment == {"AWS_PROFILE": "prod", "AWS_REGION": "eu-west-1", "HOME": "/home/me"}


@pytest.mark.parametrize(
    ("option", "environ", "name"),
    [
        ("", {}, "lab"),
        ("aws", {}, "aws"),
        ("", {"VPCACHE_TARGET": "aws"}, "aws"),
        ("lab", {"VPCACHE_TARGET": "aws"}, "lab"),
    ],
)
def test_target_option_overrides_the_variable(option, environ, name):
    assert target_name(option, environ) == name


def test_unknown_target_lists_the_choices():
    with pytest.raises(VpcacheError, match=r"unknown target 'gcp': use --target lab or --target aws"):
        target_name("gcp", {})


def test_missing_profile_is_reported(tmp_path):
    nowhere = {
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_PROFILE": "absent",
        "AWS_REGION": "us-east-1",
    }
    with pytest.raises(VpcacheError, match="target aws"):
        aws_target(nowhere).session()


def test_targets_share_the_models_of_services(monkeypatch):
    lab_target(ENDPOINT, {}).client("sqs")
    monkeypatch.setattr(JSONFileLoader, "load_file", None)  # a call raises TypeError
    assert lab_target("http://127.0.0.1:4601", {}).client("sqs").meta.endpoint_url == "http://127.0.0.1:4601"
