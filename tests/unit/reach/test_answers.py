"""Answers in words, the matrix of a network, and the egress addresses of its zones."""

from __future__ import annotations

from tests.unit.reach.test_terraform_network import HTTPS, MEMCACHED, shop
from vpcache.reach.answers import answers, egress_addresses, matrix
from vpcache.reach.ends import place


def test_answer_that_passes_names_the_address_that_is_seen() -> None:
    subject = shop()
    first = answers(subject, place(subject, "api"), place(subject, "internet"), HTTPS)[0]
    assert list(first.lines()) == [
        "tcp 443 passes from shop-api in eu-west-3a to internet, seen as 203.0.113.10"
    ]


def test_answer_that_does_not_pass_names_all_obstacles() -> None:
    subject = shop()
    lines = list(answers(subject, place(subject, "internet"), place(subject, "cache"), MEMCACHED)[0].lines())
    assert lines[0] == "tcp 11211 does not pass from internet to cache/0001 in eu-west-3a"
    assert len(lines) == 4  # no public address, no rule, no route of the answer through the internet gateway


def test_matrix_has_only_pairs_with_traffic() -> None:
    pairs = {(each.source, each.target) for each in matrix(shop())}
    assert ("shop-api", "cache/0001") in pairs
    assert ("internet", "cache/0001") not in pairs
    assert ("shop-api", "internet") in pairs


def test_each_zone_has_its_egress_address() -> None:
    assert egress_addresses(shop()) == {"eu-west-3a": ("203.0.113.10",), "eu-west-3b": ("203.0.113.11",)}
