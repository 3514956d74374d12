from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

import pytest

from tests.support.served.region import Network, Region, api_error, error_code

PRIMARY, SECONDARY = "10.0.0.140", "10.0.0.141"


@pytest.fixture
def interface(ec2: Any, network: Network) -> str:
    """An interface with a secondary address."""
    response = ec2.create_network_interface(
        SubnetId=network.private["us-east-1a"],
        PrivateIpAddresses=[
            {"PrivateIpAddress": PRIMARY, "Primary": True},
            {"PrivateIpAddress": SECONDARY, "Primary": False},
        ],
    )
    return str(response["NetworkInterface"]["NetworkInterfaceId"])


@pytest.fixture
def other(ec2: Any, network: Network) -> str:
    """Another interface of the same subnet."""
    response = ec2.create_network_interface(SubnetId=network.private["us-east-1a"])
    return str(response["NetworkInterface"]["NetworkInterfaceId"])


def allocate(ec2: Any) -> str:
    return str(ec2.allocate_address(Domain="vpc")["AllocationId"])


def addresses_of(ec2: Any, interface: str) -> dict[str, str]:
    """Return an interface's private addresses with the allocation IDs of their elastic IPs."""
    (described,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"]
    return {
        each["PrivateIpAddress"]: each.get("Association", {}).get("AllocationId", "")
        for each in described["PrivateIpAddresses"]
    }


def test_elastic_ips_are_associated_with_the_named_address(ec2: Any, region: Region, interface: str) -> None:
    first, second = allocate(ec2), allocate(ec2)
    ec2.associate_address(AllocationId=first, NetworkInterfaceId=interface, PrivateIpAddress=SECONDARY)
    ec2.associate_address(AllocationId=second, NetworkInterfaceId=interface)

    assert addresses_of(ec2, interface) == {PRIMARY: second, SECONDARY: first}
    described = {each["AllocationId"]: each for each in ec2.describe_addresses()["Addresses"]}
    assert described[first]["PrivateIpAddress"] == SECONDARY
    assert described[second]["PrivateIpAddress"] == PRIMARY
    (planned,) = (each for vpc in region.reconciled[-1].vpcs for each in vpc.interfaces)
    assert planned.secondary_elastic_ips == (
        (IPv4Address(SECONDARY), IPv4Address(described[first]["PublicIp"])),
    )


def test_elastic_ip_of_an_address_not_on_the_interface_is_rejected(ec2: Any, interface: str) -> None:
    error = api_error(
        ec2.associate_address,
        AllocationId=allocate(ec2),
        NetworkInterfaceId=interface,
        PrivateIpAddress="10.0.0.150",
    )

    assert error.code == "InvalidParameterValue"
    assert "10.0.0.150" in error.message


def test_second_elastic_ip_of_one_address_needs_reassociation(ec2: Any, interface: str) -> None:
    first, second = allocate(ec2), allocate(ec2)
    target = {"NetworkInterfaceId": interface, "PrivateIpAddress": SECONDARY}
    ec2.associate_address(AllocationId=first, **target)

    code = error_code(ec2.associate_address, AllocationId=second, **target)
    ec2.associate_address(AllocationId=second, AllowReassociation=True, **target)

    assert code == "Resource.AlreadyAssociated"
    assert addresses_of(ec2, interface)[SECONDARY] == second


def test_assign_answers_the_assigned_addresses_only(ec2: Any, interface: str) -> None:
    named = ec2.assign_private_ip_addresses(NetworkInterfaceId=interface, PrivateIpAddresses=["10.0.0.160"])
    chosen = ec2.assign_private_ip_addresses(NetworkInterfaceId=interface, SecondaryPrivateIpAddressCount=1)

    assert named["AssignedPrivateIpAddresses"] == [{"PrivateIpAddress": "10.0.0.160"}]
    (address,) = chosen["AssignedPrivateIpAddresses"]
    assert list(addresses_of(ec2, interface))[-1] == address["PrivateIpAddress"]


def test_reassignment_moves_an_address_with_its_elastic_ip(ec2: Any, interface: str, other: str) -> None:
    allocation = allocate(ec2)
    ec2.associate_address(AllocationId=allocation, NetworkInterfaceId=interface, PrivateIpAddress=SECONDARY)
    request = {"NetworkInterfaceId": other, "PrivateIpAddresses": [SECONDARY]}

    code = error_code(ec2.assign_private_ip_addresses, **request)
    ec2.assign_private_ip_addresses(**request, AllowReassignment=True)

    assert code == "InvalidIPAddress.InUse"
    assert list(addresses_of(ec2, interface)) == [PRIMARY]
    assert addresses_of(ec2, other)[SECONDARY] == allocation
    (described,) = ec2.describe_addresses()["Addresses"]
    assert described["NetworkInterfaceId"] == other


def test_primary_address_is_not_reassigned(ec2: Any, interface: str, other: str) -> None:
    code = error_code(
        ec2.assign_private_ip_addresses,
        NetworkInterfaceId=other,
        PrivateIpAddresses=[PRIMARY],
        AllowReassignment=True,
    )

    assert code == "InvalidIPAddress.InUse"


def test_unassign_disassociates_and_rejects_absent_addresses(ec2: Any, interface: str) -> None:
    ec2.associate_address(
        AllocationId=allocate(ec2), NetworkInterfaceId=interface, PrivateIpAddress=SECONDARY
    )
    request = {"NetworkInterfaceId": interface, "PrivateIpAddresses": [SECONDARY]}
    ec2.unassign_private_ip_addresses(**request)

    assert "AssociationId" not in ec2.describe_addresses()["Addresses"][0]
    assert SECONDARY in api_error(ec2.unassign_private_ip_addresses, **request).message


def test_nat_gateway_has_the_requested_private_address(ec2: Any, network: Network) -> None:
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    request = {"SubnetId": network.public["us-east-1a"], "AllocationId": allocation}
    assert (
        error_code(ec2.create_nat_gateway, **request, PrivateIpAddress="10.0.0.3") == "InvalidParameterValue"
    )
    assert ec2.describe_nat_gateways()["NatGateways"] == []

    gateway = ec2.create_nat_gateway(**request, PrivateIpAddress="10.0.0.20")["NatGateway"]
    assert [each["PrivateIp"] for each in gateway["NatGatewayAddresses"]] == ["10.0.0.20"]
