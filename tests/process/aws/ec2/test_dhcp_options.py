from __future__ import annotations

from typing import Any

import pytest

from tests.support.served.region import Region, error_code


@pytest.mark.parametrize(
    ("name", "domain"), [("us-east-1", "ec2.internal"), ("eu-west-1", "eu-west-1.compute.internal")]
)
def test_vpc_has_the_default_dhcp_options_of_its_region(region: Region, name: str, domain: str) -> None:
    ec2 = region.client("ec2", name)
    ids = {ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["DhcpOptionsId"] for n in (0, 1)}

    (options,) = ec2.describe_dhcp_options()["DhcpOptions"]
    values = {each["Key"]: each["Values"] for each in options["DhcpConfigurations"]}
    assert ids == {options["DhcpOptionsId"]}
    assert values["domain-name"] == [{"Value": domain}]
    assert values["domain-name-servers"] == [{"Value": "AmazonProvidedDNS"}]


def test_used_dhcp_options_are_kept(ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    options = ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name", "Values": ["a.example"]}])
    options_id = options["DhcpOptions"]["DhcpOptionsId"]
    ec2.associate_dhcp_options(DhcpOptionsId=options_id, VpcId=vpc)
    assert error_code(ec2.delete_dhcp_options, DhcpOptionsId=options_id) == "DependencyViolation"

    ec2.associate_dhcp_options(DhcpOptionsId="default", VpcId=vpc)
    ec2.delete_dhcp_options(DhcpOptionsId=options_id)
    assert ec2.describe_vpcs()["Vpcs"][0]["DhcpOptionsId"] == "default"


def test_deletion_of_a_vpc_keeps_its_dhcp_options(ec2: Any) -> None:
    vpcs = [ec2.create_vpc(CidrBlock=f"10.{number}.0.0/24")["Vpc"] for number in range(2)]
    own = ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name", "Values": ["example.com"]}])
    own_id = own["DhcpOptions"]["DhcpOptionsId"]
    ec2.associate_dhcp_options(DhcpOptionsId=own_id, VpcId=vpcs[1]["VpcId"])
    for vpc in vpcs:
        ec2.delete_vpc(VpcId=vpc["VpcId"])
    kept = {each["DhcpOptionsId"] for each in ec2.describe_dhcp_options()["DhcpOptions"]}
    assert {own_id, vpcs[0]["DhcpOptionsId"]} <= kept
    ec2.delete_dhcp_options(DhcpOptionsId=own_id)
