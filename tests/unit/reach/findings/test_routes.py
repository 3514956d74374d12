"""Routes that lead nowhere, elsewhere than the default route, or past an endpoint."""

from __future__ import annotations

from typing import Any

from tests.support.terraform_documents import resource
from tests.unit.reach.findings.shop_plans import A, B, internet_gateway, lines, nat, routes, shop
from vpcache.reach.findings.checks import findings


def test_route_to_a_removed_nat_gateway_is_found() -> None:
    assert lines(shop(routes(A, nat("gone")))) == [
        "error: 0.0.0.0/0 of route_table.shop-eu-west-3a (aws_route_table.shop-eu-west-3a) is a black hole, "
        "as after the removal of a NAT gateway: packets from shop-api in eu-west-3a to 0.0.0.0/0 are lost; "
        "lead the route to a target that exists, or remove it [black-hole-route]"
    ]


def test_black_hole_in_a_table_without_subnets_is_no_finding() -> None:
    assert lines(shop(routes("unused", nat("gone")))) == []


def test_more_specific_route_to_another_gateway_is_found() -> None:
    assert lines(shop(routes(A, nat(A), nat(B, "198.51.100.0/24")))) == [
        "warning: 198.51.100.0/24 of route_table.shop-eu-west-3a (aws_route_table.shop-eu-west-3a) leads to "
        "nat_gateway.shop-eu-west-3b (aws_nat_gateway.shop-eu-west-3b), not as 0.0.0.0/0 to "
        "nat_gateway.shop-eu-west-3a (aws_nat_gateway.shop-eu-west-3a): packets from shop-api in eu-west-3a "
        "to 198.51.100.0/24 leave as 203.0.113.11, and to other addresses leave as 203.0.113.10; remove the "
        "more specific route, or lead it to nat_gateway.shop-eu-west-3a (aws_nat_gateway.shop-eu-west-3a) "
        "[overlapping-route]"
    ]


def test_more_specific_route_that_loses_packets_is_an_error() -> None:
    (line,) = lines(shop(routes(A, nat(A), internet_gateway("198.51.100.0/24"))))
    assert line.startswith("error: 198.51.100.0/24 of route_table.shop-eu-west-3a")
    assert "are lost, because 198.51.100.0/24 of route_table.shop-eu-west-3a leads to" in line


def test_more_specific_route_to_the_same_gateway_is_no_finding() -> None:
    assert lines(shop(routes(A, nat(A), nat(A, "198.51.100.0/24")))) == []


def test_route_that_narrower_routes_hide_is_no_finding() -> None:
    halves = [nat(A, "198.51.100.0/25"), nat(A, "198.51.100.128/25")]
    assert lines(shop(routes(A, nat(A), nat(B, "198.51.100.0/24"), *halves))) == []


def endpoint(*tables: str, cidrs: tuple[str, ...] = ("198.51.100.30/32",)) -> dict[str, Any]:
    return resource(
        "aws_vpc_endpoint",
        "s3",
        vpc_id="vpc.shop",
        service_name="com.amazonaws.eu-west-3.s3",
        vpc_endpoint_type="Gateway",
        route_table_ids=[f"route_table.shop-{each}" for each in tables],
        cidr_blocks=list(cidrs),
    )


def test_gateway_endpoint_in_no_route_table_is_found() -> None:
    assert lines(shop(endpoint())) == [
        "warning: vpc_endpoint.s3 (aws_vpc_endpoint.s3) is in no route table, so no packet to s3 passes "
        "through it; associate it with the route tables of the subnets that use the service "
        "[gateway-endpoint-without-route]"
    ]


def test_gateway_endpoint_missing_in_one_zone_is_found() -> None:
    assert lines(shop(endpoint(A))) == [
        "warning: vpc_endpoint.s3 (aws_vpc_endpoint.s3) is not in route_table.shop-eu-west-3b "
        "(aws_route_table.shop-eu-west-3b), while other subnets use it: packets from shop-api in eu-west-3b "
        "to s3 do not pass through it; associate it with the route tables of all subnets with functions "
        "[gateway-endpoint-without-route]"
    ]


def test_gateway_endpoint_in_all_tables_is_no_finding() -> None:
    assert lines(shop(endpoint(A, B))) == []
    assert lines(shop(endpoint(A, B, cidrs=()))) == []  # unknown before the apply


def test_endpoint_associated_by_resources_is_no_finding() -> None:
    associations = [
        resource(
            "aws_vpc_endpoint_route_table_association",
            zone,
            vpc_endpoint_id="vpc_endpoint.s3",
            route_table_id=f"route_table.shop-{zone}",
        )
        for zone in (A, B)
    ]
    assert lines(shop(endpoint(), *associations)) == []
    assert [each.rule for each in findings(shop(endpoint(), *associations[:1]))] == [
        "gateway-endpoint-without-route"
    ]
