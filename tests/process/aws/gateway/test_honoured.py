from __future__ import annotations

from typing import Any

import pytest
from botocore.model import Shape

from tests.support.calls.model_requests import model_of
from tests.support.served.clusters import create_cluster
from tests.support.served.region import Network, Region, api_error
from vpcache.lab.aws.gateway.app import DECLARATIONS
from vpcache.lab.aws.gateway.call import Call
from vpcache.lab.aws.gateway.honoured import unhonoured_parameter

PARAMETERS = [
    (service, operation, parameter)
    for service, operations in DECLARATIONS.items()
    for operation, parameters in operations.items()
    for parameter in parameters
]


def member(shape: Shape, path: list[str]) -> Shape:
    while shape.type_name == "list":
        shape = shape.member
    if path and shape.type_name == "map":
        return member(shape.value, path[1:])
    return member(shape.members[path[0]], path[1:]) if path else shape


def test_declared_parameters_are_in_the_model() -> None:
    for service, operation, parameter in PARAMETERS:
        path, equals, value = parameter.partition("=")
        shape = member(model_of(service).operation_model(operation).input_shape, path.split("."))
        if equals and shape.type_name == "string":
            assert value in (shape.metadata.get("enum") or [value])
        elif equals:
            assert (shape.type_name, value) in (
                ("boolean", "false"),
                ("boolean", "true"),
                ("integer", "0"),
                ("integer", "10"),
                ("map", "{}"),
            )


def form(**values: str) -> dict[str, list[str]]:
    return {name.replace("_", "."): [value] for name, value in values.items()}


@pytest.mark.parametrize(
    ("values", "parameter"),
    [
        ({"VpcId": "vpc-1", "DryRun": "false"}, None),
        ({"VpcId": "vpc-1", "Ipv6Native": "true"}, None),
        ({"VpcId": "vpc-1", "OutpostArn": "arn:aws:outposts"}, "OutpostArn"),
        ({"VpcId": "vpc-1", "OutpostArn": ""}, None),
        ({"TagSpecification_1_ResourceType": "subnet"}, None),
    ],
)
def test_first_parameter_outside_the_declaration_is_found(
    values: dict[str, str], parameter: str | None
) -> None:
    call = Call("ec2", "CreateSubnet", is_change=True, form=form(**values))

    assert unhonoured_parameter(call, DECLARATIONS["ec2"]) == parameter
    assert unhonoured_parameter(call, {}) is None


@pytest.mark.parametrize(
    ("call", "arguments", "parameter"),
    [
        ("create_vpc", {"CidrBlock": "10.0.0.0/16", "Ipv6Pool": "pool"}, "Ipv6Pool"),
        ("create_subnet", {"VpcId": "vpc-1", "OutpostArn": "arn:aws:outposts"}, "OutpostArn"),
        (
            "modify_subnet_attribute",
            {"SubnetId": "subnet-1", "MapCustomerOwnedIpOnLaunch": {"Value": True}},
            "MapCustomerOwnedIpOnLaunch.Value",
        ),
        (
            "modify_subnet_attribute",
            {"SubnetId": "subnet-1", "EnableLniAtDeviceIndex": 1},
            "EnableLniAtDeviceIndex",
        ),
        (
            "create_nat_gateway",
            {"SubnetId": "subnet-1", "SecondaryAllocationIds": ["eipalloc-1"]},
            "SecondaryAllocationIds",
        ),
        (
            "create_vpc_endpoint",
            {"VpcId": "vpc-1", "ServiceName": "s", "DnsOptions": {"DnsRecordIpType": "ipv6"}},
            "DnsOptions.DnsRecordIpType",
        ),
        (
            "modify_vpc_endpoint",
            {"VpcEndpointId": "vpce-1", "IpAddressType": "dualstack"},
            "IpAddressType",
        ),
        ("create_network_interface", {"SubnetId": "subnet-1", "Ipv4PrefixCount": 1}, "Ipv4PrefixCount"),
        (
            "create_route",
            {"RouteTableId": "rtb-1", "DestinationCidrBlock": "0.0.0.0/0", "TransitGatewayId": "tgw-1"},
            "TransitGatewayId",
        ),
        (
            "authorize_security_group_ingress",
            {
                "GroupId": "sg-1",
                "IpPermissions": [
                    {"IpProtocol": "-1", "UserIdGroupPairs": [{"VpcPeeringConnectionId": "pcx-1"}]}
                ],
            },
            "IpPermissions.UserIdGroupPairs.VpcPeeringConnectionId",
        ),
        ("allocate_address", {"Domain": "vpc", "IpamPoolId": "ipam-pool-1"}, "IpamPoolId"),
    ],
)
def test_unhonoured_parameter_is_refused_by_name(
    ec2: Any, call: str, arguments: dict[str, Any], parameter: str
) -> None:
    error = api_error(getattr(ec2, call), **arguments)

    operation = "".join(word.capitalize() for word in call.split("_"))
    assert error[:2] == (501, "NotImplemented")
    assert f"The parameter {parameter} of {operation} " in error.message


@pytest.mark.parametrize(
    ("service", "call", "arguments", "parameter"),
    [
        (
            "sts",
            "assume_role",
            {
                "RoleArn": "arn:aws:iam::123456789012:role/r",
                "RoleSessionName": "session",
                "SourceIdentity": "alice",
            },
            "SourceIdentity",
        ),
        ("sts", "get_session_token", {"SerialNumber": "arn:aws:iam::1:mfa"}, "SerialNumber"),
        ("logs", "create_log_group", {"logGroupName": "g", "logGroupClass": "DELIVERY"}, "logGroupClass"),
        ("logs", "describe_log_groups", {"logGroupNamePattern": "g"}, "logGroupNamePattern"),
        (
            "sqs",
            "create_queue",
            {"QueueName": "q", "Attributes": {"RedriveAllowPolicy": "{}"}},
            "Attributes.RedriveAllowPolicy",
        ),
        (
            "sqs",
            "receive_message",
            {"QueueUrl": "http://q", "ReceiveRequestAttemptId": "a"},
            "ReceiveRequestAttemptId",
        ),
        (
            "sns",
            "subscribe",
            {"TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Protocol": "sms", "Endpoint": "1"},
            "Protocol",
        ),
        ("sns", "create_topic", {"Name": "t", "DataProtectionPolicy": "{}"}, "DataProtectionPolicy"),
        (
            "sns",
            "create_topic",
            {"Name": "t", "Attributes": {"TracingConfig": "Active"}},
            "Attributes.TracingConfig",
        ),
        (
            "sns",
            "set_topic_attributes",
            {
                "TopicArn": "arn:aws:sns:us-east-1:123456789012:t",
                "AttributeName": "SQSSuccessFeedbackSampleRate",
                "AttributeValue": "100",
            },
            "AttributeName=SQSSuccessFeedbackSampleRate",
        ),
        ("ssm", "put_parameter", {"Name": "p", "Value": "v", "Policies": "[]"}, "Policies"),
        ("ssm", "describe_parameters", {"MaxResults": 5}, "MaxResults"),
    ],
)
def test_unhonoured_parameter_of_other_services_is_refused_by_name(
    region: Region, service: str, call: str, arguments: dict[str, Any], parameter: str
) -> None:
    error = api_error(getattr(region.client(service), call), **arguments)

    operation = "".join(word.capitalize() for word in call.split("_"))
    assert error[:2] == (501, "NotImplemented")
    assert f"The parameter {parameter} of {operation} " in error.message


def test_unknown_dhcp_option_is_refused_by_name(ec2: Any) -> None:
    name = "ipv6-address-preferred-lease-time"
    error = api_error(ec2.create_dhcp_options, DhcpConfigurations=[{"Key": name, "Values": ["60"]}])

    assert error.code == "NotImplemented"
    assert name in error.message


def test_unhonoured_cluster_parameter_is_refused_by_name(elasticache: Any, network: Network) -> None:
    for name, value in (("NetworkType", "dual_stack"), ("OutpostMode", "single-outpost")):
        with pytest.raises(elasticache.exceptions.ClientError, match=rf"NotImplemented.*{name}"):
            create_cluster(elasticache, **{name: value})
