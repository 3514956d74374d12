"""Policies of VPC endpoints, for the calls of a function inside the VPC."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.iam.rows import allow
from tests.support.network.vpc_factory import ZONES, VpcFactory

HERE, _ = ZONES
_CODE = """
    import boto3
    from botocore.config import Config

    settings = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1})

    def handler(event, context):
        client = boto3.client(event["service"], config=settings)
        try:
            getattr(client, event["operation"])(**event["parameters"])
        except Exception as error:
            return {"error": str(error)}
        return {"error": ""}
"""


@pytest.fixture
def caller(vpc_factory: VpcFactory) -> Iterator[str]:
    """A function whose role may use S3 and SQS, in a lab that enforces IAM."""
    statement = allow(["s3:*", "sqs:*"])
    vpc_factory.client("iam").put_role_policy(
        RoleName=vpc_factory.name,
        PolicyName="p",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}),
    )
    vpc_factory.client("s3").create_bucket(Bucket=vpc_factory.name)
    vpc_factory.client("s3").put_object(Bucket=vpc_factory.name, Key="k", Body=b"x")
    function = vpc_factory.new_function("caller", HERE, code=_CODE, Timeout=30, MemorySize=512)
    vpc_factory.lab.configure(iam="enforce")
    yield function
    vpc_factory.lab.configure(iam="off")


def policy(*actions: str) -> str:
    statement = allow(list(actions), Principal="*")
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def error(vpc_factory: VpcFactory, function: str, service: str, operation: str, **parameters: Any) -> str:
    """Return the error of a call that a function makes, "" if it succeeds."""
    answer = vpc_factory.invoke(function, service=service, operation=operation, parameters=parameters)
    return str(answer["error"])


def test_gateway_endpoint_policy_applies_to_calls_in_the_vpc(vpc_factory: VpcFactory, caller: str) -> None:
    table = vpc_factory.new_table(vpc_factory.private[HERE])
    endpoint = vpc_factory.ec2.create_vpc_endpoint(
        VpcId=vpc_factory.vpc,
        ServiceName="com.amazonaws.us-east-1.s3",
        RouteTableIds=[table],
        PolicyDocument=policy("s3:GetObject"),
    )["VpcEndpoint"]["VpcEndpointId"]
    item = {"Bucket": vpc_factory.name, "Key": "k"}

    assert error(vpc_factory, caller, "s3", "get_object", **item) == ""
    denied = error(vpc_factory, caller, "s3", "put_object", **item, Body="y")
    assert "AccessDenied" in denied
    assert "because no VPC endpoint policy allows the s3:PutObject action" in denied
    vpc_factory.client("s3").put_object(**item, Body=b"z")  # from outside the VPC

    vpc_factory.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, ResetPolicy=True)
    assert error(vpc_factory, caller, "s3", "put_object", **item, Body="y") == ""


def test_interface_endpoint_policy_applies_to_calls_in_the_vpc(vpc_factory: VpcFactory, caller: str) -> None:
    vpc_factory.ec2.modify_vpc_attribute(VpcId=vpc_factory.vpc, EnableDnsHostnames={"Value": True})
    vpc_factory.ec2.create_vpc_endpoint(
        VpcId=vpc_factory.vpc,
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.us-east-1.sqs",
        SubnetIds=[vpc_factory.private[HERE]],
        SecurityGroupIds=[vpc_factory.group],
        PolicyDocument=policy("sqs:CreateQueue"),
    )
    assert error(vpc_factory, caller, "sqs", "create_queue", QueueName=vpc_factory.name) == ""
    denied = error(vpc_factory, caller, "sqs", "list_queues")
    assert "because no VPC endpoint policy allows the sqs:listqueues action" in denied
