"""The names of ends: what each means, and what is no name."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from tests.support.terraform_documents import function, group, resource
from tests.unit.reach.test_terraform_network import ALL_OUT, rule, shop
from vpcache.errors import VpcacheError
from vpcache.lab.prover.ends import Attached
from vpcache.reach.ends import place
from vpcache.reach.network import Network


def labels(subject: Network, name: str) -> list[str]:
    return list(place(subject, name).labels)


API = ["shop-api in eu-west-3a", "shop-api in eu-west-3b"]
NODES = ["cache/0001", "cache/0002"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shop-api", API),
        ("api", API),
        ("cache", NODES),
        ("cache/0002", ["cache/0002"]),
        ("function", API),
        ("security_group.api", API),
        ("subnet.shop-private-eu-west-3b", ["shop-api in eu-west-3b", "cache/0002"]),
        ("10.9.100.0/24", ["shop-api in eu-west-3a", "cache/0001"]),
        ("internet", ["internet"]),
        ("192.0.2.0/24", ["192.0.2.0"]),
    ],
)
def test_name_means_its_ends(name: str, expected: list[str]) -> None:
    assert sorted(labels(shop(), name)) == sorted(expected)


def test_private_means_the_subnets_without_a_route_to_the_internet_gateway() -> None:
    found = labels(shop(), "private")
    assert {*API, *NODES} <= set(found)
    assert not any("nat" in label for label in found)


def test_block_that_contains_the_vpc_has_the_internet_too() -> None:
    found = labels(shop(), "0.0.0.0/0")
    assert {*API, *NODES, "0.0.0.0"} <= set(found)


def test_block_that_rules_divide_has_a_host_of_each_part() -> None:
    subject = shop(ingress=rule(11211, cidr_blocks=["198.51.100.128/25"]))
    assert labels(subject, "198.51.100.0/24") == ["198.51.100.0", "198.51.100.128"]


def test_service_means_the_hosts_behind_its_gateway_endpoint() -> None:
    endpoint = resource(
        "aws_vpc_endpoint",
        "s3",
        vpc_id="vpc.shop",
        service_name="com.amazonaws.eu-west-3.s3",
        vpc_endpoint_type="Gateway",
        route_table_ids=["route_table.shop-eu-west-3a"],
        cidr_blocks=["198.51.100.30/32"],
    )
    (end,) = place(shop(endpoint), "s3").ends
    assert str(end.address) == "198.51.100.30"


def test_gateway_that_is_asked_for_is_an_end() -> None:
    (end,) = place(shop(), "nat_gateway.shop-eu-west-3a").ends
    assert isinstance(end, Attached)
    assert end.public_address == IPv4Address("203.0.113.10")


def test_name_of_two_functions_is_ambiguous() -> None:
    subject = shop(group("other-api", egress=[ALL_OUT]), function("other-api", 1))
    with pytest.raises(VpcacheError, match="'api' is ambiguous: choose from shop-api, shop-other-api"):
        place(subject, "api")
