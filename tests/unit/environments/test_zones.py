"""Zones of a new environment, by letter or by name."""

import pytest

from vpcache.environments.zones import chosen_letters
from vpcache.errors import VpcacheError


@pytest.mark.parametrize("text", ["a,c", "c,a", "eu-west-1a,eu-west-1c", "a, eu-west-1c"])
def test_zones_are_letters_or_names(text):
    assert chosen_letters(text, "eu-west-1", tuple("abc")) == ("a", "c")


@pytest.mark.parametrize("zone", ["", "A", "z", "us-east-1a", "eu-west-1", "euw1-az1", "a b", "ä", "-1"])
def test_unknown_zone_is_named_with_the_choices(zone):
    with pytest.raises(VpcacheError) as raised:
        chosen_letters(f"a,{zone}", "eu-west-1", tuple("abc"))
    assert str(raised.value) == f"--zones has '{zone}', which is not a zone of eu-west-1: choose from a, b, c"


def test_repeated_zone_is_named():
    with pytest.raises(VpcacheError, match="repeats a: name each zone once"):
        chosen_letters("a,b,eu-west-1a", "eu-west-1", tuple("abc"))
