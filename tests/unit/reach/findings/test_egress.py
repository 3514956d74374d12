"""Subnets whose way to the internet fails, depends on another zone, or is about to change."""

from __future__ import annotations

from typing import Any

from tests.support.terraform_documents import resource
from tests.unit.reach.findings.shop_plans import A, B, internet_gateway, lines, nat, routes, shop
from vpcache.reach.findings.checks import change_findings


def test_private_subnet_on_the_internet_gateway_is_found() -> None:
    assert lines(shop(routes(A, internet_gateway()))) == [
        "error: 0.0.0.0/0 of route_table.shop-eu-west-3a (aws_route_table.shop-eu-west-3a) leads to "
        "internet_gateway.shop (aws_internet_gateway.shop), which drops the packets from shop-api in "
        "eu-west-3a for lack of a public address; lead the route to a NAT gateway in a public subnet "
        "[internet-gateway-without-public-address]"
    ]


def test_two_zones_on_one_nat_gateway_are_found() -> None:
    assert lines(shop(routes(B, nat(A)))) == [
        "warning: nat_gateway.shop-eu-west-3a (aws_nat_gateway.shop-eu-west-3a) in eu-west-3a is the way out "
        "of eu-west-3b, too: an outage of eu-west-3a takes that of eu-west-3b along; create a NAT gateway "
        "and a route table in each zone [shared-nat-gateway]"
    ]


def test_function_without_a_way_out_is_found() -> None:
    assert lines(shop(routes(A))) == [
        "warning: no way out of the VPC for shop-api in eu-west-3a, because route_table.shop-eu-west-3a has "
        "no route to 192.0.2.1: within reach are neither the internet nor AWS's services; route the subnet "
        "to a NAT gateway in a public subnet, or create endpoints for the services that the functions call "
        "[function-without-way-out]"
    ]


def gateway(subnet: str) -> dict[str, Any]:
    """Return the NAT gateway of the first zone in another subnet."""
    return resource(
        "aws_nat_gateway", f"shop-{A}", subnet_id=f"subnet.shop-{subnet}", allocation_id=f"eip.shop-{A}"
    )


def test_nat_gateway_in_a_private_subnet_is_no_way_out() -> None:
    found = lines(shop(gateway(f"private-{A}")))
    assert found[0].startswith("warning: no way out of the VPC for shop-api in eu-west-3a, because ")


def test_isolated_function_with_endpoints_is_a_note() -> None:
    endpoint = resource(
        "aws_vpc_endpoint",
        "secrets",
        vpc_id="vpc.shop",
        service_name="com.amazonaws.eu-west-3.secretsmanager",
        vpc_endpoint_type="Interface",
        subnet_ids=[f"subnet.shop-private-{A}"],
    )
    (line,) = lines(shop(routes(A), endpoint))
    assert line.startswith("note: no way out of the VPC for shop-api in eu-west-3a")
    assert "within reach are only com.amazonaws.eu-west-3.secretsmanager" in line


def test_elastic_ip_that_a_plan_does_not_know_is_no_finding() -> None:
    assert lines(shop(resource("aws_eip", f"shop-{A}"))) == []


def test_egress_address_about_to_change_is_found() -> None:
    other = resource("aws_eip", f"shop-{A}", public_ip="203.0.113.99")
    assert lines(change_findings(shop(), shop(other))) == [
        "warning: eu-west-3a will leave by 203.0.113.99 instead of 203.0.113.10: servers that allow "
        "203.0.113.10 only refuse it; keep the elastic IP, or announce the new address "
        "[egress-address-changes]"
    ]


def test_egress_address_that_the_apply_decides_is_found() -> None:
    (line,) = lines(change_findings(shop(), shop(resource("aws_eip", f"shop-{A}"))))
    assert "will leave by the address of aws_eip.shop-eu-west-3a, known after the apply" in line


def test_zone_that_loses_its_way_out_is_an_error() -> None:
    (line,) = lines(change_findings(shop(), shop(routes(A))))
    assert line.startswith("error: eu-west-3a loses 203.0.113.10 and its way to the internet")


def test_change_that_keeps_or_adds_addresses_is_no_finding() -> None:
    assert change_findings(shop(), shop()) == ()
    assert change_findings(shop(routes(A)), shop()) == ()
