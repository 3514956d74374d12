"""What the lab does not make is refused by name, by CloudFormation and by other services' back doors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.served.region import Region, api_error, unique
from tests.support.served.stacks import Stacks, ref, resource


def template(kind: str, condition: str | None = None, **properties: Any) -> str:
    two = {"Type": kind, "Properties": properties} | ({"Condition": condition} if condition else {})
    body = {
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
        "Resources": {"One": {"Type": "AWS::SQS::Queue"}, "Two": two},
        "Outputs": {"Id": {"Value": {"Ref": "One"}}},
    }
    return json.dumps(body)


NOT_MADE = [
    ("AWS::EC2::PrefixList", {"PrefixListName": "p", "AddressFamily": "IPv4", "MaxEntries": 1}),
    ("AWS::CloudFormation::WaitConditionHandle", {}),
    ("AWS::CloudFormation::Stack", {"TemplateURL": "https://s3.amazonaws.com/b/k"}),
    ("AWS::CloudFormation::CustomResource", {"ServiceToken": "arn:aws:lambda:us-east-1:1:function:f"}),
    ("Custom::Thing", {"ServiceToken": "arn:aws:lambda:us-east-1:1:function:f"}),
    ("AWS::EC2::Instance", {"ImageId": "ami-1"}),
    ("AWS::EC2::SpotFleet", {}),
    ("AWS::EC2::TransitGateway", {}),
    ("AWS::EC2::VPCPeeringConnection", {"VpcId": "vpc-1", "PeerVpcId": "vpc-2"}),
    ("AWS::EC2::VPNConnection", {"Type": "ipsec.1"}),
    ("AWS::AutoScaling::AutoScalingGroup", {"MinSize": "1", "MaxSize": "1"}),
    ("AWS::AutoScaling::LaunchConfiguration", {"ImageId": "ami-1"}),
    ("AWS::RDS::DBInstance", {"DBInstanceClass": "db.t4g.micro"}),
    ("AWS::ECS::Cluster", {}),
    ("AWS::EFS::FileSystem", {}),
    ("AWS::Batch::ComputeEnvironment", {}),
    ("AWS::ElastiCache::ReplicationGroup", {"ReplicationGroupDescription": "d"}),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", {"Name": "n"}),
    ("AWS::Lambda::LayerVersion", {}),
]
NOT_HONOURED = [
    ("AWS::Route53::HostedZone", {"Name": "a.example", "VPCs": [{"VPCId": "vpc-1"}]}, "VPCs"),
    ("AWS::EC2::VPC", {"CidrBlock": "10.0.0.0/24", "Ipv4IpamPoolId": "p"}, "Ipv4IpamPoolId"),
    ("AWS::EC2::EIP", {"InstanceId": "i-1"}, "InstanceId"),
    ("AWS::S3::Bucket", {"WebsiteConfiguration": {}}, "WebsiteConfiguration"),
    ("AWS::Lambda::Version", {"FunctionName": "f", "ProvisionedConcurrencyConfig": {}}, "Provisioned"),
]


@pytest.mark.parametrize(("kind", "properties"), NOT_MADE)
def test_type_that_is_not_made_is_refused_by_name(
    stacks: Stacks, region: Region, kind: str, properties: dict[str, Any]
) -> None:
    assert_refused(stacks, region, template(kind, **properties), kind)


@pytest.mark.parametrize(("kind", "properties", "name"), NOT_HONOURED)
def test_property_that_is_not_honoured_is_refused_by_name(
    stacks: Stacks, region: Region, kind: str, properties: dict[str, Any], name: str
) -> None:
    assert_refused(stacks, region, template(kind, **properties), name)


def assert_refused(stacks: Stacks, region: Region, body: str, text: str) -> None:
    """Assert that neither a stack nor a change set is created from a template, and nothing else."""
    client, name = stacks.client, unique("stack")
    queues = region.client("sqs").list_queues().get("QueueUrls")
    change = {"StackName": name, "ChangeSetName": "c", "ChangeSetType": "CREATE"}
    for error in (
        api_error(client.create_stack, StackName=name, TemplateBody=body),
        api_error(client.create_change_set, TemplateBody=body, **change),
    ):
        assert (error.status, error.code) == (501, "NotImplemented")
        assert text in error.message
    assert region.client("sqs").list_queues().get("QueueUrls") == queues
    assert name not in [each["StackName"] for each in client.describe_stacks()["Stacks"]]


def test_updated_stack_is_refused_by_name_too(stacks: Stacks) -> None:
    stack = stacks.create({"One": resource("SNS::Topic")})["StackId"]
    body = template("AWS::EC2::Instance")
    error = api_error(stacks.client.update_stack, StackName=stack, TemplateBody=body)

    assert error.code == "NotImplemented"
    stacks.delete(stack)


def test_type_of_a_condition_that_fails_is_not_refused(stacks: Stacks) -> None:
    name = unique("stack")
    body = template("AWS::EC2::Instance", condition="Never")
    stacks.client.create_stack(StackName=name, TemplateBody=body)

    stack = stacks.wait(name, "CREATE_COMPLETE")["StackId"]
    assert list(stacks.ids(stack)) == ["One"]
    stacks.delete(stack)


def test_property_without_value_is_not_refused(stacks: Stacks) -> None:
    removed = {"Fn::If": ["Never", "value", ref("AWS::NoValue")]}
    conditions = {"Never": {"Fn::Equals": ["a", "b"]}}
    vpc = resource("EC2::VPC", CidrBlock="10.0.0.0/24", Ipv4IpamPoolId=removed)
    stacks.delete(stacks.create({"Vpc": vpc}, Conditions=conditions)["StackId"])


def test_property_that_moto_drops_fails_the_resource(stacks: Stacks, region: Region) -> None:
    """A handler of moto has to run before it is known which properties it reads."""
    rules = region.client("events").list_rules()["Rules"]
    rule = resource("Events::Rule", ScheduleExpression="rate(1 day)", Unread="1")
    stack = stacks.create({"Rule": rule}, "ROLLBACK_COMPLETE")["StackId"]

    assert stacks.reasons(stack) == ["Rule: The property Unread of AWS::Events::Rule is not emulated."]
    assert region.client("events").list_rules()["Rules"] == rules
    stacks.delete(stack)


@pytest.mark.parametrize(
    "section",
    [{"Transform": "AWS::Serverless-2016-10-31"}, {"Rules": {}}, {"Hooks": {}}],
)
def test_section_that_is_not_emulated_is_refused(stacks: Stacks, section: dict[str, Any]) -> None:
    body = json.dumps({"Resources": {"One": {"Type": "AWS::SQS::Queue"}}, **section})
    error = api_error(stacks.client.create_stack, StackName="s", TemplateBody=body)
    assert error.code == "NotImplemented"
    assert next(iter(section)) in error.message


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("create_stack_set", {"StackSetName": "s", "TemplateBody": "{}"}),
        ("detect_stack_drift", {"StackName": "s"}),
        ("set_stack_policy", {"StackName": "s", "StackPolicyBody": "{}"}),
        (
            "create_stack",
            {"StackName": "s", "TemplateBody": "{}", "RoleARN": "arn:aws:iam::1:role/" + "r" * 9},
        ),
        ("create_stack", {"StackName": "s", "TemplateBody": "{}", "NotificationARNs": ["arn:aws:sns:a:1:t"]}),
    ],
)
def test_operation_and_parameter_without_effect_are_refused(
    stacks: Stacks, operation: str, arguments: dict[str, Any]
) -> None:
    assert api_error(getattr(stacks.client, operation), **arguments).code == "NotImplemented"


@pytest.mark.parametrize(
    ("service", "call", "arguments", "action"),
    [
        (
            "autoscaling",
            "create_auto_scaling_group",
            {"AutoScalingGroupName": "a", "MinSize": 1, "MaxSize": 1},
            "CreateAutoScalingGroup",
        ),
        (
            "autoscaling",
            "attach_instances",
            {"AutoScalingGroupName": "a", "InstanceIds": ["i-01234567"]},
            "AttachInstances",
        ),
        ("apigatewayv2", "create_vpc_link", {"Name": "a", "SubnetIds": ["subnet-1"]}, "CreateVpcLink"),
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
