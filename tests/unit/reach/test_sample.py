"""The flows of a network that are sent when no flow is asked for."""

from __future__ import annotations

from tests.unit.reach.test_terraform_network import shop
from vpcache.reach.sample import sample


def test_sample_has_all_ends_at_https_and_at_the_port_of_caches() -> None:
    found = sample(shop())
    assert {str(each.flow) for each in found} == {"tcp 443", "tcp 11211"}
    assert {"cache/0001", "internet", "shop-api in eu-west-3a"} <= {each.source for each in found}


def test_sample_between_two_ends_has_no_others() -> None:
    found = sample(shop(), "internet", "cache")
    assert {(each.source, each.target) for each in found} == {
        ("internet", "cache/0001"),
        ("internet", "cache/0002"),
    }
