import pytest

from vpcache.errors import VpcacheError
from vpcache.stack.region import chosen_region
from vpcache.stack.target import aws_target, lab_target


def choose(option=None, pinned=None, profile=None, **environ):
    return chosen_region(option=option, pinned=pinned, environ=environ, profile_region=profile)


def test_region_sources_have_an_order():
    assert choose() == "us-east-1"
    assert choose(profile="eu-north-1") == "eu-north-1"
    assert choose(profile="eu-north-1", AWS_DEFAULT_REGION="eu-west-3") == "eu-west-3"
    assert choose(profile="eu-north-1", pinned="eu-west-2") == "eu-west-2"
    assert choose(option="eu-west-1", AWS_REGION="eu-west-3", profile="eu-north-1") == "eu-west-1"


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        (
            {"option": "eu-west-1", "pinned": "us-east-1"},
            '--region is eu-west-1, but the environment\'s terraform.tfvars sets region = "us-east-1"',
        ),
        (
            {"pinned": "us-east-1", "AWS_REGION": "eu-west-1"},
            'AWS_REGION is eu-west-1, but .* sets region = "us-east-1": unset AWS_REGION, or add --region',
        ),
        ({"pinned": "us-east-1", "AWS_DEFAULT_REGION": "eu-west-1"}, "AWS_DEFAULT_REGION is eu-west-1, but"),
        (
            {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-1"},
            "AWS_REGION is eu-west-1 and AWS_DEFAULT_REGION is us-east-1: unset one",
        ),
        ({"option": "us_east"}, "region 'us_east' is not the name of an AWS region"),
        ({"AWS_REGION": "moon"}, "region 'moon' is not the name of an AWS region"),
    ],
)
def test_contradicting_regions_are_rejected(sources, message):
    with pytest.raises(VpcacheError, match=message):
        choose(**sources)


def test_region_option_overrides_the_shell():
    assert choose(option="eu-west-1", pinned="eu-west-1", AWS_REGION="us-east-1") == "eu-west-1"
    assert choose(option="eu-west-1", AWS_REGION="us-west-1", AWS_DEFAULT_REGION="us-east-1") == "eu-west-1"


def test_profile_region_is_used_on_aws(tmp_path):
    (tmp_path / "config").write_text("[profile team]\nregion = ap-south-1\n[default]\nregion = sa-east-1\n")
    environ = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}
    assert aws_target(environ).region == "sa-east-1"
    assert aws_target(environ | {"AWS_PROFILE": "team"}).region == "ap-south-1"
    assert aws_target(environ | {"AWS_DEFAULT_PROFILE": "team"}).region == "ap-south-1"
    assert aws_target(environ | {"AWS_PROFILE": "team", "AWS_REGION": "eu-west-1"}).region == "eu-west-1"


def test_shell_region_does_not_reach_the_lab():
    target = lab_target("http://127.0.0.1:1", {"AWS_REGION": "eu-west-1"})
    assert (target.region, target.environment["AWS_REGION"]) == ("us-east-1", "us-east-1")
    assert lab_target("http://127.0.0.1:1", {}, region="eu-west-1").region == "eu-west-1"
