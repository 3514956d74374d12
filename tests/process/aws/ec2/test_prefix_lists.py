from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pytest

from tests.support.served.region import Network, Region, error_code
from vpcache.lab.topology import Route, RouteTarget


@pytest.fixture
def prefix_list(ec2: Any) -> str:
    """A prefix list with one entry and room for two."""
    made = ec2.create_managed_prefix_list(
        PrefixListName="office",
        AddressFamily="IPv4",
        MaxEntries=2,
        Entries=[{"Cidr": "198.51.100.0/25", "Description": "first"}],
    )
    return str(made["PrefixList"]["PrefixListId"])


@pytest.fixture
def table(ec2: Any, network: Network) -> str:
    """A route table without routes."""
    return str(ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"])


def entries(ec2: Any, prefix_list: str) -> list[dict[str, str]]:
    return list(ec2.get_managed_prefix_list_entries(PrefixListId=prefix_list)["Entries"])


def described_route(ec2: Any, table: str, prefix_list: str) -> dict[str, Any]:
    (described,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    (route,) = [each for each in described["Routes"] if each.get("DestinationPrefixListId") == prefix_list]
    return dict(route)


def laid_routes(region: Region, table: str) -> tuple[Route, ...]:
    (vpc,) = region.reconciled[-1].vpcs
    return next(each.routes for each in vpc.route_tables if each.id == table)


def test_prefix_list_keeps_what_a_change_does_not_name(ec2: Any, prefix_list: str) -> None:
    ec2.modify_managed_prefix_list(
        PrefixListId=prefix_list, CurrentVersion=1, AddEntries=[{"Cidr": "10.9.0.0/16"}]
    )
    ec2.modify_managed_prefix_list(PrefixListId=prefix_list, MaxEntries=5)

    (described,) = ec2.describe_managed_prefix_lists(PrefixListIds=[prefix_list])["PrefixLists"]
    assert [described[name] for name in ("PrefixListName", "MaxEntries", "Version")] == ["office", 5, 2]
    assert {each["Cidr"] for each in entries(ec2, prefix_list)} == {"198.51.100.0/25", "10.9.0.0/16"}


def test_added_prefix_replaces_its_description(ec2: Any, prefix_list: str) -> None:
    entry = {"Cidr": "198.51.100.0/25", "Description": "second"}
    ec2.modify_managed_prefix_list(PrefixListId=prefix_list, CurrentVersion=1, AddEntries=[entry])

    assert entries(ec2, prefix_list) == [entry]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"CurrentVersion": 7, "AddEntries": [{"Cidr": "10.0.0.0/8"}]}, "PrefixListVersionMismatch"),
        ({"AddEntries": [{"Cidr": f"10.{n}.0.0/16"} for n in (1, 2)]}, "PrefixListMaxEntriesExceeded"),
    ],
)
def test_invalid_change_of_a_prefix_list_is_rejected(
    ec2: Any, prefix_list: str, change: dict[str, Any], code: str
) -> None:
    assert error_code(ec2.modify_managed_prefix_list, PrefixListId=prefix_list, **change) == code
    assert [each["Cidr"] for each in entries(ec2, prefix_list)] == ["198.51.100.0/25"]


def test_route_to_a_prefix_list_is_laid_for_each_entry(
    ec2: Any, region: Region, network: Network, prefix_list: str, table: str
) -> None:
    ec2.create_route(
        RouteTableId=table, DestinationPrefixListId=prefix_list, GatewayId=network.internet_gateway
    )
    first = Route(IPv4Network("198.51.100.0/25"), RouteTarget.INTERNET_GATEWAY)
    assert described_route(ec2, table, prefix_list)["State"] == "active"
    assert laid_routes(region, table) == (first,)

    ec2.modify_managed_prefix_list(
        PrefixListId=prefix_list, CurrentVersion=1, AddEntries=[{"Cidr": "203.0.113.0/24"}]
    )
    second = Route(IPv4Network("203.0.113.0/24"), RouteTarget.INTERNET_GATEWAY)
    assert laid_routes(region, table) == (first, second)

    ec2.delete_route(RouteTableId=table, DestinationPrefixListId=prefix_list)
    assert laid_routes(region, table) == ()


def test_emptied_prefix_list_has_no_routes(
    ec2: Any, region: Region, network: Network, prefix_list: str, table: str
) -> None:
    ec2.create_route(
        RouteTableId=table, DestinationPrefixListId=prefix_list, GatewayId=network.internet_gateway
    )
    ec2.modify_managed_prefix_list(PrefixListId=prefix_list, RemoveEntries=[{"Cidr": "198.51.100.0/25"}])

    assert laid_routes(region, table) == ()


def test_route_to_a_prefix_list_changes_its_target(
    ec2: Any, region: Region, network: Network, prefix_list: str, table: str
) -> None:
    interface = ec2.create_network_interface(SubnetId=network.public["us-east-1a"])["NetworkInterface"]
    target = {"NetworkInterfaceId": interface["NetworkInterfaceId"]}
    ec2.create_route(
        RouteTableId=table, DestinationPrefixListId=prefix_list, GatewayId=network.internet_gateway
    )
    ec2.replace_route(RouteTableId=table, DestinationPrefixListId=prefix_list, **target)

    (route,) = laid_routes(region, table)
    assert (route.target, route.interface_id) == (RouteTarget.INTERFACE, interface["NetworkInterfaceId"])
    ec2.delete_network_interface(**target)
    assert described_route(ec2, table, prefix_list)["State"] == "blackhole"


def test_route_to_a_cidr_block_precedes_one_to_a_prefix_list(
    ec2: Any, region: Region, network: Network, prefix_list: str, table: str
) -> None:
    interface = ec2.create_network_interface(SubnetId=network.public["us-east-1a"])["NetworkInterface"]
    ec2.create_route(
        RouteTableId=table,
        DestinationCidrBlock="198.51.100.0/25",
        NetworkInterfaceId=interface["NetworkInterfaceId"],
    )
    ec2.create_route(
        RouteTableId=table, DestinationPrefixListId=prefix_list, GatewayId=network.internet_gateway
    )

    (route,) = laid_routes(region, table)
    assert route.target is RouteTarget.INTERFACE


def test_route_to_an_unknown_prefix_list_is_rejected(ec2: Any, network: Network, table: str) -> None:
    code = error_code(
        ec2.create_route,
        RouteTableId=table,
        DestinationPrefixListId="pl-0123456789abcdef0",
        GatewayId=network.internet_gateway,
    )
    assert code == "InvalidPrefixListID.NotFound"


def test_service_is_described_with_the_cidr_blocks_of_its_prefix_list(ec2: Any) -> None:
    (described,) = ec2.describe_prefix_lists(
        Filters=[{"Name": "prefix-list-name", "Values": ["com.amazonaws.us-east-1.s3"]}]
    )["PrefixLists"]

    assert described["Cidrs"] == [each["Cidr"] for each in entries(ec2, described["PrefixListId"])]
    assert described["Cidrs"] == ["198.51.100.30/32"]
