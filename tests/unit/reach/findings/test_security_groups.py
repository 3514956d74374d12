"""Security groups that are open to any address, or to their own members."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.terraform_documents import function, group, resource
from tests.unit.reach.findings.shop_plans import ALL_OUT, FROM_API, A, lines, rule, shop


def test_plan_without_mistakes_has_no_finding() -> None:
    assert lines(shop()) == []


def test_memcached_open_to_any_address_is_found() -> None:
    subject = shop(ingress=(FROM_API, rule(11211, cidr_blocks=["0.0.0.0/0"])))
    assert lines(subject) == [
        "warning: security_group.cache (shop-cache) allows tcp 11211 from 0.0.0.0/0: now shop-api in "
        "eu-west-3a and eu-west-3b can reach cache/0001 in eu-west-3a and cache/0002 in eu-west-3b, the "
        "internet cannot because cache/0001 has no public address; allow the security group of the clients "
        "instead [open-to-any-address]"
    ]


def server(port: int, *cidrs: str, **source: Any) -> list[dict[str, Any]]:
    """Return an interface with a public address in a public subnet, open to CIDR blocks."""
    return [
        group("web", ingress=[rule(port, cidr_blocks=list(cidrs), **source)], egress=[ALL_OUT]),
        resource(
            "aws_network_interface",
            "web",
            subnet_id=f"subnet.shop-public-{A}",
            security_groups=["security_group.web"],
            private_ips=["10.9.0.20"],
        ),
        resource("aws_eip", "web", network_interface="network_interface.web", public_ip="203.0.113.50"),
    ]


def test_port_that_the_internet_reaches_is_an_error() -> None:
    assert lines(shop(*server(22, "0.0.0.0/0")))[0] == (
        "error: security_group.web (shop-web) allows tcp 22 from 0.0.0.0/0: the internet reaches "
        "aws_network_interface.web in eu-west-3a; allow the security group of the clients instead "
        "[open-to-any-address]"
    )


@pytest.mark.parametrize(("port", "cidr"), [(443, "0.0.0.0/0"), (80, "0.0.0.0/0"), (22, "198.51.100.0/24")])
def test_web_ports_and_known_addresses_are_no_finding(port: int, cidr: str) -> None:
    assert lines(shop(*server(port, cidr))) == []


def test_open_group_of_functions_only_is_no_finding() -> None:
    open_group = group("api", ingress=[rule(22, cidr_blocks=["0.0.0.0/0"])], egress=[ALL_OUT])
    assert lines(shop(open_group)) == []


def test_open_group_with_members_outside_the_model_is_found() -> None:
    open_group = group("web", ingress=[rule(22, cidr_blocks=["0.0.0.0/0"])])
    instance = resource("aws_instance", "web", vpc_security_group_ids=["security_group.web"])
    assert lines(shop(open_group)) == []
    (line,) = lines(shop(open_group, instance))
    assert "its members are outside the model, perhaps aws_instance.web" in line


def test_group_that_names_itself_is_found_with_its_members() -> None:
    assert lines(shop(ingress=(FROM_API, rule(11211, self=True)))) == [
        "warning: security_group.cache (shop-cache) allows tcp 11211 from itself: now cache/0001 in "
        "eu-west-3a and cache/0002 in eu-west-3b can reach each other at tcp 11211; allow the security group "
        "of the clients instead [group-names-itself]"
    ]


def test_group_that_names_itself_without_egress_rules_is_a_note() -> None:
    (line,) = lines(shop(group("cache", ingress=[FROM_API, rule(11211, self=True)], egress=[])))
    assert line.startswith("note: security_group.cache (shop-cache) allows tcp 11211 from itself")
    assert "cannot reach each other, but only because no rule of security_group.cache allows it to" in line


def test_group_of_functions_that_names_itself_is_no_finding() -> None:
    group_of_functions = group("api", ingress=[rule(443, self=True)], egress=[ALL_OUT])
    assert lines(shop(group_of_functions, function("other", 2, "api"))) == []
