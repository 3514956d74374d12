from __future__ import annotations

from typing import Any

from tests.support.served.region import Network, error_code


def test_network_acl_has_aws_last_entries(ec2: Any, network: Network) -> None:
    created = ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]
    acls = ec2.describe_network_acls()["NetworkAcls"]

    entries = {
        each["NetworkAclId"]: [(e["RuleNumber"], e["RuleAction"], e["Egress"]) for e in each["Entries"]]
        for each in acls
    }
    last = [(32767, "deny", True), (32767, "deny", False)]
    assert entries.pop(created["NetworkAclId"]) == last
    assert list(entries.values()) == [[(100, "allow", True), (100, "allow", False), *last]]


def test_last_entry_of_a_network_acl_belongs_to_aws(ec2: Any, network: Network) -> None:
    acl = ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]["NetworkAclId"]
    entry = {"NetworkAclId": acl, "RuleNumber": 32767, "Egress": False}
    rule = {"Protocol": "-1", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}

    assert error_code(ec2.create_network_acl_entry, **entry, **rule) == "InvalidParameterValue"
    assert error_code(ec2.replace_network_acl_entry, **entry, **rule) == "InvalidParameterValue"
    assert error_code(ec2.delete_network_acl_entry, **entry) == "InvalidParameterValue"


def test_zones_have_their_group_and_opt_in_status(ec2: Any) -> None:
    zone = ec2.describe_availability_zones(ZoneNames=["us-east-1a"])["AvailabilityZones"][0]

    assert zone["GroupName"] == "us-east-1-zg-1"
    assert zone["GroupLongName"] == "US East (N. Virginia) 1"
    assert zone["NetworkBorderGroup"] == "us-east-1"
    assert zone["OptInStatus"] == "opt-in-not-required"


def test_route_tables_and_dhcp_options_have_all_members(ec2: Any, network: Network) -> None:
    for table in ec2.describe_route_tables()["RouteTables"]:
        assert table["PropagatingVgws"] == []
    options = ec2.create_dhcp_options(DhcpConfigurations=[{"Key": "domain-name", "Values": ["example.com"]}])
    assert options["DhcpOptions"]["OwnerId"] == "123456789012"


def test_new_vpc_is_pending_then_available(ec2: Any) -> None:
    assert ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["State"] == "pending"
    assert ec2.describe_vpcs()["Vpcs"][0]["State"] == "available"
