"""Templates, and changes of stacks."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.support.scenario_stack import cache, network
from tests.support.served.region import Region, api_error, unique
from tests.support.served.stacks import CAPABILITIES, Stacks, att, outputs, ref, resource
from vpcache.lab.settings import LabSettings


def parameter(stacks: Stacks, value: Any, **sections: Any) -> str:
    """Return what a value of a template becomes, as an output."""
    stack = stacks.create(
        {"Queue": resource("SQS::Queue", QueueName=unique("q"))},
        Outputs={"Value": {"Value": value}},
        **sections,
    )
    stacks.delete(stack["StackId"])
    return outputs(stack)["Value"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Fn::Join": ["-", ["a", ref("AWS::Region"), 1]]}, "a-us-east-1-1"),
        ({"Fn::Sub": "${AWS::AccountId}-${!x}-${One}"}, "123456789012-${x}-1"),
        ({"Fn::Sub": ["${A}${B}", {"A": ref("One"), "B": "b"}]}, "1b"),
        ({"Fn::Select": [1, {"Fn::Split": [",", "a,b,c"]}]}, "b"),
        ({"Fn::FindInMap": ["M", ref("AWS::Region"), "k"]}, "v"),
        ({"Fn::If": ["IsOne", "yes", "no"]}, "yes"),
        ({"Fn::If": ["IsBoth", "yes", "no"]}, "no"),
        ({"Fn::Base64": "a"}, "YQ=="),
        ({"Fn::Select": [1, {"Fn::Cidr": ["10.0.0.0/24", 4, 6]}]}, "10.0.0.64/26"),
        ({"Fn::Select": [0, {"Fn::GetAZs": ref("AWS::Region")}]}, "us-east-1a"),
        ({"Fn::Select": [1, ref("List")]}, "y"),
        (ref("AWS::Partition"), "aws"),
    ],
)
def test_intrinsic_function_has_its_value(stacks: Stacks, value: Any, expected: str) -> None:
    actual = parameter(
        stacks,
        value,
        Parameters={
            "One": {"Type": "Number", "Default": 1},
            "List": {"Type": "CommaDelimitedList", "Default": "x, y"},
        },
        Mappings={"M": {"us-east-1": {"k": "v"}}},
        Conditions={
            "IsOne": {"Fn::Equals": [ref("One"), "1"]},
            "IsBoth": {"Fn::And": [{"Condition": "IsOne"}, {"Fn::Not": [{"Condition": "IsOne"}]}]},
        },
    )
    assert actual == expected


def test_template_in_yaml_has_short_forms(stacks: Stacks) -> None:
    body = """
AWSTemplateFormatVersion: 2010-09-09
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/24}}
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: !Sub "of ${Vpc}"
      VpcId: !GetAtt Vpc.VpcId
Outputs:
  Both: {Value: !Join ["|", [!Ref Vpc, !GetAtt [Group, GroupId]]]}
"""
    name = unique("stack")
    stacks.client.create_stack(StackName=name, TemplateBody=body)
    stack = stacks.wait(name, "CREATE_COMPLETE")
    ids = stacks.ids(name)
    assert outputs(stack) == {"Both": f"{ids['Vpc']}|{ids['Group']}"}
    assert stacks.client.get_template(StackName=name)["TemplateBody"] == body
    stacks.delete(stack["StackId"])


INVALID = [
    ({}, {}, "Template format error: At least one Resources member must be defined."),
    ({"Q": {"Properties": {}}}, {}, "Every Resources object must contain a Type member"),
    ({"Q": resource("SQS::Queue", QueueName=ref("None"))}, {}, "Unresolved resource dependencies [None]"),
    ({"Q": resource("SQS::Queue", "None")}, {}, "Unresolved resource dependencies [None]"),
    (
        {"A": resource("SQS::Queue", "B"), "B": resource("SQS::Queue", "A")},
        {},
        "Circular dependency between resources: [A, B]",
    ),
    ({"Q": resource("SQS::Queue")}, {"Parameters": {"P": {"Type": "String"}}}, "[P] must have values"),
    (
        {"Q": resource("SQS::Queue")},
        {"Parameters": {"P": {"Type": "String", "Default": "c", "AllowedValues": ["a", "b"]}}},
        "Parameter 'P' must be one of AllowedValues [a, b]",
    ),
    (
        {"Q": resource("SQS::Queue")},
        {"Parameters": {"P": {"Type": "Number", "Default": "11", "MaxValue": 10}}},
        "Parameter 'P'",
    ),
    ({"Q": resource("SQS::Queue") | {"Condition": "C"}}, {}, "Unresolved condition dependency C"),
    ({"Q": resource("SQS::Queue")}, {"Whatever": 1}, "Invalid template property or properties [Whatever]"),
]


@pytest.mark.parametrize(("resources", "sections", "message"), INVALID)
def test_invalid_template_is_rejected_before_anything_is_made(
    stacks: Stacks, resources: Any, sections: Any, message: str
) -> None:
    body = json.dumps({"Resources": resources, **sections})
    error = api_error(stacks.client.create_stack, StackName=unique("s"), TemplateBody=body)
    assert (error.status, error.code) == (400, "ValidationError")
    assert message in error.message


def test_role_needs_a_capability(stacks: Stacks) -> None:
    trust = {"Version": "2012-10-17", "Statement": []}
    for name, needed in ((None, "CAPABILITY_IAM"), ("one", "CAPABILITY_NAMED_IAM")):
        named = {"RoleName": name} if name else {}
        role = resource("IAM::Role", AssumeRolePolicyDocument=trust, **named)
        body = json.dumps({"Resources": {"Role": role}})
        error = api_error(stacks.client.create_stack, StackName=unique("s"), TemplateBody=body)
        assert error.code == "InsufficientCapabilitiesException"
        assert error.message == f"Requires capabilities : [{needed}]"
        described = stacks.client.validate_template(TemplateBody=body)
        assert described["Capabilities"] == [needed]


def test_template_is_validated_and_summarized(stacks: Stacks) -> None:
    body = json.dumps(
        {
            "Description": "d",
            "Parameters": {"P": {"Type": "String", "Default": "x", "NoEcho": True}},
            "Resources": {"Q": {"Type": "AWS::SQS::Queue"}},
        }
    )
    validated = stacks.client.validate_template(TemplateBody=body)
    assert validated["Description"] == "d"
    assert validated["Parameters"] == [{"ParameterKey": "P", "DefaultValue": "x", "NoEcho": True}]
    assert stacks.client.get_template_summary(TemplateBody=body)["ResourceTypes"] == ["AWS::SQS::Queue"]


def test_creation_is_in_progress_before_it_is_complete(stacks: Stacks, region: Region) -> None:
    region.settings = LabSettings(transition_ms=300, interface_linger_seconds=0, iam_lag_ms=0)
    resources = {
        "Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/24"),
        "Subnet": resource("EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.0.0/26"),
        "Gateway": resource("EC2::NatGateway", SubnetId=ref("Subnet"), ConnectivityType="private"),
    }
    body = json.dumps({"Resources": resources})
    name = unique("stack")
    stack = stacks.client.create_stack(StackName=name, TemplateBody=body)["StackId"]
    (found,) = stacks.client.describe_stacks(StackName=name)["Stacks"]
    assert found["StackStatus"] == "CREATE_IN_PROGRESS"
    error = api_error(stacks.client.create_stack, StackName=name, TemplateBody=body)
    assert error.code == "AlreadyExistsException"
    stacks.wait(stack, "CREATE_COMPLETE")
    gateways = region.client("ec2").describe_nat_gateways()["NatGateways"]
    assert [each["State"] for each in gateways] == ["available"]
    stacks.delete(stack)
    missing = api_error(stacks.client.describe_stacks, StackName=name)
    assert missing.message == f"Stack with id {name} does not exist"


def test_update_changes_replaces_adds_and_removes(stacks: Stacks, region: Region) -> None:
    def resources(cidr: str, dns: bool, name: str) -> dict[str, Any]:
        return {
            "Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/24", EnableDnsHostnames=dns),
            "Subnet": resource("EC2::Subnet", VpcId=ref("Vpc"), CidrBlock=cidr),
            "Kept": resource("SQS::Queue"),
            name: resource("Logs::LogGroup", LogGroupName=unique("log")),
        }

    stack = stacks.create(resources("10.0.0.0/26", False, "Old"))["StackId"]
    before = stacks.ids(stack)
    stacks.update(stack, resources("10.0.0.64/26", True, "New"))
    after = stacks.ids(stack)

    assert after["Vpc"] == before["Vpc"] and after["Kept"] == before["Kept"]
    assert after["Subnet"] != before["Subnet"]
    assert after.keys() == {"Vpc", "Subnet", "Kept", "New"}
    subnets = region.client("ec2").describe_subnets()["Subnets"]
    assert [each["CidrBlock"] for each in subnets] == ["10.0.0.64/26"]
    logs = region.client("logs").describe_log_groups()["logGroups"]
    names = [each["logGroupName"] for each in logs]
    assert after["New"] in names and before["Old"] not in names
    stacks.delete(stack)


def test_update_without_changes_is_rejected(stacks: Stacks) -> None:
    resources = {"Queue": resource("SQS::Queue")}
    stack = stacks.create(resources)["StackId"]
    body = json.dumps({"Resources": resources})
    error = api_error(
        stacks.client.update_stack, StackName=stack, TemplateBody=body, Capabilities=CAPABILITIES
    )
    assert error.message == "No updates are to be performed."
    stacks.delete(stack)


def test_unnamed_parameter_gets_a_name(stacks: Stacks, region: Region) -> None:
    stack = stacks.create({"Rate": resource("SSM::Parameter", Type="String", Value="7")})["StackId"]
    name = stacks.ids(stack)["Rate"]
    assert re.fullmatch(r"CFN-Rate-\w{12,}", name)
    assert region.client("ssm").get_parameter(Name=name)["Parameter"]["Value"] == "7"
    stacks.delete(stack)
    assert region.client("ssm").describe_parameters()["Parameters"] == []


def test_custom_name_prevents_a_replacement(stacks: Stacks) -> None:
    def group(description: str) -> dict[str, Any]:
        return {
            "Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/24"),
            "Group": resource(
                "EC2::SecurityGroup", GroupName="fixed", GroupDescription=description, VpcId=ref("Vpc")
            ),
        }

    stack = stacks.create(group("one"))["StackId"]
    stacks.update(stack, group("two"), "UPDATE_ROLLBACK_COMPLETE")
    assert "custom-named resource requires replacing" in stacks.reasons(stack)[0]
    stacks.delete(stack)


def test_cluster_is_resized_by_an_update(stacks: Stacks, region: Region) -> None:
    def resources(nodes: int) -> dict[str, Any]:
        all_of_them = {**cache(), **network()}
        all_of_them["Cache"]["Properties"]["NumCacheNodes"] = nodes
        return all_of_them

    stack = stacks.create(resources(2))["StackId"]
    cluster = stacks.ids(stack)["Cache"]
    for nodes in (3, 2):
        stacks.update(stack, resources(nodes))
        assert stacks.ids(stack)["Cache"] == cluster
        (vpc,) = region.reconciled[-1].vpcs
        assert len(vpc.cache_clusters[0].nodes) == nodes
    stacks.delete(stack)


def test_change_set_creates_and_updates(stacks: Stacks) -> None:
    client, name = stacks.client, unique("stack")
    one = json.dumps({"Resources": {"One": resource("SQS::Queue")}, "Outputs": {"Id": {"Value": ref("One")}}})
    two = json.dumps({"Resources": {"Two": resource("SQS::Queue")}})
    created = client.create_change_set(
        StackName=name, ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=one
    )
    assert client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "REVIEW_IN_PROGRESS"
    described = client.describe_change_set(ChangeSetName=created["Id"])
    assert [each["ResourceChange"]["Action"] for each in described["Changes"]] == ["Add"]
    client.execute_change_set(ChangeSetName=created["Id"])
    stack = stacks.wait(name, "CREATE_COMPLETE")
    assert [each["OutputKey"] for each in stack["Outputs"]] == ["Id"]

    client.delete_change_set(StackName=name, ChangeSetName="c")
    client.create_change_set(StackName=name, ChangeSetName="c", TemplateBody=one)
    same = client.describe_change_set(StackName=name, ChangeSetName="c")
    assert (same["Status"], same["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert same["StatusReason"].startswith("The submitted information didn't contain changes.")
    error = api_error(client.execute_change_set, StackName=name, ChangeSetName="c")
    assert error.code == "InvalidChangeSetStatus"
    client.delete_change_set(StackName=name, ChangeSetName="c")

    client.create_change_set(StackName=name, ChangeSetName="c", TemplateBody=two)
    changes = client.describe_change_set(StackName=name, ChangeSetName="c")["Changes"]
    actions = {
        each["ResourceChange"]["LogicalResourceId"]: each["ResourceChange"]["Action"] for each in changes
    }
    assert actions == {"One": "Remove", "Two": "Add"}
    client.execute_change_set(StackName=name, ChangeSetName="c")
    stacks.wait(name, "UPDATE_COMPLETE")
    assert list(stacks.ids(name)) == ["Two"]
    stacks.delete(stack["StackId"])


def test_export_is_imported_and_then_kept(stacks: Stacks) -> None:
    name = unique("export")
    first = stacks.create(
        {"Queue": resource("SQS::Queue")}, Outputs={"Q": {"Value": "value", "Export": {"Name": name}}}
    )["StackId"]
    second = stacks.create(
        {"Queue": resource("SQS::Queue")}, Outputs={"Q": {"Value": {"Fn::ImportValue": name}}}
    )
    assert outputs(second) == {"Q": "value"}
    stacks.delete(first, "DELETE_FAILED")
    stacks.delete(second["StackId"])
    stacks.delete(first)


def test_retained_resource_outlives_its_stack(stacks: Stacks, region: Region) -> None:
    group = resource("Logs::LogGroup", LogGroupName=unique("log"), RetentionInDays="7")
    stack = stacks.create({"Log": group | {"DeletionPolicy": "Retain"}})["StackId"]
    name = stacks.ids(stack)["Log"]
    stacks.delete(stack)
    logs = region.client("logs")
    (found,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert found["retentionInDays"] == 7
    logs.delete_log_group(logGroupName=name)


def test_protected_stack_is_kept(stacks: Stacks) -> None:
    stack = stacks.create({"Queue": resource("SQS::Queue")}, EnableTerminationProtection=True)["StackId"]
    error = api_error(stacks.client.delete_stack, StackName=stack)
    assert "cannot be deleted while TerminationProtection is enabled" in error.message
    stacks.client.update_termination_protection(StackName=stack, EnableTerminationProtection=False)
    stacks.delete(stack)
    stacks.client.delete_stack(StackName="stack-that-never-was")


def test_tags_of_a_stack_are_its_resources(stacks: Stacks, region: Region) -> None:
    vpc = resource("EC2::VPC", CidrBlock="10.0.0.0/24", Tags=[{"Key": "own", "Value": "1"}])
    stack = stacks.create({"Vpc": vpc}, Tags=[{"Key": "STAGE", "Value": "dev"}])["StackId"]
    (found,) = region.client("ec2").describe_vpcs()["Vpcs"]
    assert {each["Key"]: each["Value"] for each in found["Tags"]} == {"STAGE": "dev", "own": "1"}
    stacks.delete(stack)


def test_template_is_read_from_a_bucket(stacks: Stacks, region: Region) -> None:
    s3, bucket, name = region.client("s3"), unique("b"), unique("stack")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(
        Bucket=bucket, Key="a/t.json", Body=json.dumps({"Resources": {"Q": resource("SQS::Queue")}})
    )
    for url in (
        f"https://s3.amazonaws.com/{bucket}/a/t.json",
        f"https://{bucket}.s3.us-east-1.amazonaws.com/a/t.json",
        f"{region.url}/{bucket}/a/t.json",
    ):
        stacks.client.validate_template(TemplateURL=url)
    stacks.client.create_stack(StackName=name, TemplateURL=url)
    stacks.delete(stacks.wait(name, "CREATE_COMPLETE")["StackId"])
    missing = api_error(
        stacks.client.validate_template, TemplateURL=f"https://s3.amazonaws.com/{bucket}/none"
    )
    assert missing.code == "ValidationError" and "NoSuchKey" in missing.message


def test_unknown_attribute_fails_the_resource(stacks: Stacks) -> None:
    resources = {
        "Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/24"),
        "Log": resource("Logs::LogGroup", LogGroupName=att("Vpc", "None")),
    }
    stack = stacks.create(resources, "ROLLBACK_COMPLETE")["StackId"]
    assert "resource Vpc does not support attribute type None in Fn::GetAtt" in stacks.reasons(stack)[0]
    stacks.delete(stack)
