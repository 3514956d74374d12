"""The terraform.tfvars of a new environment."""

from ipaddress import IPv4Network

import pytest

from vpcache.environments.address_plan import address_plan
from vpcache.environments.hcl import attribute
from vpcache.environments.values import NewEnvironment, cidr_blocks, new_values, values_text
from vpcache.errors import VpcacheError

COPIED = {
    "environment": "dev",
    "cidr_block": "10.0.0.0/24",
    "secondary_cidr_blocks": ["10.0.1.0/24"],
    "zones": {"a": {"public_cidr": "10.0.0.0/26", "private_cidr": "10.0.0.128/26"}},
    "nat": {"mode": "single", "single_zone": "a"},
    "cache": {"zones": ["a"], "node_type": "cache.t4g.micro"},
    "memory_size": 256,
}


def new(letters="bc", **changes):
    plan = address_plan(IPv4Network("10.2.0.0/20"), letters, "abcd")
    return NewEnvironment("staging", "eu-west-1", plan, **changes)


def test_own_values_replace_the_copied_ones():
    zones = {
        "b": {"public_cidr": "10.2.0.64/26", "private_cidr": "10.2.6.0/23"},
        "c": {"public_cidr": "10.2.0.128/26", "private_cidr": "10.2.8.0/23"},
    }
    assert new_values(new(), COPIED) == {
        "environment": "staging",
        "region": "eu-west-1",
        "cidr_block": "10.2.0.0/20",
        "zones": zones,
        "nat": {"mode": "single", "single_zone": "b"},
        "cache": {"zones": ["b", "c"], "node_type": "cache.t4g.micro"},
        "memory_size": 256,
    }


def test_isolated_subnets_are_copied_with_the_tier():
    zones = {"a": {"isolated_cidr": "10.0.0.240/28"}}
    assert new_values(new(), COPIED | {"zones": zones})["zones"]["b"]["isolated_cidr"] == "10.2.2.64/26"


@pytest.mark.parametrize(
    ("given", "kept"), [("", "https://old.example.com"), ("https://new.example.com",) * 2]
)
def test_origin_of_the_option_replaces_the_copied_one(given, kept):
    copied = COPIED | {"origin_url": "https://old.example.com"}
    assert new_values(new(origin_url=given), copied)["origin_url"] == kept


def test_values_have_descriptions_and_free_subnets_of_other_zones():
    copied = {"environment": "dev", "cache": {"zones": ['"a"'], "__comments__": []}, "__comments__": []}
    text = values_text(new("abc"), copied, {"environment": "Name of the environment."})
    assert text.startswith('# Name of the environment.\nenvironment = "staging"\n\nregion = "eu-west-1"\n\n')
    assert (
        '\n# d = { public_cidr = "10.2.0.192/26", private_cidr = "10.2.10.0/23" }\nzones = {\n  a = ' in text
    )
    assert text.endswith('\n\ncache = { zones = ["a", "b", "c"] }\n')


@pytest.mark.parametrize(
    "literal", ['"a"', r'"say \"a\" and \\b"', '"costs $${x} or %%{y}"', '"é"', "-2.5", "null"]
)
def test_strings_keep_their_escapes(literal):
    value = {"-2.5": -2.5, "null": None}.get(literal, literal)
    assert f"\nother = [{literal}]\n" in values_text(new(), {"other": [value]}, {})


@pytest.mark.parametrize("value", ["<<-EOT\n  a\nEOT", r'"\q"'])
def test_value_that_cannot_be_copied_is_named(value):
    with pytest.raises(VpcacheError, match="cannot copy other"):
        values_text(new(), {"other": value}, {})


def test_objects_have_the_form_of_terraform_fmt():
    assert (
        attribute("cors", {"allow": ["a", "b"], "k y": None}) == 'cors = { allow = ["a", "b"], "k y" = null }'
    )
    long = {"description": "x" * 90, "n": 1}
    assert attribute("text", long) == f'text = {{\n  description = "{"x" * 90}"\n  n           = 1\n}}'
    assert attribute("none", {}) == "none = {}"


def test_cidr_blocks_of_an_environment():
    assert cidr_blocks(COPIED) == [IPv4Network("10.0.0.0/24"), IPv4Network("10.0.1.0/24")]
    assert cidr_blocks({"cidr_block": None}) == cidr_blocks({}) == []
