from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.served_region import Network, Region, api_error, unique
from vpcache.lab.topology import InterfaceKind


@pytest.fixture
def stacks(region: Region) -> Any:
    """A client of the region's CloudFormation."""
    return region.client("cloudformation")


def template(kind: str, condition: str | None = None, **properties: Any) -> str:
    resource = {"Type": kind, "Properties": properties} | ({"Condition": condition} if condition else {})
    body = {
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
        "Resources": {"One": {"Type": "AWS::SQS::Queue"}, "Two": resource},
        "Outputs": {"Id": {"Value": {"Ref": "One"}}},
    }
    return json.dumps(body)


NOT_MADE = [
    ("AWS::EC2::PrefixList", {"PrefixListName": "p", "AddressFamily": "IPv4", "MaxEntries": 1}),
    ("AWS::ElastiCache::SubnetGroup", {"Description": "d", "SubnetIds": []}),
    ("AWS::CloudFormation::WaitConditionHandle", {}),
    ("AWS::EC2::Instance", {"ImageId": "ami-1"}),
    ("AWS::EC2::VPCPeeringConnection", {"VpcId": "vpc-1", "PeerVpcId": "vpc-2"}),
    ("AWS::AutoScaling::AutoScalingGroup", {"MinSize": "1", "MaxSize": "1"}),
    ("AWS::RDS::DBInstance", {"DBInstanceClass": "db.t4g.micro"}),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", {"Name": "n"}),
    ("AWS::Route53::HostedZone", {"Name": "a.example", "VPCs": [{"VPCId": "vpc-1"}]}),
]


@pytest.mark.parametrize(("kind", "properties"), NOT_MADE)
def test_type_that_is_not_made_is_refused_by_name(
    stacks: Any, region: Region, kind: str, properties: dict[str, Any]
) -> None:
    name = unique("stack")
    body = template(kind, **properties)
    queues = region.client("sqs").list_queues().get("QueueUrls")

    error = api_error(stacks.create_stack, StackName=name, TemplateBody=body)
    assert (error.status, error.code) == (501, "NotImplemented")
    assert kind in error.message
    change = {"StackName": name, "ChangeSetName": "c", "ChangeSetType": "CREATE"}
    assert kind in api_error(stacks.create_change_set, TemplateBody=body, **change).message
    assert region.client("sqs").list_queues().get("QueueUrls") == queues
    assert name not in [each["StackName"] for each in stacks.describe_stacks()["Stacks"]]


def test_updated_stack_is_refused_by_name_too(stacks: Any) -> None:
    name = unique("stack")
    stacks.create_stack(StackName=name, TemplateBody=template("AWS::SNS::Topic"))
    error = api_error(stacks.update_stack, StackName=name, TemplateBody=template("AWS::EC2::Instance"))

    assert error.code == "NotImplemented"
    stacks.delete_stack(StackName=name)


def test_type_of_a_condition_that_fails_is_not_refused(stacks: Any) -> None:
    name = unique("stack")
    stacks.create_stack(StackName=name, TemplateBody=template("AWS::EC2::Instance", condition="Never"))

    assert stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    stacks.delete_stack(StackName=name)


def test_stack_of_a_change_set_has_outputs(stacks: Any) -> None:
    name = unique("stack")
    change = stacks.create_change_set(
        StackName=name,
        ChangeSetName="c",
        ChangeSetType="CREATE",
        TemplateBody=template("AWS::SNS::Topic"),
    )
    stacks.execute_change_set(ChangeSetName=change["Id"])

    (stack,) = stacks.describe_stacks(StackName=name)["Stacks"]
    assert [each["OutputKey"] for each in stack["Outputs"]] == ["Id"]
    stacks.delete_stack(StackName=name)


def test_network_of_a_stack_is_laid(stacks: Any, region: Region, network: Network) -> None:
    name = unique("stack")
    subnet = network.private["us-east-1a"]
    body = template("AWS::EC2::NatGateway", SubnetId=subnet, ConnectivityType="private")
    body = body.replace('"ConnectivityType": "private"', '"AllocationId": "%s"')
    allocation = region.client("ec2").allocate_address(Domain="vpc")["AllocationId"]
    stacks.create_stack(StackName=name, TemplateBody=body % allocation)
    (vpc,) = region.reconciled[-1].vpcs
    assert [each.kind for each in vpc.interfaces] == [InterfaceKind.NAT_GATEWAY]

    stacks.delete_stack(StackName=name)
    (vpc,) = region.reconciled[-1].vpcs
    assert vpc.interfaces == ()


@pytest.mark.parametrize(
    ("service", "call", "arguments", "action"),
    [
        (
            "autoscaling",
            "create_auto_scaling_group",
            {"AutoScalingGroupName": "a", "MinSize": 1, "MaxSize": 1},
            "CreateAutoScalingGroup",
        ),
        ("apigatewayv2", "create_vpc_link", {"Name": "a", "SubnetIds": ["subnet-1"]}, "vpclinks"),
        (
            "servicediscovery",
            "create_private_dns_namespace",
            {"Name": "a.example", "Vpc": "vpc-1"},
            "CreatePrivateDnsNamespace",
        ),
        (
            "fsx",
            "create_file_system",
            {"FileSystemType": "LUSTRE", "SubnetIds": ["subnet-01234567"]},
            "CreateFileSystem",
        ),
    ],
)
def test_back_door_to_an_unsupported_resource_is_closed(
    region: Region, service: str, call: str, arguments: dict[str, Any], action: str
) -> None:
    error = api_error(getattr(region.client(service), call), **arguments)

    assert (error.status, error.code) == (501, "NotImplemented")
    assert action in error.message
