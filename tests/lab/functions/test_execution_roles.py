"""Functions have the credentials of their execution role, and may do what it allows."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support.execution_roles import OF_VPC, allow
from tests.support.network.vpc_factory import ZONES, VpcFactory

ACCOUNT = "123456789012"
CODE = """
    import json, os, time
    import boto3
    from botocore.config import Config

    settings = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 1})

    def handler(event, context):
        print("a line")
        time.sleep(event.get("seconds", 0))
        if "call" not in event:
            names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
            return [os.environ[name] for name in names]
        service, operation, arguments = event["call"]
        try:
            answer = getattr(boto3.client(service, config=settings), operation)(**arguments)
        except Exception as error:
            return getattr(error, "response", {"Error": {"Message": repr(error)}})["Error"]
        answer.pop("ResponseMetadata")
        return json.loads(json.dumps(answer, default=str))
"""


class Function:
    """A function in a VPC with a NAT gateway, and its role."""

    def __init__(self, factory: VpcFactory) -> None:
        self.factory = factory
        factory.attach_internet_gateway()
        factory.new_nat_gateway(ZONES[0])
        self.name = factory.new_function("client", ZONES[0], code=CODE, Timeout=30, MemorySize=512)

    def call(self, service: str, operation: str, **arguments: Any) -> Any:
        return self.factory.invoke(self.name, call=[service, operation, arguments])

    def allow(self, *actions: str) -> None:
        allow(self.factory.client("iam"), self.factory.name, *actions)

    def credentials(self, **event: Any) -> tuple[str, ...]:
        return tuple(self.factory.invoke(self.name, **event))

    def client(self, service: str, credentials: tuple[str, ...]) -> Any:
        """Return a client of the lab's port with the credentials of a process."""
        return boto3.client(service, "us-east-1", None, True, None, self.factory.lab.endpoint, *credentials)


@pytest.fixture
def function(vpc_factory: VpcFactory) -> Function:
    return Function(vpc_factory)


def test_caller_is_the_execution_role_with_the_functions_name(function: Function) -> None:
    role, name = function.factory.name, function.name
    identity = function.call("sts", "get_caller_identity")
    assert identity["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}"
    assert identity["Account"] == ACCOUNT
    role_id = function.factory.client("iam").get_role(RoleName=role)["Role"]["RoleId"]
    assert identity["UserId"] == f"{role_id}:{name}"


def test_each_process_has_its_own_credentials_until_it_ends(function: Function) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: function.credentials(seconds=1), range(2))
    assert all(one != other for one, other in zip(first, second, strict=True))
    assert first[0].startswith("ASIA") and len(first[0]) == 20
    clients = [function.client("sts", each) for each in (first, second)]
    assert {each.get_caller_identity()["Account"] for each in clients} == {ACCOUNT}
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        function.client("sts", (*first[:2], second[2])).get_caller_identity()
    function.factory.client("lambda").update_function_configuration(FunctionName=function.name, Timeout=29)
    for client in clients:
        with pytest.raises(ClientError, match="InvalidClientTokenId"):
            client.get_caller_identity()
    assert function.credentials()[0] not in (first[0], second[0])


def test_function_may_do_only_what_its_role_allows(function: Function) -> None:
    assert function.factory.lab.settings().iam == "off"
    iam, role, bucket = function.factory.client("iam"), function.factory.name, function.factory.name
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{function.name}"
    function.factory.client("s3").create_bucket(Bucket=bucket)
    put = {"Bucket": bucket, "Key": "a/k", "Body": "v"}
    denied = function.call("s3", "put_object", **put)
    assert denied["Code"] == "AccessDenied" and denied["Message"] == (
        f"User: {session} is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::{bucket}/a/k "
        "because no identity-based policy allows the s3:PutObject action"
    )
    denied = function.call("ec2", "describe_vpcs")
    assert denied["Code"] == "UnauthorizedOperation" and session in denied["Message"]
    denied = function.call("lambda", "list_functions")
    assert denied["Code"] == "AccessDeniedException" and "lambda:ListFunctions" in denied["Message"]
    function.allow(*OF_VPC, "s3:PutObject", "ec2:DescribeVpcs")
    assert "ETag" in function.call("s3", "put_object", **put)
    assert "Code" in function.call("s3", "get_object", Bucket=bucket, Key="a/k")
    assert function.call("ec2", "describe_vpcs")["Vpcs"]
    boundary = json.dumps(
        {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}}
    )
    arn = iam.create_policy(PolicyName=role, PolicyDocument=boundary)["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=arn)
    assert "no permissions boundary allows" in function.call("s3", "put_object", **put)["Message"]
    iam.delete_role_permissions_boundary(RoleName=role)
    unused = function.factory.lab.unused_permissions(role)
    assert not {"s3:PutObject", "ec2:CreateNetworkInterface", "logs:PutLogEvents"} & set(unused)
    assert "ec2:AttachNetworkInterface" in unused


def test_resource_policy_allows_a_functions_role(function: Function) -> None:
    sqs = function.factory.client("sqs")
    url = sqs.create_queue(QueueName=function.factory.name)["QueueUrl"]
    sending = {"QueueUrl": url, "MessageBody": "x"}
    denied = function.call("sqs", "send_message", **sending)["Message"]
    assert "is not authorized to perform: sqs:sendmessage" in denied
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": function.factory.role},
        "Action": "sqs:SendMessage",
        "Resource": queue,
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})
    assert "MessageId" in function.call("sqs", "send_message", **sending)


def test_role_without_log_permissions_leaves_no_log(function: Function) -> None:
    logs, group = function.factory.client("logs"), f"/aws/lambda/{function.name}"
    network = OF_VPC[0]

    def groups() -> list[str]:
        found = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        return [each["logGroupName"] for each in found]

    def lines() -> int:
        return len(logs.filter_log_events(logGroupName=group)["events"])

    function.allow(network, "logs:CreateLogStream", "logs:PutLogEvents")
    function.credentials()
    assert groups() == []  # it would have to be created
    function.allow(network, "logs:CreateLogGroup", "logs:CreateLogStream")
    function.credentials()
    assert groups() == [] or lines() == 0
    function.allow(*OF_VPC)
    function.credentials()
    before = lines()
    assert before > 0
    function.allow(network, "logs:PutLogEvents")
    function.credentials()  # the same process: its stream exists
    assert lines() > before
    function.allow(network, "logs:CreateLogStream")
    before = lines()
    function.credentials()
    assert lines() == before
