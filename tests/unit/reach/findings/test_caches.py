"""Caches that are open at the wrong port, or to their whole VPC."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.terraform_documents import function, group
from tests.unit.reach.findings.shop_plans import FROM_API, lines, rule, shop
from vpcache.reach.findings.checks import findings

MEMCACHED_OUT = rule(11211, cidr_blocks=["10.9.0.0/16"])


@pytest.mark.parametrize("egress", [[], [group("api", egress=[MEMCACHED_OUT])]], ids=["all", "memcached"])
def test_rule_on_the_wrong_port_is_found(egress: list[dict[str, Any]]) -> None:
    subject = shop(*egress, ingress=(rule(11212, security_groups=["security_group.api"]),))
    assert lines(subject) == [
        "error: security_group.cache (shop-cache) allows tcp 11212, but no client reaches cache/0001 "
        "in eu-west-3a and cache/0002 in eu-west-3b at tcp 11211, where memcached listens; allow tcp 11211 "
        "instead [rule-on-wrong-port]"
    ]


def test_egress_rule_on_the_wrong_port_is_found() -> None:
    client = group("api", egress=[rule(11212, cidr_blocks=["10.9.0.0/16"])])
    (line,) = lines(shop(client))
    assert line.startswith("error: security_group.api (shop-api) allows tcp 11212, but no client")


def test_cache_that_one_of_its_clients_reaches_is_no_finding() -> None:
    other = group("other", egress=[MEMCACHED_OUT])
    wrong = rule(11212, security_groups=["security_group.other"])
    assert lines(shop(other, function("other", 2), ingress=(FROM_API, wrong))) == []


def test_cache_without_a_rule_is_no_finding() -> None:
    assert lines(shop(ingress=())) == []


@pytest.mark.parametrize(
    "cidrs",
    [["10.9.0.0/16"], ["10.0.0.0/8"], ["10.9.0.0/17", "10.9.128.0/17"]],
    ids=["VPC", "wider", "halves"],
)
def test_cache_open_to_the_whole_vpc_is_found(cidrs: list[str]) -> None:
    assert lines(shop(ingress=(rule(11211, cidr_blocks=cidrs),))) == [
        f"warning: security_group.cache (shop-cache) allows tcp 11211 from {' and '.join(cidrs)}, all of "
        "vpc.shop (shop): now shop-api in eu-west-3a and eu-west-3b can reach cache/0001 in eu-west-3a and "
        "cache/0002 in eu-west-3b; allow the security group of the clients instead [cache-open-to-vpc]"
    ]


def test_cache_open_to_some_subnets_is_no_finding() -> None:
    assert lines(shop(ingress=(rule(11211, cidr_blocks=["10.9.100.0/24", "10.9.101.0/24"]),))) == []


def test_errors_precede_warnings() -> None:
    subject = shop(
        group("api", egress=[rule(443, cidr_blocks=["0.0.0.0/0"])]),
        ingress=(rule(11211, cidr_blocks=["10.9.0.0/16"]),),
    )
    assert [str(each.severity) for each in findings(subject)] == ["error", "warning"]
