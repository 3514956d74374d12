"""AWS's own API, called by a function inside a VPC."""

from __future__ import annotations

import pytest

from tests.support.execution_roles import OF_VPC, allow
from tests.support.network.vpc_factory import ZONES, VpcFactory

HERE, _ = ZONES
_CODE = """
    import boto3
    from botocore.config import Config

    settings = Config(connect_timeout=1, read_timeout=3, retries={"total_max_attempts": 1})

    def handler(event, context):
        try:
            return {"answer": call(event["name"], boto3.client(event["service"], config=settings))}
        except Exception as error:
            return {"error": type(error).__name__, "message": str(error)}

    def call(name, client):
        match client.meta.service_model.service_name:
            case "s3":
                client.put_object(Bucket=name, Key="k", Body=b"v")
                return client.get_object(Bucket=name, Key="k")["Body"].read().decode()
            case "ssm":
                return client.get_parameter(Name=name)["Parameter"]["Value"]
            case "sts":
                return client.get_caller_identity()["Account"]
            case "dynamodb":
                return client.list_tables()["TableNames"]
"""


@pytest.fixture
def client(vpc_factory: VpcFactory) -> str:
    """A function in one zone that calls AWS's API, and the resources that it reads."""
    vpc_factory.client("s3").create_bucket(Bucket=vpc_factory.name)
    vpc_factory.client("ssm").put_parameter(Name=vpc_factory.name, Value="v", Type="String")
    allow(vpc_factory.client("iam"), vpc_factory.name, *OF_VPC, "s3:*", "ssm:GetParameter", "dynamodb:*")
    return vpc_factory.new_function("client", HERE, code=_CODE, Timeout=15)


def answers(vpc_factory: VpcFactory, function: str, *services: str) -> list[object]:
    results = (vpc_factory.invoke(function, service=service, name=vpc_factory.name) for service in services)
    return [result.get("answer") or result["error"] for result in results]


def test_function_reaches_aws_only_through_nat(vpc_factory: VpcFactory, client: str) -> None:
    assert answers(vpc_factory, client, "s3", "ssm") == ["ConnectTimeoutError"] * 2
    vpc_factory.attach_internet_gateway()
    vpc_factory.new_nat_gateway(HERE)
    assert answers(vpc_factory, client, "s3", "ssm", "sts") == ["v", "v", "123456789012"]


def test_gateway_endpoint_reaches_only_its_service(vpc_factory: VpcFactory, client: str) -> None:
    table = vpc_factory.new_table(vpc_factory.private[HERE])
    endpoint = vpc_factory.ec2.create_vpc_endpoint(
        VpcId=vpc_factory.vpc, ServiceName="com.amazonaws.us-east-1.s3", RouteTableIds=[table]
    )["VpcEndpoint"]["VpcEndpointId"]
    assert answers(vpc_factory, client, "s3", "ssm") == ["v", "ConnectTimeoutError"]
    vpc_factory.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, RemoveRouteTableIds=[table])
    assert answers(vpc_factory, client, "s3") == ["ConnectTimeoutError"]
    vpc_factory.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddRouteTableIds=[table])
    assert answers(vpc_factory, client, "s3") == ["v"]
    assert vpc_factory.lab.differences() == []
    vpc_factory.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    assert answers(vpc_factory, client, "s3") == ["ConnectTimeoutError"]


def test_prefix_list_in_a_rule_allows_only_its_service(vpc_factory: VpcFactory, client: str) -> None:
    table = vpc_factory.new_table(vpc_factory.private[HERE])
    for service in ("s3", "dynamodb"):
        vpc_factory.ec2.create_vpc_endpoint(
            VpcId=vpc_factory.vpc, ServiceName=f"com.amazonaws.us-east-1.{service}", RouteTableIds=[table]
        )
    lists = vpc_factory.ec2.describe_managed_prefix_lists(
        Filters=[{"Name": "prefix-list-name", "Values": ["com.amazonaws.us-east-1.s3"]}]
    )["PrefixLists"]
    all_traffic = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    vpc_factory.ec2.revoke_security_group_egress(GroupId=vpc_factory.group, IpPermissions=[all_traffic])
    vpc_factory.ec2.authorize_security_group_egress(
        GroupId=vpc_factory.group,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 443,
                "ToPort": 443,
                "PrefixListIds": [{"PrefixListId": lists[0]["PrefixListId"]}],
            }
        ],
    )
    assert answers(vpc_factory, client, "s3", "dynamodb") == ["v", "ConnectTimeoutError"]


def test_interface_endpoint_serves_its_services_name(vpc_factory: VpcFactory, client: str) -> None:
    group = vpc_factory.new_group("endpoint")
    vpc_factory.ec2.modify_vpc_attribute(VpcId=vpc_factory.vpc, EnableDnsHostnames={"Value": True})
    endpoint = vpc_factory.ec2.create_vpc_endpoint(
        VpcId=vpc_factory.vpc,
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.us-east-1.ssm",
        SubnetIds=list(vpc_factory.private.values()),
        SecurityGroupIds=[group],
    )["VpcEndpoint"]
    assert answers(vpc_factory, client, "ssm") == ["ConnectTimeoutError"]  # the group has no ingress rules
    vpc_factory.ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 443,
                "ToPort": 443,
                "UserIdGroupPairs": [{"GroupId": vpc_factory.group}],
            }
        ],
    )
    assert answers(vpc_factory, client, "ssm", "s3") == ["v", "ConnectTimeoutError"]
    interfaces = vpc_factory.ec2.describe_network_interfaces(
        NetworkInterfaceIds=endpoint["NetworkInterfaceIds"]
    )["NetworkInterfaces"]
    assert {interface["InterfaceType"] for interface in interfaces} == {"vpc_endpoint"}
    assert vpc_factory.lab.differences() == []
    for zone in ZONES:
        vpc_factory.ec2.modify_vpc_endpoint(
            VpcEndpointId=endpoint["VpcEndpointId"], RemoveSubnetIds=[vpc_factory.private[zone]]
        )
    assert answers(vpc_factory, client, "ssm") == ["EndpointConnectionError"]  # its name has no address
    vpc_factory.ec2.modify_vpc_endpoint(
        VpcEndpointId=endpoint["VpcEndpointId"], AddSubnetIds=[vpc_factory.private[HERE]]
    )
    assert answers(vpc_factory, client, "ssm") == ["v"]
    assert vpc_factory.lab.differences() == []
    vpc_factory.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
    assert answers(vpc_factory, client, "ssm") == ["ConnectTimeoutError"]


def test_lab_counts_called_operations(vpc_factory: VpcFactory) -> None:
    before = vpc_factory.lab.calls()
    vpc_factory.ec2.describe_vpcs()
    vpc_factory.client("lambda").list_functions()
    after = vpc_factory.lab.calls()
    assert {name for name in after if after[name] != before.get(name)} == {
        "ec2:DescribeVpcs",
        "lambda:ListFunctions",
    }
