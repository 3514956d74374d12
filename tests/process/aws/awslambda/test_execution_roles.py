"""What Lambda requires of the execution role of a function, whether IAM is enforced or not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.execution_roles import OF_VPC, allow, create_execution_role
from tests.support.served.functions import eventually, zipped
from tests.support.served.region import Network, Region, api_error, unique

LACKS = "The provided execution role does not have permissions to call {} on {}"


@pytest.fixture
def role(region: Region) -> str:
    """The name of a role that allows nothing but logs and interfaces."""
    name = unique("role")
    create_execution_role(region.client("iam"), name)
    return name


def creation(role: str, **options: Any) -> dict[str, Any]:
    return {
        "FunctionName": unique("f"),
        "Role": f"arn:aws:iam::123456789012:role/{role}",
        "Runtime": "python3.13",
        "Handler": "handler.handler",
        "Code": {"ZipFile": zipped("first")},
        **options,
    }


def message(call: Any, **arguments: Any) -> str:
    error = api_error(call, **arguments)
    assert (error.status, error.code) == (400, "InvalidParameterValueException")
    return error.message


def test_lambda_must_be_trusted(region: Region, functions: Any, role: str) -> None:
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    region.client("iam").update_assume_role_policy(RoleName=role, PolicyDocument=document)
    assert message(functions.create_function, **creation(role)) == (
        "The role defined for the function cannot be assumed by Lambda."
    )


@pytest.mark.parametrize(
    ("allowed", "missing"),
    [
        ([], "CreateNetworkInterface"),
        (["ec2:CreateNetworkInterface"], "DescribeNetworkInterfaces"),
        (["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces"], "DeleteNetworkInterface"),
    ],
)
def test_function_in_a_vpc_needs_permissions_on_interfaces(
    region: Region, ec2: Any, network: Network, functions: Any, role: str, allowed: list[str], missing: str
) -> None:
    iam = region.client("iam")
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=network.vpc)["GroupId"]
    vpc = {"SubnetIds": [*network.private.values()], "SecurityGroupIds": [group]}
    allow(iam, role, "logs:*", *allowed)
    expected = LACKS.format(missing, "EC2")
    assert message(functions.create_function, **creation(role, VpcConfig=vpc)) == expected
    name = functions.create_function(**creation(role))["FunctionName"]
    update = functions.update_function_configuration
    assert message(update, FunctionName=name, VpcConfig=vpc) == expected
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    allow(iam, role, *OF_VPC)
    assert update(FunctionName=name, VpcConfig=vpc)["VpcConfig"]["VpcId"] == network.vpc
    other = unique("role")
    create_execution_role(iam, other)
    allow(iam, other, *allowed, "logs:*")
    changed = f"arn:aws:iam::123456789012:role/{other}"
    assert message(update, FunctionName=name, Role=changed) == expected


def test_role_that_may_not_delete_interfaces_leaves_them(
    region: Region, ec2: Any, network: Network, functions: Any, role: str
) -> None:
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=network.vpc)["GroupId"]
    vpc = {"SubnetIds": [network.private["us-east-1a"]], "SecurityGroupIds": [group]}
    name = functions.create_function(**creation(role, VpcConfig=vpc))["FunctionName"]
    allow(region.client("iam"), role, "logs:*")
    functions.delete_function(FunctionName=name)
    (interface,) = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert interface["Status"] == "available"


def test_role_must_allow_dead_letters(region: Region, functions: Any, role: str) -> None:
    sqs, sns, name = region.client("sqs"), region.client("sns"), unique("dead")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name=name)["TopicArn"]
    function = functions.create_function(**creation(role))["FunctionName"]
    for target, missing, permission in (
        (queue, ("SendMessage", "SQS"), "sqs:SendMessage"),
        (topic, ("Publish", "SNS"), "sns:Publish"),
    ):
        config = {"DeadLetterConfig": {"TargetArn": target}}
        update = {"FunctionName": function, **config}
        assert message(functions.create_function, **creation(role, **config)) == LACKS.format(*missing)
        assert message(functions.update_function_configuration, **update) == LACKS.format(*missing)
        allow(region.client("iam"), role, permission)
        assert functions.update_function_configuration(**update)["DeadLetterConfig"]["TargetArn"] == target


def test_result_is_not_sent_without_permission(
    region: Region, functions: Any, role: str, caplog: pytest.LogCaptureFixture
) -> None:
    sqs = region.client("sqs")
    url = sqs.create_queue(QueueName=unique("q"))["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    function = functions.create_function(**creation(role))["FunctionName"]
    functions.put_function_event_invoke_config(
        FunctionName=function, DestinationConfig={"OnSuccess": {"Destination": queue}}
    )

    def received() -> list[Any]:
        functions.invoke(FunctionName=function, InvocationType="Event", Payload=b"{}")
        messages: list[Any] = sqs.receive_message(QueueUrl=url).get("Messages", [])
        return messages

    eventually(lambda: received() or f"the role of {function} may not send" in caplog.text)
    assert received() == []
    allow(region.client("iam"), role, "sqs:SendMessage")
    assert eventually(received)


def test_log_needs_permissions(region: Region, functions: Any, role: str) -> None:
    iam, logs = region.client("iam"), region.client("logs")
    function = functions.create_function(**creation(role))["FunctionName"]
    group = f"/aws/lambda/{function}"

    def events() -> int:
        functions.invoke(FunctionName=function)
        groups = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        return len(logs.filter_log_events(logGroupName=group)["events"]) if groups else 0

    for missing in ("CreateLogGroup", "CreateLogStream", "PutLogEvents"):
        needed = {"CreateLogGroup", "CreateLogStream", "PutLogEvents"} - {missing}
        allow(iam, role, *(f"logs:{each}" for each in sorted(needed)))
        assert events() == 0
    allow(iam, role, "logs:*")
    assert events() == 3
    allow(iam, role, "logs:PutLogEvents")
    assert events() == 6
