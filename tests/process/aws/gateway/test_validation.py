"""Requests that violate AWS's models or rules are rejected with AWS's errors."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from moto.cloudwatch.models import cloudwatch_backends
from moto.ec2.models.internet_gateways import EgressOnlyInternetGatewayBackend

from tests.support.served.region import Region, api_error, error_code, two_zones
from vpcache.lab.aws import ACCOUNT
from vpcache.lab.aws.gateway.validation import Violation, ViolationKind


def client(region: Region, service: str) -> Any:
    """Return a client that does not validate parameters."""
    return boto3.client(
        service,
        endpoint_url=region.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )


@pytest.mark.parametrize(
    ("service", "call", "arguments", "code", "part"),
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
            "compatibleRuntimes",
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
def test_invalid_parameters_are_rejected_by_name(
    region: Region, service: str, call: str, arguments: dict[str, Any], code: str, part: str
) -> None:
    error = api_error(getattr(client(region, service), call), **arguments)

    assert (error.status, error.code) == (400, code)
    assert part in error.message
    assert not region.reconciled


def test_body_must_be_json(region: Region) -> None:
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=a/b/us-east-1/lambda/aws4_request, x"}
    url = f"{region.url}/2015-03-31/functions"
    response = requests.post(url, data=b"{nothing", headers=signed, timeout=10)

    assert response.status_code == 400
    assert response.headers["x-amzn-ErrorType"] == "InvalidRequestContentException"


def test_violations_have_error_format_of_service() -> None:
    missing = Violation("VpcId", ViolationKind.MISSING, constraint="Member must not be null")
    assert missing.error("ec2") == ("MissingParameter", "The request must contain the parameter VpcId")
    assert missing.error("elasticache") == (
        "ValidationError",
        "1 validation error detected: Value null at 'vpcId' failed to satisfy constraint: "
        "Member must not be null",
    )


def test_moto_failure_is_not_implemented_and_reconciled(
    region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise KeyError("moto")

    monkeypatch.setattr(EgressOnlyInternetGatewayBackend, "delete_egress_only_internet_gateway", fail)
    status, code, message = api_error(
        client(region, "ec2").delete_egress_only_internet_gateway, EgressOnlyInternetGatewayId="eigw-1"
    )

    assert (status, code) == (501, "NotImplemented")
    assert "DeleteEgressOnlyInternetGateway" in message
    assert "moto fails" in message
    assert len(region.reconciled) == 1


class Growing(dict[str, Any]):
    """A dict that grows while it is iterated."""

    def values(self) -> Any:
        for value in super().values():
            self[f"alarm {len(self)}"] = value
            yield value


def test_concurrent_change_is_service_unavailable(region: Region, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = cloudwatch_backends[ACCOUNT]["us-east-1"]
    monkeypatch.setattr(backend, "alarms", Growing({"alarm 0": SimpleNamespace(rule=None)}))

    status, _, _ = api_error(client(region, "cloudwatch").describe_alarms)

    assert status == 503  # every SDK retries it


def test_lab_failure_is_internal_failure(region: Region) -> None:
    region.settings = SimpleNamespace(iam="off")  # type: ignore[assignment]

    status, code, _ = api_error(region.client("ec2").allocate_address, Domain="vpc")

    assert (status, code) == (500, "InternalFailure")


def test_unparsable_moto_error_is_converted(region: Region) -> None:
    status, code, message = api_error(region.client("stepfunctions").list_state_machines, nextToken="nowhere")

    assert (status, code) == (400, "InvalidToken")
    assert "token" in message


def test_invalid_rules_are_rejected(region: Region) -> None:
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
    count = len(region.reconciled)

    invalid_entries: tuple[dict[str, Any], ...] = (
        {"Protocol": "carrier-pigeon"},
        {"Protocol": "256"},
        {"CidrBlock": "10.0.0.0/33"},
        {"PortRange": {"From": 1, "To": 65536}},
        {"PortRange": {"From": 2, "To": 1}},
        {"Protocol": "1", "IcmpTypeCode": {"Type": 256, "Code": 0}},
        {"RuleNumber": 0},
    )
    for wrong in invalid_entries:
        assert error_code(ec2.create_network_acl_entry, **entry | wrong) == "InvalidParameterValue", wrong
    invalid_rules: tuple[dict[str, Any], ...] = (
        {"IpProtocol": "carrier-pigeon"},
        {"ToPort": 65536},
        {"IpRanges": [{"CidrIp": "10.0.0.0/33"}]},
        {"FromPort": None},
    )
    for wrong in invalid_rules:
        permission = {name: value for name, value in (rule | wrong).items() if value is not None}
        code = error_code(ec2.authorize_security_group_ingress, GroupId=group, IpPermissions=[permission])
        assert code == "InvalidParameterValue", wrong
    assert len(region.reconciled) == count


def test_missing_acl_entries_and_prefix_lists_are_not_found(region: Region) -> None:
    ec2 = client(region, "ec2")
    network = two_zones(ec2)
    (acl,) = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [network.vpc]}])["NetworkAcls"]
    acl_id, entry = acl["NetworkAclId"], {"RuleNumber": 7, "Egress": False}

    assert (
        error_code(ec2.delete_network_acl_entry, NetworkAclId=acl_id, **entry)
        == "InvalidNetworkAclEntry.NotFound"
    )
    assert (
        error_code(ec2.replace_network_acl_association, AssociationId="aclassoc-1", NetworkAclId=acl_id)
        == "InvalidAssociationID.NotFound"
    )
    association = acl["Associations"][0]["NetworkAclAssociationId"]
    assert (
        error_code(ec2.replace_network_acl_association, AssociationId=association, NetworkAclId="acl-1")
        == "InvalidNetworkAclID.NotFound"
    )
    (unchanged,) = ec2.describe_network_acls(NetworkAclIds=[acl_id, acl_id])["NetworkAcls"]
    assert unchanged["Associations"] == acl["Associations"]
    assert error_code(ec2.delete_managed_prefix_list, PrefixListId="pl-1") == "InvalidPrefixListID.NotFound"


def test_reassociated_elastic_ip_leaves_old_interface(region: Region) -> None:
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

    assert error_code(ec2.associate_address, **move) == "Resource.AlreadyAssociated"
    ec2.associate_address(**move, AllowReassociation=True)

    (vpc,) = region.reconciled[-1].vpcs
    addresses = {each.id: str(each.public_address) for each in vpc.interfaces}
    assert addresses == {first: "None", second: moving["PublicIp"]}


def test_managed_interface_addresses_cannot_be_changed(region: Region) -> None:
    ec2 = client(region, "ec2")
    network = two_zones(ec2)
    address = ec2.allocate_address(Domain="vpc")
    gateway = ec2.create_nat_gateway(
        SubnetId=network.public["us-east-1a"], AllocationId=address["AllocationId"]
    )
    (nat_address,) = gateway["NatGateway"]["NatGatewayAddresses"]
    interface = nat_address["NetworkInterfaceId"]

    for call, arguments in (
        (ec2.assign_private_ip_addresses, {"SecondaryPrivateIpAddressCount": 1}),
        (ec2.unassign_private_ip_addresses, {"PrivateIpAddresses": [nat_address["PrivateIp"]]}),
    ):
        assert error_code(call, NetworkInterfaceId=interface, **arguments) == "OperationNotPermitted"


def test_negative_secondary_address_count_is_rejected(region: Region) -> None:
    ec2 = client(region, "ec2")
    subnet = two_zones(ec2).private["us-east-1a"]
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]

    for call, arguments in (
        (ec2.create_network_interface, {"SubnetId": subnet}),
        (ec2.assign_private_ip_addresses, {"NetworkInterfaceId": interface}),
    ):
        error = api_error(call, SecondaryPrivateIpAddressCount=-1, **arguments)
        assert (error.status, error.code) == (400, "InvalidParameterValue")


def test_cidr_blocks_have_host_bits_cleared(region: Region) -> None:
    ec2 = client(region, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.7/24")["Vpc"]
    subnet = ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.0.0.65/26")["Subnet"]

    assert (vpc["CidrBlock"], subnet["CidrBlock"]) == ("10.0.0.0/24", "10.0.0.64/26")


def test_route_destination_is_ipv4_cidr(region: Region) -> None:
    ec2 = client(region, "ec2")
    network = two_zones(ec2)
    subnet = network.public["us-east-1a"]
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    table = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    route = {"RouteTableId": table, "NetworkInterfaceId": interface}

    for wrong in ("nowhere", "::/0"):
        code = error_code(ec2.create_route, **route, DestinationCidrBlock=wrong)
        assert code == "InvalidParameterValue", wrong
    ec2.create_route(**route, DestinationCidrBlock="192.0.2.7/24")
    ec2.create_route(**route, DestinationCidrBlock="192.0.2.0/24")

    (vpc,) = region.reconciled[-1].vpcs
    (derived,) = next(each.routes for each in vpc.route_tables if each.id == table)
    assert str(derived.destination) == "192.0.2.0/24"


def test_acl_entry_has_icmp_type_and_code(region: Region) -> None:
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

    (vpc,) = region.reconciled[-1].vpcs
    (entry,) = next(each for each in vpc.network_acls if each.id == acl).ingress
    assert (entry.protocol, entry.ports) == ("icmp", (8, 0))


def test_unknown_security_group_is_rejected(region: Region) -> None:
    ec2 = client(region, "ec2")
    network = two_zones(ec2)
    subnet = network.public["us-east-1a"]
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    endpoint = {
        "VpcId": network.vpc,
        "VpcEndpointType": "Interface",
        "PrivateDnsEnabled": False,
        "ServiceName": "com.amazonaws.us-east-1.ssm",
        "SubnetIds": [subnet],
    }
    endpoint_id = ec2.create_vpc_endpoint(**endpoint)["VpcEndpoint"]["VpcEndpointId"]

    for call, arguments in (
        (ec2.modify_network_interface_attribute, {"NetworkInterfaceId": interface, "Groups": ["sg-1"]}),
        (ec2.create_vpc_endpoint, endpoint | {"SecurityGroupIds": ["sg-1"]}),
        (ec2.modify_vpc_endpoint, {"VpcEndpointId": endpoint_id, "AddSecurityGroupIds": ["sg-1"]}),
    ):
        assert error_code(call, **arguments) == "InvalidGroup.NotFound"
    ec2.create_tags(Resources=[interface], Tags=[{"Key": "mine"}])
    assert all(each.security_groups for each in region.reconciled[-1].vpcs[0].interfaces)


@pytest.mark.parametrize("cidr", ["0.0.0.0/16", "127.0.0.0/16", "169.254.0.0/16", "224.0.0.0/16"])
def test_reserved_vpc_cidr_is_rejected(region: Region, cidr: str) -> None:
    assert error_code(region.client("ec2").create_vpc, CidrBlock=cidr) == "InvalidVpc.Range"


def test_tag_value_is_optional(region: Region) -> None:
    tags = [{"ResourceType": "internet-gateway", "Tags": [{"Key": "mine"}]}]
    gateway = client(region, "ec2").create_internet_gateway(TagSpecifications=tags)["InternetGateway"]

    assert gateway["Tags"] == [{"Key": "mine", "Value": ""}]


def test_flow_log_destination_must_be_an_arn(region: Region) -> None:
    ec2 = client(region, "ec2")
    network = two_zones(ec2)

    code = error_code(
        ec2.create_flow_logs,
        ResourceIds=[network.vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination="bucket",
    )

    assert code == "InvalidParameter"
