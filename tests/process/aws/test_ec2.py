from __future__ import annotations

from typing import Any

import pytest

from tests.support.served.region import ZONES, Network, Region, api_error, error_code, unique
from vpcache.lab.settings import LabSettings


def nat_gateway(ec2: Any, subnet: str) -> tuple[dict[str, Any], str]:
    allocation = ec2.allocate_address(Domain="vpc")["AllocationId"]
    gateway = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=allocation)["NatGateway"]
    return gateway, allocation


def test_region_has_no_default_vpc(ec2: Any) -> None:
    assert ec2.describe_vpcs()["Vpcs"] == []
    assert error_code(ec2.create_security_group, GroupName="a", Description="a") == "VPCIdNotSpecified"


def test_nat_gateway_has_interface_in_its_subnet(ec2: Any, network: Network) -> None:
    gateway, allocation = nat_gateway(ec2, network.public["us-east-1b"])

    (address,) = ec2.describe_nat_gateways(NatGatewayIds=[gateway["NatGatewayId"]])["NatGateways"][0][
        "NatGatewayAddresses"
    ]
    interfaces = ec2.describe_network_interfaces(NetworkInterfaceIds=[address["NetworkInterfaceId"]])
    (interface,) = interfaces["NetworkInterfaces"]
    (elastic_ip,) = ec2.describe_addresses(AllocationIds=[allocation])["Addresses"]
    assert address["PrivateIp"] == interface["PrivateIpAddress"] == "10.0.0.68"
    assert address["PublicIp"] == elastic_ip["PublicIp"] == interface["Association"]["PublicIp"]
    assert interface["InterfaceType"] == "nat_gateway"
    assert interface["RequesterManaged"] is True
    assert interface["Description"] == f"Interface for NAT Gateway {gateway['NatGatewayId']}"
    assert interface["Groups"] == []


def test_nat_gateway_deletion_frees_elastic_ip_and_subnet(ec2: Any, network: Network) -> None:
    gateway, allocation = nat_gateway(ec2, network.public["us-east-1a"])

    ec2.delete_nat_gateway(NatGatewayId=gateway["NatGatewayId"])

    (deleted,) = ec2.describe_nat_gateways()["NatGateways"]
    assert deleted["State"] == "deleted"
    assert "AssociationId" not in ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]
    ec2.release_address(AllocationId=allocation)
    ec2.delete_subnet(SubnetId=network.public["us-east-1a"])


def test_public_nat_gateway_fails_without_internet_gateway(ec2: Any, network: Network) -> None:
    ec2.detach_internet_gateway(InternetGatewayId=network.internet_gateway, VpcId=network.vpc)

    gateway, allocation = nat_gateway(ec2, network.public["us-east-1a"])

    assert (gateway["State"], gateway["FailureCode"]) == ("failed", "Gateway.NotAttached")
    ec2.release_address(AllocationId=allocation)


def test_nat_gateway_shows_transitional_states(region: Region, ec2: Any, network: Network) -> None:
    region.settings = LabSettings(transition_ms=60_000)

    def state() -> str:
        return str(ec2.describe_nat_gateways()["NatGateways"][0]["State"])

    gateway, _ = nat_gateway(ec2, network.public["us-east-1a"])
    assert gateway["State"] == state() == "pending"

    ec2.delete_nat_gateway(NatGatewayId=gateway["NatGatewayId"])
    assert state() == "deleting"


def test_elastic_ips_have_quota(region: Region, ec2: Any) -> None:
    region.settings = LabSettings(elastic_ips=2)
    first, _ = (ec2.allocate_address(Domain="vpc") for _ in range(2))

    assert error_code(ec2.allocate_address, Domain="vpc") == "AddressLimitExceeded"

    ec2.release_address(AllocationId=first["AllocationId"])
    ec2.allocate_address(Domain="vpc")


def test_elastic_ip_is_lowest_free_documentation_address(ec2: Any) -> None:
    first, second = (ec2.allocate_address(Domain="vpc") for _ in range(2))
    assert (first["PublicIp"], second["PublicIp"]) == ("203.0.113.10", "203.0.113.11")

    ec2.release_address(AllocationId=first["AllocationId"])

    assert ec2.allocate_address(Domain="vpc")["PublicIp"] == "203.0.113.10"


def test_resources_in_use_cannot_be_deleted(ec2: Any, network: Network) -> None:
    gateway, allocation = nat_gateway(ec2, network.public["us-east-1a"])
    association = ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]["AssociationId"]
    used, referenced, free = (
        ec2.create_security_group(GroupName=name, Description=name, VpcId=network.vpc)["GroupId"]
        for name in ("used", "referenced", "free")
    )
    ec2.authorize_security_group_ingress(
        GroupId=used,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 11211,
                "ToPort": 11211,
                "UserIdGroupPairs": [{"GroupId": referenced}],
            }
        ],
    )
    interface = ec2.create_network_interface(SubnetId=network.private["us-east-1a"], Groups=[used])[
        "NetworkInterface"
    ]["NetworkInterfaceId"]
    nat_interface = gateway["NatGatewayAddresses"][0]["NetworkInterfaceId"]

    assert error_code(ec2.delete_vpc, VpcId=network.vpc) == "DependencyViolation"
    for zone in ("public", "private"):
        subnet = getattr(network, zone)["us-east-1a"]
        assert error_code(ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
    assert error_code(ec2.delete_security_group, GroupId=used) == "DependencyViolation"
    assert error_code(ec2.delete_security_group, GroupId=referenced) == "DependencyViolation"
    assert error_code(ec2.release_address, AllocationId=allocation) == "InvalidIPAddress.InUse"
    assert error_code(ec2.disassociate_address, AssociationId=association) == "AuthFailure"
    detach = {"InternetGatewayId": network.internet_gateway, "VpcId": network.vpc}
    assert error_code(ec2.detach_internet_gateway, **detach) == "DependencyViolation"
    assert (
        error_code(ec2.delete_network_interface, NetworkInterfaceId=nat_interface) == "OperationNotPermitted"
    )

    ec2.delete_security_group(GroupId=free)
    ec2.delete_nat_gateway(NatGatewayId=gateway["NatGatewayId"])
    ec2.release_address(AllocationId=allocation)
    ec2.detach_internet_gateway(**detach)
    ec2.delete_internet_gateway(InternetGatewayId=network.internet_gateway)
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    ec2.delete_security_group(GroupId=used)
    ec2.delete_security_group(GroupId=referenced)
    for zone in ZONES:
        ec2.delete_subnet(SubnetId=network.public[zone])
        ec2.delete_subnet(SubnetId=network.private[zone])
    ec2.delete_vpc(VpcId=network.vpc)

    for leftovers in (
        ec2.describe_vpcs()["Vpcs"],
        ec2.describe_subnets()["Subnets"],
        ec2.describe_network_interfaces()["NetworkInterfaces"],
        ec2.describe_addresses()["Addresses"],
        ec2.describe_security_groups()["SecurityGroups"],
        ec2.describe_route_tables()["RouteTables"],
        ec2.describe_network_acls()["NetworkAcls"],
        ec2.describe_internet_gateways()["InternetGateways"],
    ):
        assert leftovers == []


def test_subnet_deletion_removes_route_table_association(ec2: Any, network: Network) -> None:
    table = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=network.private["us-east-1a"])

    ec2.delete_subnet(SubnetId=network.private["us-east-1a"])

    ec2.delete_route_table(RouteTableId=table)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("10.0.0.4", "InvalidIPAddress.InUse"),
        ("10.0.0.3", "InvalidParameterValue"),  # one of the first four, which AWS reserves
        ("10.0.0.63", "InvalidParameterValue"),  # the last one, also reserved
        ("10.0.0.68", "InvalidParameterValue"),  # of another subnet
    ],
)
def test_interface_rejects_unavailable_address(ec2: Any, network: Network, address: str, code: str) -> None:
    subnet = network.public["us-east-1a"]
    first = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
    assert first["PrivateIpAddress"] == "10.0.0.4"

    assert error_code(ec2.create_network_interface, SubnetId=subnet, PrivateIpAddress=address) == code


def test_full_subnet_rejects_interfaces(ec2: Any, network: Network) -> None:
    subnet = ec2.create_vpc(CidrBlock="10.1.0.0/28")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=subnet, CidrBlock="10.1.0.0/28")["Subnet"]["SubnetId"]
    ec2.create_network_interface(SubnetId=subnet, SecondaryPrivateIpAddressCount=10)

    assert error_code(ec2.create_network_interface, SubnetId=subnet) == "InsufficientFreeAddressesInSubnet"


def test_interface_rejects_security_group_of_other_vpc(ec2: Any, network: Network) -> None:
    other = ec2.create_vpc(CidrBlock="10.1.0.0/24")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="other", Description="other", VpcId=other)["GroupId"]
    subnet = network.private["us-east-1a"]

    assert error_code(ec2.create_network_interface, SubnetId=subnet, Groups=[group]) == "InvalidParameter"
    assert (
        error_code(ec2.create_network_interface, SubnetId=subnet, Groups=["sg-0123456789abcdef0"])
        == "InvalidGroup.NotFound"
    )


def test_group_peer_rule_has_description_and_is_modified_in_place(ec2: Any, network: Network) -> None:
    group, peer = (
        ec2.create_security_group(GroupName=name, Description=name, VpcId=network.vpc)["GroupId"]
        for name in ("group", "peer")
    )
    response = ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 80,
                "ToPort": 80,
                "UserIdGroupPairs": [{"GroupId": peer, "Description": "from the peer"}],
            }
        ],
    )
    rule_id = response["SecurityGroupRules"][0]["SecurityGroupRuleId"]

    def describe() -> Any:
        return ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule_id])["SecurityGroupRules"][0]

    assert describe()["Description"] == "from the peer"
    change = {"IpProtocol": "tcp", "FromPort": 81, "ToPort": 82, "ReferencedGroupId": group}
    ec2.modify_security_group_rules(
        GroupId=group, SecurityGroupRules=[{"SecurityGroupRuleId": rule_id, "SecurityGroupRule": change}]
    )

    rule = describe()
    assert (rule["FromPort"], rule["ToPort"], rule["ReferencedGroupInfo"]["GroupId"]) == (81, 82, group)
    assert "Description" not in rule


def test_subnets_do_not_map_public_addresses(ec2: Any, network: Network) -> None:
    assert {each["MapPublicIpOnLaunch"] for each in ec2.describe_subnets()["Subnets"]} == {False}


def test_route_requires_existing_nat_gateway(ec2: Any, network: Network) -> None:
    table = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]

    assert (
        error_code(
            ec2.create_route,
            RouteTableId=table,
            DestinationCidrBlock="0.0.0.0/0",
            NatGatewayId="nat-0123456789abcdef0",
        )
        == "NatGatewayNotFound"
    )


def route_tables(ec2: Any, *filters: tuple[str, str]) -> list[dict[str, Any]]:
    parameters = [{"Name": name, "Values": [value]} for name, value in filters]
    return list(ec2.describe_route_tables(Filters=parameters)["RouteTables"])


def test_main_route_table_cannot_be_deleted(ec2: Any, network: Network) -> None:
    (main,) = route_tables(ec2, ("association.main", "true"))
    (association,) = main["Associations"]

    assert error_code(ec2.delete_route_table, RouteTableId=main["RouteTableId"]) == "DependencyViolation"
    assert (
        error_code(ec2.disassociate_route_table, AssociationId=association["RouteTableAssociationId"])
        == "InvalidParameterValue"
    )


def test_subnet_has_one_route_table_of_its_vpc(ec2: Any, network: Network) -> None:
    other_vpc = ec2.create_vpc(CidrBlock="10.1.0.0/24")["Vpc"]["VpcId"]
    first, second, foreign = (
        ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        for vpc in (network.vpc, network.vpc, other_vpc)
    )
    subnet = network.private["us-east-1a"]
    associate = ec2.associate_route_table

    assert error_code(associate, RouteTableId=foreign, SubnetId=subnet) == "InvalidParameterValue"
    association = associate(RouteTableId=first, SubnetId=subnet)["AssociationId"]
    assert associate(RouteTableId=first, SubnetId=subnet)["AssociationId"] == association
    assert error_code(associate, RouteTableId=second, SubnetId=subnet) == "Resource.AlreadyAssociated"
    assert error_code(ec2.delete_route_table, RouteTableId=first) == "DependencyViolation"

    ec2.disassociate_route_table(AssociationId=association)
    associate(RouteTableId=second, SubnetId=subnet)
    ec2.delete_route_table(RouteTableId=first)


def test_local_route_cannot_be_deleted(ec2: Any, network: Network) -> None:
    (main,) = route_tables(ec2, ("association.main", "true"))
    table = {"RouteTableId": main["RouteTableId"]}
    ec2.create_route(**table, DestinationCidrBlock="0.0.0.0/0", GatewayId=network.internet_gateway)

    unknown = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-0123456789abcdef0"}
    assert error_code(ec2.replace_route, **table, **unknown) == "NatGatewayNotFound"
    gateway, _ = nat_gateway(ec2, network.public["us-east-1a"])
    ec2.replace_route(**table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway["NatGatewayId"])
    local = {"DestinationCidrBlock": "10.0.0.0/24"}
    assert error_code(ec2.delete_route, **table, **local) == "InvalidParameterValue"

    ec2.delete_route(**table, DestinationCidrBlock="0.0.0.0/0")


def test_route_without_target_is_described_as_blackhole(ec2: Any, network: Network) -> None:
    (main,) = route_tables(ec2, ("association.main", "true"))
    table = {"RouteTableId": main["RouteTableId"]}
    gateway, _ = nat_gateway(ec2, network.public["us-east-1a"])
    ec2.create_route(**table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway["NatGatewayId"])
    ec2.create_route(**table, DestinationCidrBlock="8.0.0.0/8", GatewayId=network.internet_gateway)

    def states() -> dict[str, str]:
        (table,) = route_tables(ec2, ("association.main", "true"))
        return {route["DestinationCidrBlock"]: route["State"] for route in table["Routes"]}

    all_active = {"10.0.0.0/24": "active", "0.0.0.0/0": "active", "8.0.0.0/8": "active"}
    assert states() == all_active
    ec2.delete_nat_gateway(NatGatewayId=gateway["NatGatewayId"])
    assert states() == all_active | {"0.0.0.0/0": "blackhole"}
    ec2.replace_route(**table, DestinationCidrBlock="0.0.0.0/0", GatewayId=network.internet_gateway)
    assert states() == all_active


def test_vpc_has_one_internet_gateway(ec2: Any, network: Network) -> None:
    second = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]

    assert (
        error_code(ec2.attach_internet_gateway, InternetGatewayId=second, VpcId=network.vpc)
        == "InvalidParameterValue"
    )


def test_vpc_deletion_requires_no_endpoints_and_acls(ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/24")["Vpc"]["VpcId"]
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3")["VpcEndpoint"]

    assert error_code(ec2.delete_vpc, VpcId=vpc) == "DependencyViolation"
    ec2.delete_network_acl(NetworkAclId=acl)
    assert error_code(ec2.delete_vpc, VpcId=vpc) == "DependencyViolation"
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
    ec2.delete_vpc(VpcId=vpc)


def test_rule_rejects_descending_port_range(ec2: Any, network: Network) -> None:
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=network.vpc)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 9, "ToPort": 1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}

    call = ec2.authorize_security_group_ingress
    assert error_code(call, GroupId=group, IpPermissions=[rule]) == "InvalidParameterValue"


def test_unknown_nat_gateway_is_not_found(ec2: Any) -> None:
    assert (
        error_code(ec2.describe_nat_gateways, NatGatewayIds=["nat-0123456789abcdef0"]) == "NatGatewayNotFound"
    )


def test_flow_logs_are_delivered_to_a_folder(region: Region, ec2: Any, network: Network) -> None:
    bucket = unique("flow-logs")
    region.client("s3").create_bucket(Bucket=bucket)

    def create(destination: str, **arguments: Any) -> Any:
        return ec2.create_flow_logs(
            ResourceIds=[network.vpc],
            ResourceType="VPC",
            TrafficType="ALL",
            LogDestinationType="s3",
            LogDestination=f"arn:aws:s3:::{destination}",
            **arguments,
        )

    plain, folder = create(bucket), create(f"{bucket}/subfolder/", ClientToken="token")
    missing = create("no-such-bucket/subfolder/")

    assert plain["ClientToken"] and folder["ClientToken"] == "token"
    assert plain["Unsuccessful"] == folder["Unsuccessful"] == []
    assert "does not exist" in missing["Unsuccessful"][0]["Error"]["Message"]
    shown = ec2.describe_flow_logs(FlowLogIds=folder["FlowLogIds"])["FlowLogs"][0]
    assert shown["LogDestination"] == f"arn:aws:s3:::{bucket}/subfolder/"
    assert shown["DestinationOptions"] == {
        "FileFormat": "plain-text",
        "HiveCompatiblePartitions": False,
        "PerHourPartition": False,
    }
    assert api_error(create, destination=f"{bucket}/subfolder/").code == "FlowLogAlreadyExists"


def test_flow_logs_have_destination_options(region: Region, ec2: Any, network: Network) -> None:
    bucket = unique("flow-logs")
    region.client("s3").create_bucket(Bucket=bucket)
    options = {"FileFormat": "plain-text", "HiveCompatiblePartitions": True, "PerHourPartition": False}
    ec2.create_flow_logs(
        ResourceIds=[network.vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination=f"arn:aws:s3:::{bucket}",
        DestinationOptions=options,
    )

    (flow_log,) = ec2.describe_flow_logs()["FlowLogs"]
    assert flow_log["DestinationOptions"] == options
    assert flow_log["DeliverLogsStatus"] == "SUCCESS"
