"""Stacks that fail half way: nothing is left, or all is as before."""

from __future__ import annotations

from typing import Any

import pytest

from tests.process.aws.cloudformation.test_scenario_stack import scenario, snapshot
from tests.support.served.region import Region, api_error, unique
from tests.support.served.stacks import Stacks, att, ref, resource


def failing() -> dict[str, Any]:
    """Return a VPC, and a subnet outside its block."""
    return {
        "Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/24"),
        "Subnet": resource("EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.1.0.0/24"),
    }


def test_failed_creation_is_rolled_back_with_the_reason(stacks: Stacks, region: Region) -> None:
    stack = stacks.create(failing(), "ROLLBACK_COMPLETE")["StackId"]

    (reason,) = stacks.reasons(stack)
    assert reason.startswith("Subnet: Resource handler returned message:") and "10.1.0.0/24" in reason
    assert region.client("ec2").describe_vpcs()["Vpcs"] == []
    assert stacks.statuses(stack, "Vpc") == [
        "CREATE_IN_PROGRESS",
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
        "DELETE_IN_PROGRESS",
        "DELETE_COMPLETE",
    ]
    name = stacks.client.describe_stacks(StackName=stack)["Stacks"][0]["StackName"]
    assert stacks.statuses(stack, name) == ["CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]
    body = '{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}'
    error = api_error(stacks.client.update_stack, StackName=stack, TemplateBody=body)
    assert error.message == f"Stack:{stack} is in ROLLBACK_COMPLETE state and can not be updated."
    stacks.delete(stack)


@pytest.mark.parametrize(
    ("options", "status", "vpcs"),
    [
        ({"OnFailure": "DO_NOTHING"}, "CREATE_FAILED", 1),
        ({"DisableRollback": True}, "CREATE_FAILED", 1),
        ({"OnFailure": "DELETE"}, "DELETE_COMPLETE", 0),
        ({"OnFailure": "ROLLBACK"}, "ROLLBACK_COMPLETE", 0),
    ],
)
def test_failed_creation_obeys_on_failure(
    stacks: Stacks, region: Region, options: dict[str, Any], status: str, vpcs: int
) -> None:
    stack = stacks.create(failing(), status, **options)["StackId"]
    assert len(region.client("ec2").describe_vpcs()["Vpcs"]) == vpcs
    if status != "DELETE_COMPLETE":
        stacks.delete(stack)
    assert region.client("ec2").describe_vpcs()["Vpcs"] == []


FAULTS = {
    "Function": {"MemorySize": 1},
    "Cache": {"CacheNodeType": "cache.none"},
    "GatewayB": {"AllocationId": "eipalloc-00000000000000000"},
    "PrivateRouteA": {"NatGatewayId": "nat-00000000000000000"},
    "Role": {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/None"]},
    "CacheGroup": {
        "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIp": "x"}]
    },
    "Parameters": {"Properties": {"no_such_parameter": "1"}},
    "Permission": {"Action": "none"},
}


@pytest.mark.parametrize("logical_id", FAULTS)
def test_failure_at_any_resource_leaves_nothing(stacks: Stacks, region: Region, logical_id: str) -> None:
    before, resources = snapshot(region), scenario()
    resources[logical_id]["Properties"].update(FAULTS[logical_id])
    stack = stacks.create(resources, "ROLLBACK_COMPLETE", StackName=unique("s"))["StackId"]

    assert [each.split(":")[0] for each in stacks.reasons(stack)] == [logical_id]
    assert snapshot(region) == before
    stacks.delete(stack)


def test_nat_gateway_without_internet_fails_its_stack(stacks: Stacks, region: Region) -> None:
    resources = {
        "Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/24"),
        "Subnet": resource("EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.0.0/26"),
        "Address": resource("EC2::EIP"),
        "Gateway": resource(
            "EC2::NatGateway", SubnetId=ref("Subnet"), AllocationId=att("Address", "AllocationId")
        ),
    }
    stack = stacks.create(resources, "ROLLBACK_COMPLETE")["StackId"]
    (reason,) = stacks.reasons(stack)
    assert "has no Internet gateway attached" in reason
    assert region.client("ec2").describe_vpcs()["Vpcs"] == []
    stacks.delete(stack)


def test_failed_update_is_rolled_back(stacks: Stacks, region: Region) -> None:
    vpc = resource("EC2::VPC", CidrBlock="10.0.0.0/24", Tags=[{"Key": "Name", "Value": "old"}])
    gone = resource("SQS::Queue", QueueName=unique("gone"))
    stack = stacks.create({"Vpc": vpc, "Gone": gone})["StackId"]
    ids = stacks.ids(stack)
    new = failing()
    new["Vpc"]["Properties"]["EnableDnsHostnames"] = True
    new["More"] = resource("EC2::RouteTable", VpcId=ref("Vpc"))
    new["Subnet"]["DependsOn"] = "More"
    stacks.update(stack, new, "UPDATE_ROLLBACK_COMPLETE")

    assert stacks.ids(stack) == ids
    ec2 = region.client("ec2")
    (found,) = ec2.describe_vpcs()["Vpcs"]
    assert found["Tags"] == [{"Key": "Name", "Value": "old"}]
    attribute = ec2.describe_vpc_attribute(VpcId=found["VpcId"], Attribute="enableDnsHostnames")
    assert attribute["EnableDnsHostnames"] == {"Value": False}
    assert len(ec2.describe_route_tables()["RouteTables"]) == 1
    stacks.delete(stack)


def test_failed_deletion_can_be_repeated(stacks: Stacks, region: Region) -> None:
    s3 = region.client("s3")
    stack = stacks.create({"Bucket": resource("S3::Bucket")})["StackId"]
    bucket = stacks.ids(stack)["Bucket"]
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    stacks.delete(stack, "DELETE_FAILED")
    assert "BucketNotEmpty" in stacks.reasons(stack)[0]

    s3.delete_object(Bucket=bucket, Key="a")
    stacks.delete(stack)
    assert bucket not in [each["Name"] for each in s3.list_buckets()["Buckets"]]
