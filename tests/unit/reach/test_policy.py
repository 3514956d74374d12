"""Policies: what they say, what violates them, and lines that cannot be read."""

from __future__ import annotations

import pytest

from tests.support.terraform_documents import function, group, network, state
from tests.unit.reach.test_terraform_network import ALL_OUT, rule, shop
from vpcache.errors import VpcacheError
from vpcache.reach.network import Network
from vpcache.reach.policy import parse_policy, violations
from vpcache.reach.terraform_source import network as terraform_network

OPEN = rule(11211, cidr_blocks=["0.0.0.0/0"])


def broken(text: str, subject: Network) -> list[str]:
    return [str(each) for each in violations(subject, parse_policy(text))]


POLICY = """
# the cache is private
never: internet -> cache
only: api -> cache:11211
always: api -> internet:443   # the origin
each zone leaves by its own address
"""


def test_policy_that_holds_has_no_violation() -> None:
    assert broken(POLICY, shop()) == []


def test_only_names_who_else_reaches_the_target() -> None:
    subject = shop(group("other", egress=[ALL_OUT]), function("other", 2), ingress=OPEN)
    found = broken(POLICY, subject)
    passes = "tcp 11211 passes too from shop-other in eu-west-3a to cache/0001, and between 5 more pairs"
    assert f"the policy:4: only: api -> cache:11211: {passes}" in found


def test_never_names_the_rules_that_let_it_pass() -> None:
    (violation,) = violations(shop(), parse_policy("never: api -> cache"))
    passes = "tcp 11211 passes from shop-api in eu-west-3a to cache/0001, and between 3 more pairs"
    assert str(violation) == f"the policy:1: never: api -> cache: {passes}"
    rule_of_cache = "security_group.cache allows tcp 11211 from security_group.api"
    assert any(rule_of_cache in step for step in violation.steps)


def test_always_names_the_obstacle() -> None:
    (line,) = broken("always: api -> cache:11211-11212", shop())
    assert "tcp 11212 does not pass from shop-api in eu-west-3a to cache/0001" in line
    assert "no rule of security_group.cache allows it from" in line


def test_zones_that_share_an_address_are_named() -> None:
    found = [*network(2, one_gateway_per_zone=False), group("api", egress=[ALL_OUT]), function("api", 2)]
    subject = terraform_network.network(state(*found))
    assert broken("each zone leaves by its own address", subject) == [
        "the policy:1: each zone leaves by its own address: eu-west-3a and eu-west-3b leave by 203.0.113.10"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("never: a -> b\n  sometimes: a -> b", "reach.policy:2:3: cannot read 'sometimes: a -> b'"),
        ("never a -> b", "reach.policy:1:1: cannot read 'never a -> b'"),
        ("never: a -> b gre", "reach.policy:1:1: cannot read"),
        ("never: a -> b:443-80", "reach.policy:1:13: 'b:443-80': ports 443-80 are not in ascending order"),
        ("never: a -> b:70000", "reach.policy:1:13: 'b:70000': port 70000 is above 65535"),
        ("never: a -> b:1/icmp", "reach.policy:1:13: 'b:1/icmp': icmp has no ports"),
    ],
)
def test_line_that_cannot_be_read_has_line_and_column(text: str, message: str) -> None:
    with pytest.raises(VpcacheError) as error:
        parse_policy(text, "reach.policy")
    assert str(error.value).startswith(message)


def test_end_that_the_network_lacks_is_an_error() -> None:
    with pytest.raises(VpcacheError, match=r"^the policy:1:20: nothing in this network is called 'database'"):
        broken("never: internet -> database", shop())
