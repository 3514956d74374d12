"""Requests that are signed for another account: what they create and see, and what policies grant them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.iam.rows import allow
from tests.support.served.region import Region, api_error, error_code, unique

OURS, THEIRS = "123456789012", "210987654321"
ROOT_OF_THEIRS = {"AWS": f"arn:aws:iam::{THEIRS}:root"}
DENIED = "because no resource-based policy allows the"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(principal: dict[str, str]) -> str:
    return policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal})


@pytest.fixture
def theirs(region: Region) -> Callable[[str], Any]:
    return lambda service: region.client(service, account=THEIRS)


@pytest.fixture
def function(region: Region) -> str:
    """The ARN of a function in our account."""
    archive, name = io.BytesIO(), unique("f")
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("h.py", "def h(event, context): return event")
    role = region.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"})
    )["Role"]["Arn"]
    made = region.client("lambda").create_function(
        FunctionName=name,
        Role=role,
        Runtime="python3.12",
        Handler="h.h",
        Code={"ZipFile": archive.getvalue()},
    )
    return str(made["FunctionArn"])


def test_resources_belong_to_the_account_that_signed(region: Region, theirs: Any, function: str) -> None:
    name = unique("r")
    region.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust(ROOT_OF_THEIRS))
    region.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    region.client("s3").create_bucket(Bucket=name)

    assert theirs("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{THEIRS}:user/lab"
    assert error_code(theirs("iam").get_role, RoleName=name) == "NoSuchEntity"
    assert theirs("ec2").describe_vpcs()["Vpcs"] == []
    assert theirs("lambda").list_functions()["Functions"] == []
    assert name not in {bucket["Name"] for bucket in theirs("s3").list_buckets()["Buckets"]}
    made = theirs("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust(ROOT_OF_THEIRS))
    assert made["Role"]["Arn"] == f"arn:aws:iam::{THEIRS}:role/{name}"


@pytest.mark.parametrize("service", ["ec2", "elasticache", "lambda"])
def test_networks_of_other_accounts_are_refused_by_name(service: str, theirs: Any) -> None:
    call, arguments = {
        "ec2": ("create_vpc", {"CidrBlock": "10.0.0.0/16"}),
        "elasticache": ("delete_cache_cluster", {"CacheClusterId": "c"}),
        "lambda": ("delete_function", {"FunctionName": "f"}),
    }[service]
    error = api_error(getattr(theirs(service), call), **arguments)

    assert error[:2] == (501, "NotImplemented")
    assert f"the request is by account {THEIRS}" in error.message


def test_function_is_invoked_across_accounts_by_its_arn(enforced: Region, theirs: Any, function: str) -> None:
    name = function.rpartition(":")[2]
    error = api_error(theirs("lambda").invoke, FunctionName=function)
    assert error.code == "AccessDeniedException"
    assert f"on resource: {function} {DENIED} lambda:InvokeFunction action" in error.message

    enforced.client("lambda").add_permission(
        FunctionName=name, StatementId="s", Action="lambda:InvokeFunction", Principal=THEIRS
    )
    answer = theirs("lambda").invoke(FunctionName=function, Payload=b'"x"')
    assert answer["Payload"].read() == b'"x"'
    assert enforced.runner.invoked[-1][0].arn.startswith(function)
    missing = f"arn:aws:lambda:us-east-1:{THEIRS}:function:{name}"
    assert error_code(theirs("lambda").invoke, FunctionName=name) == "ResourceNotFoundException"
    assert error_code(theirs("lambda").invoke, FunctionName=missing) == "ResourceNotFoundException"


def test_queue_is_used_across_accounts_by_its_url(enforced: Region, theirs: Any) -> None:
    sqs, name = enforced.client("sqs"), unique("q")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    error = api_error(theirs("sqs").send_message, QueueUrl=url, MessageBody="x")
    assert f"on resource: arn:aws:sqs:us-east-1:{OURS}:{name} {DENIED}" in error.message

    actions = ["SendMessage", "GetQueueUrl"]
    sqs.add_permission(QueueUrl=url, Label="l", AWSAccountIds=[THEIRS], Actions=actions)
    theirs("sqs").send_message(QueueUrl=url, MessageBody="x")
    owned = {"QueueName": name, "QueueOwnerAWSAccountId": OURS}
    assert theirs("sqs").get_queue_url(**owned)["QueueUrl"] == url
    assert [each["Body"] for each in sqs.receive_message(QueueUrl=url)["Messages"]] == ["x"]
    assert error_code(theirs("sqs").receive_message, QueueUrl=url) == "AccessDenied"


def test_topic_is_published_to_across_accounts(enforced: Region, theirs: Any) -> None:
    sns = enforced.client("sns")
    topic = sns.create_topic(Name=unique("t"))["TopicArn"]
    assert error_code(theirs("sns").publish, TopicArn=topic, Message="x") == "AuthorizationError"
    sns.add_permission(TopicArn=topic, Label="l", AWSAccountId=[THEIRS], ActionName=["Publish"])
    assert theirs("sns").publish(TopicArn=topic, Message="x")["MessageId"]


def test_bucket_policy_with_a_condition_grants_across_accounts(enforced: Region, theirs: Any) -> None:
    s3, bucket = enforced.client("s3"), unique("b")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    item = {"Bucket": bucket, "Key": "k"}
    assert DENIED in api_error(theirs("s3").get_object, **item).message
    statement = allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal=ROOT_OF_THEIRS)
    for account, is_granted in ((OURS, False), (THEIRS, True)):
        statement["Condition"] = {"StringEquals": {"aws:PrincipalAccount": account}}
        s3.put_bucket_policy(Bucket=bucket, Policy=policy(statement))
        if is_granted:
            assert theirs("s3").get_object(**item)["Body"].read() == b"x"
        else:
            assert error_code(theirs("s3").get_object, **item) == "AccessDenied"
    assert error_code(theirs("s3").delete_object, **item) == "AccessDenied"


def test_role_of_another_account_needs_trust_and_permission(enforced: Region, theirs: Any) -> None:
    name = unique("r")
    role = enforced.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{OURS}:root"})
    )["Role"]["Arn"]
    request = {"RoleArn": role, "RoleSessionName": "run"}
    error = api_error(theirs("sts").assume_role, **request)
    assert error.message.endswith("because no role trust policy allows the sts:AssumeRole action")

    enforced.client("iam").update_assume_role_policy(RoleName=name, PolicyDocument=trust(ROOT_OF_THEIRS))
    answer = theirs("sts").assume_role(**request)
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{OURS}:assumed-role/{name}/run"

    iam, user = theirs("iam"), unique("u")
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    sts = enforced.client("sts", account=key)
    denied = api_error(sts.assume_role, **request)
    assert denied.message.endswith("because no identity-based policy allows the sts:AssumeRole action")
    iam.put_user_policy(UserName=user, PolicyName="p", PolicyDocument=policy(allow("sts:AssumeRole", role)))
    assert sts.assume_role(**request)["Credentials"]
