"""What has not the form that AWS's models ask for is refused as AWS refuses it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from moto.cloudwatch.models import cloudwatch_backends

from tests.support.served_region import Region, error_of, two_zones
from vpcache.lab.aws import ACCOUNT
from vpcache.lab.aws.gateway.validation import Fault, Problem


def client(region: Region, service: str) -> Any:
    """Return a client that sends whatever it is given."""
    return boto3.client(
        service,
        endpoint_url=region.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )


@pytest.mark.parametrize(
    ("service", "call", "arguments", "code", "named"),
    [
        ("ec2", "create_subnet", {"CidrBlock": "10.0.0.0/24"}, "MissingParameter", "VpcId"),
        ("ec2", "create_subnet", {"VpcId": ""}, "MissingParameter", "VpcId"),
        ("ec2", "describe_vpcs", {"MaxResults": "many"}, "InvalidParameterValue", "many"),
        ("ec2", "describe_vpcs", {"MaxResults": 4}, "InvalidParameterValue", "MaxResults"),
        ("ec2", "describe_vpcs", {"VpcIds": ["\x01"]}, "InvalidParameterValue", "VpcIds.1"),
        ("ec2", "describe_vpcs", {"Filters": [{"Values": ["a"]}]}, "MissingParameter", "Filters.1.Name"),
        (
            "ec2",
            "create_vpc",
            {"CidrBlock": "10.0.0.0/24", "InstanceTenancy": "mine"},
            "InvalidParameterValue",
            "InstanceTenancy",
        ),
        ("elasticache", "create_cache_subnet_group", {}, "ValidationError", "cacheSubnetGroupName"),
        (
            "elasticache",
            "create_cache_cluster",
            {"CacheClusterId": "a", "NumCacheNodes": 2**40},
            "MalformedInput",
            "NumCacheNodes",
        ),
        (
            "elasticache",
            "add_tags_to_resource",
            {"ResourceName": "arn", "Tags": [{"Value": "a"}]},
            "ValidationError",
            "tags.1.Key",
        ),
        ("lambda", "create_function", {}, "ValidationException", "functionName"),
        ("lambda", "list_functions", {"MaxItems": "many"}, "SerializationException", "MaxItems"),
        ("lambda", "list_functions", {"MaxItems": 0}, "ValidationException", "maxItems"),
        (
            "lambda",
            "update_function_configuration",
            {"FunctionName": "a", "Timeout": "long"},
            "SerializationException",
            "Timeout",
        ),
        (
            "lambda",
            "update_function_configuration",
            {"FunctionName": "a", "VpcConfig": {"SubnetIds": [{}]}},
            "SerializationException",
            "VpcConfig.SubnetIds.1",
        ),
        (
            "lambda",
            "publish_layer_version",
            {"LayerName": "a", "Content": {}, "CompatibleRuntimes": ["cobol"]},
            "ValidationException",
            "compatibleRuntimes.1",
        ),
        ("lambda", "untag_resource", {"Resource": "a"}, "ValidationException", "tagKeys"),
        (
            "lambda",
            "invoke",
            {"FunctionName": "a", "Payload": b"\xff"},
            "InvalidRequestContentException",
            "json",
        ),
    ],
)
def test_what_has_not_the_form_is_refused_by_name(
    region: Region, service: str, call: str, arguments: dict[str, Any], code: str, named: str
) -> None:
    status, told, message = error_of(getattr(client(region, service), call), **arguments)

    assert (status, told) == (400, code)
    assert named in message
    assert not region.settled


def test_a_body_that_is_no_json_is_refused(region: Region) -> None:
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=a/b/us-east-1/lambda/aws4_request, x"}
    answer = requests.post(f"{region.url}/2015-03-31/functions", data=b"{nothing", headers=signed, timeout=10)

    assert answer.status_code == 400
    assert answer.headers["x-amzn-ErrorType"] == "InvalidRequestContentException"


def test_each_service_words_a_problem_in_its_own_way() -> None:
    missing = Problem("VpcId", Fault.MISSING, constraint="Member must not be null")
    assert missing.error("ec2") == ("MissingParameter", "The request must contain the parameter VpcId")
    assert missing.error("lambda") == (
        "ValidationException",
        "1 validation error detected: Value null at 'vpcId' failed to satisfy constraint: "
        "Member must not be null",
    )
    assert missing.error("elasticache")[0] == "ValidationError"


def test_where_moto_breaks_the_call_is_not_emulated_and_what_it_changed_is_settled(region: Region) -> None:
    ec2 = client(region, "ec2")

    status, code, message = error_of(
        ec2.disassociate_transit_gateway_route_table,
        TransitGatewayRouteTableId="tgw-rtb-1",
        TransitGatewayAttachmentId="tgw-attach-1",
    )

    assert (status, code) == (501, "NotImplemented")
    assert "DisassociateTransitGatewayRouteTable" in message
    assert "moto fails" in message
    assert len(region.settled) == 1


class Growing(dict[str, Any]):
    """Gets one more item whenever somebody goes through it."""

    def values(self) -> Any:
        for value in super().values():
            self[f"alarm {len(self)}"] = value
            yield value


def test_a_request_that_met_with_a_change_is_to_be_repeated(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = cloudwatch_backends[ACCOUNT]["us-east-1"]
    monkeypatch.setattr(backend, "alarms", Growing({"alarm 0": SimpleNamespace(rule=None)}))

    status, _, _ = error_of(client(region, "cloudwatch").describe_alarms)

    assert status == 503  # every SDK repeats it


def test_where_the_lab_breaks_it_is_an_internal_failure(region: Region) -> None:
    region.settings = None  # type: ignore[assignment]

    status, code, _ = error_of(region.client("ec2").allocate_address, Domain="vpc")

    assert (status, code) == (500, "InternalFailure")


def test_an_error_of_motos_that_clients_could_not_read_is_put_in_their_form(region: Region) -> None:
    status, code, message = error_of(
        region.client("elasticache").describe_replication_groups, Marker="nowhere"
    )

    assert (status, code) == (400, "InvalidToken")
    assert "token" in message


def test_rules_that_mean_nothing_are_refused(region: Region) -> None:
    ec2 = client(region, "ec2")
    network = two_zones(ec2)
    (acl,) = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [network.vpc]}])["NetworkAcls"]
    group = ec2.create_security_group(GroupName="a", Description="a", VpcId=network.vpc)["GroupId"]
    entry = {
        "NetworkAclId": acl["NetworkAclId"],
        "RuleNumber": 7,
        "Protocol": "6",
        "RuleAction": "allow",
        "Egress": False,
        "CidrBlock": "10.0.0.0/24",
        "PortRange": {"From": 1, "To": 2},
    }
    rule = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 2, "IpRanges": [{"CidrIp": "10.0.0.0/24"}]}
    settled = len(region.settled)

    for wrong in (
        {"Protocol": "carrier-pigeon"},
        {"Protocol": "256"},
        {"CidrBlock": "10.0.0.0/33"},
        {"PortRange": {"From": 1, "To": 65536}},
        {"PortRange": {"From": 2, "To": 1}},
        {"Protocol": "1", "IcmpTypeCode": {"Type": 256, "Code": 0}},
        {"RuleNumber": 0},
    ):
        assert error_of(ec2.create_network_acl_entry, **entry | wrong)[1] == "InvalidParameterValue", wrong
    for wrong, code in (
        ({"IpProtocol": "carrier-pigeon"}, "InvalidParameterValue"),
        ({"ToPort": 65536}, "InvalidParameterValue"),
        ({"IpRanges": [{"CidrIp": "10.0.0.0/33"}]}, "InvalidParameterValue"),
        ({"FromPort": None}, "MissingParameter"),
    ):
        told = {name: value for name, value in (rule | wrong).items() if value is not None}
        answer = error_of(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[told])
        assert answer[1] == code, wrong
    assert len(region.settled) == settled


def test_acl_entries_associations_and_prefix_lists_that_are_not_there_are_not_found(region: Region) -> None:
    ec2 = client(region, "ec2")
    network = two_zones(ec2)
    (acl,) = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [network.vpc]}])["NetworkAcls"]
    own, entries = acl["NetworkAclId"], {"RuleNumber": 7, "Egress": False}

    assert (
        error_of(ec2.delete_network_acl_entry, NetworkAclId=own, **entries)[1]
        == "InvalidNetworkAclEntry.NotFound"
    )
    assert (
        error_of(ec2.replace_network_acl_association, AssociationId="aclassoc-1", NetworkAclId=own)[1]
        == "InvalidAssociationID.NotFound"
    )
    taken = acl["Associations"][0]["NetworkAclAssociationId"]
    assert (
        error_of(ec2.replace_network_acl_association, AssociationId=taken, NetworkAclId="acl-1")[1]
        == "InvalidNetworkAclID.NotFound"
    )
    (again,) = ec2.describe_network_acls(NetworkAclIds=[own, own])["NetworkAcls"]
    assert again["Associations"] == acl["Associations"]
    assert error_of(ec2.delete_managed_prefix_list, PrefixListId="pl-1")[1] == "InvalidPrefixListID.NotFound"


def test_an_elastic_ip_that_moves_leaves_the_interface_that_had_it(region: Region) -> None:
    ec2 = client(region, "ec2")
    network = two_zones(ec2)
    subnet = network.public["us-east-1a"]
    first, second = (
        ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
        for _ in range(2)
    )
    moving, other = (ec2.allocate_address(Domain="vpc") for _ in range(2))
    ec2.associate_address(AllocationId=moving["AllocationId"], NetworkInterfaceId=first)
    ec2.associate_address(AllocationId=other["AllocationId"], NetworkInterfaceId=second)
    move = {"AllocationId": moving["AllocationId"], "NetworkInterfaceId": second}

    assert error_of(ec2.associate_address, **move)[1] == "Resource.AlreadyAssociated"
    ec2.associate_address(**move, AllowReassociation=True)

    (vpc,) = region.settled[-1].vpcs
    addresses = {each.id: str(each.public_address) for each in vpc.interfaces}
    assert addresses == {first: "None", second: moving["PublicIp"]}


def test_the_addresses_of_a_services_interface_stay(region: Region) -> None:
    ec2 = client(region, "ec2")
    network = two_zones(ec2)
    address = ec2.allocate_address(Domain="vpc")
    gateway = ec2.create_nat_gateway(
        SubnetId=network.public["us-east-1a"], AllocationId=address["AllocationId"]
    )
    (used,) = gateway["NatGateway"]["NatGatewayAddresses"]
    interface = used["NetworkInterfaceId"]

    for call, arguments in (
        (ec2.assign_private_ip_addresses, {"SecondaryPrivateIpAddressCount": 1}),
        (ec2.unassign_private_ip_addresses, {"PrivateIpAddresses": [used["PrivateIp"]]}),
    ):
        refusal = error_of(call, NetworkInterfaceId=interface, **arguments)
        assert refusal[1] == "OperationNotPermitted"


def test_no_interface_has_fewer_addresses_than_its_own(region: Region) -> None:
    ec2 = client(region, "ec2")
    subnet = two_zones(ec2).private["us-east-1a"]
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]

    for call, where in (
        (ec2.create_network_interface, {"SubnetId": subnet}),
        (ec2.assign_private_ip_addresses, {"NetworkInterfaceId": interface}),
    ):
        refusal = error_of(call, SecondaryPrivateIpAddressCount=-1, **where)
        assert refusal[:2] == (400, "InvalidParameterValue")


def test_ranges_are_kept_without_the_bits_of_a_host(region: Region) -> None:
    ec2 = client(region, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.7/24")["Vpc"]
    subnet = ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.0.0.65/26")["Subnet"]

    assert (vpc["CidrBlock"], subnet["CidrBlock"]) == ("10.0.0.0/24", "10.0.0.64/26")


def test_a_route_leads_to_a_range_of_ipv4_whatever_its_target(region: Region) -> None:
    ec2 = client(region, "ec2")
    network = two_zones(ec2)
    subnet = network.public["us-east-1a"]
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    table = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    route = {"RouteTableId": table, "NetworkInterfaceId": interface}

    for wrong in ("nowhere", "::/0"):
        answer = error_of(ec2.create_route, **route, DestinationCidrBlock=wrong)
        assert answer[1] == "InvalidParameterValue", wrong
    ec2.create_route(**route, DestinationCidrBlock="192.0.2.7/24")
    ec2.create_route(**route, DestinationCidrBlock="192.0.2.0/24")

    (vpc,) = region.settled[-1].vpcs
    (made,) = next(each.routes for each in vpc.route_tables if each.id == table)
    assert str(made.destination) == "192.0.2.0/24"


def test_an_acl_entry_has_its_type_and_code_of_icmp(region: Region) -> None:
    ec2 = client(region, "ec2")
    network = two_zones(ec2)
    acl = ec2.create_network_acl(VpcId=network.vpc)["NetworkAcl"]["NetworkAclId"]
    ec2.create_network_acl_entry(
        NetworkAclId=acl,
        RuleNumber=7,
        Protocol="1",
        RuleAction="allow",
        Egress=False,
        CidrBlock="10.0.0.0/24",
        IcmpTypeCode={"Type": 8, "Code": 0},
    )

    (vpc,) = region.settled[-1].vpcs
    (entry,) = next(each for each in vpc.network_acls if each.id == acl).ingress
    assert (entry.protocol, entry.ports) == ("icmp", (8, 0))


def test_an_unknown_group_is_given_to_no_interface(region: Region) -> None:
    ec2 = client(region, "ec2")
    network = two_zones(ec2)
    subnet = network.public["us-east-1a"]
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    endpoint = {
        "VpcId": network.vpc,
        "VpcEndpointType": "Interface",
        "ServiceName": "com.amazonaws.us-east-1.ssm",
        "SubnetIds": [subnet],
    }
    made = ec2.create_vpc_endpoint(**endpoint)["VpcEndpoint"]["VpcEndpointId"]

    for call, arguments in (
        (ec2.modify_network_interface_attribute, {"NetworkInterfaceId": interface, "Groups": ["sg-1"]}),
        (ec2.create_vpc_endpoint, endpoint | {"SecurityGroupIds": ["sg-1"]}),
        (ec2.modify_vpc_endpoint, {"VpcEndpointId": made, "AddSecurityGroupIds": ["sg-1"]}),
    ):
        assert error_of(call, **arguments)[1] == "InvalidGroup.NotFound"
    ec2.create_tags(Resources=[interface], Tags=[{"Key": "mine"}])
    assert all(each.security_groups for each in region.settled[-1].vpcs[0].interfaces)


@pytest.mark.parametrize("cidr", ["0.0.0.0/16", "127.0.0.0/16", "169.254.0.0/16", "224.0.0.0/16"])
def test_no_vpc_has_a_range_that_means_something_else(region: Region, cidr: str) -> None:
    assert error_of(region.client("ec2").create_vpc, CidrBlock=cidr)[1] == "InvalidVpc.Range"


def test_a_tag_may_lack_a_value(region: Region) -> None:
    tags = [{"ResourceType": "internet-gateway", "Tags": [{"Key": "mine"}]}]
    gateway = client(region, "ec2").create_internet_gateway(TagSpecifications=tags)["InternetGateway"]

    assert gateway["Tags"] == [{"Key": "mine", "Value": ""}]


def test_a_flow_log_goes_to_an_arn(region: Region) -> None:
    ec2 = client(region, "ec2")
    network = two_zones(ec2)

    refusal = error_of(
        ec2.create_flow_logs,
        ResourceIds=[network.vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="bucket",
    )

    assert refusal[1] == "InvalidParameter"
