"""Requests to function URLs with AuthType AWS_IAM, signed as botocore signs them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.process.aws.awslambda.test_function_urls import host_of, new_url
from tests.support.served.functions import create
from tests.support.served.region import Region, unique
from vpcache.lab.aws.awslambda.urls.calls import call_url
from vpcache.lab.services.http_host import HttpAnswer, HttpRequest

FOREIGN = "210987654321"
NEEDED = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")


@pytest.fixture
def host(functions: Any) -> str:
    """The host of a URL with AuthType AWS_IAM."""
    create(functions)
    return host_of(new_url(functions, AuthType="AWS_IAM"))


@pytest.fixture
def user(region: Region) -> tuple[str, Credentials]:
    """A user without permissions, and its credentials."""
    iam, name = region.client("iam"), unique("user")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return name, Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def signed(
    host: str, credentials: Credentials, service: str = "lambda", region: str = "us-east-1"
) -> HttpAnswer:
    request = AWSRequest("GET", f"https://{host}/", headers={"Host": host})
    SigV4Auth(credentials, service, region).add_auth(request)
    return call_url(host, HttpRequest("GET", "/", "203.0.113.9", tuple(request.headers.items())))


def allow(region: Region, name: str, *actions: str, **condition: Any) -> None:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*", **condition}
    document = {"Version": "2012-10-17", "Statement": statement}
    region.client("iam").put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(document))


def test_unsigned_request_is_forbidden(functions: Any, host: str) -> None:
    functions.add_permission(
        FunctionName="one",
        StatementId="everyone",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )
    answer = call_url(host, HttpRequest("GET", "/", "203.0.113.9"))
    assert answer.status == 403 and b"Forbidden" in answer.body


def test_user_needs_both_permissions(region: Region, host: str, user: tuple[str, Credentials]) -> None:
    name, credentials = user
    assert signed(host, credentials).status == 403
    for action in NEEDED:
        allow(region, name, action)
        assert signed(host, credentials).status == 403
    allow(region, name, *NEEDED)
    assert signed(host, credentials).status == 200


def test_condition_keys_of_urls_hold(region: Region, host: str, user: tuple[str, Credentials]) -> None:
    name, credentials = user
    for auth_type, status in (("NONE", 403), ("AWS_IAM", 200)):
        condition = {"StringEqualsIfExists": {"lambda:FunctionUrlAuthType": auth_type}}
        allow(region, name, *NEEDED, Condition=condition)
        assert signed(host, credentials).status == status


def test_event_names_the_caller(region: Region, host: str, user: tuple[str, Credentials]) -> None:
    name, credentials = user
    allow(region, name, *NEEDED)
    context = json.loads(signed(host, credentials).body)["requestContext"]
    identity = context["authorizer"]["iam"]
    assert context["accountId"] == identity["accountId"] == "123456789012"
    assert identity["userArn"] == f"arn:aws:iam::123456789012:user/{name}"
    assert identity["accessKey"] == credentials.access_key


def test_other_account_needs_permissions_of_the_function(functions: Any, host: str) -> None:
    credentials = Credentials(FOREIGN, "secret")
    assert signed(host, credentials).status == 403
    for action, options in (
        ("lambda:InvokeFunctionUrl", {"FunctionUrlAuthType": "AWS_IAM"}),
        ("lambda:InvokeFunction", {"InvokedViaFunctionUrl": True}),
    ):
        assert signed(host, credentials).status == 403
        functions.add_permission(
            FunctionName="one", StatementId=unique("s"), Action=action, Principal=FOREIGN, **options
        )
    assert signed(host, credentials).status == 200


@pytest.mark.parametrize(("service", "signed_for"), [("execute-api", "us-east-1"), ("lambda", "eu-west-1")])
def test_signature_for_another_service_or_region_is_forbidden(
    host: str, service: str, signed_for: str
) -> None:
    credentials = Credentials("123456789012", "secret")
    assert signed(host, credentials).status == 200
    assert signed(host, credentials, service, signed_for).status == 403


def test_unknown_temporary_credentials_are_forbidden(host: str) -> None:
    assert signed(host, Credentials(f"ASIA{'A' * 16}", "secret", "token")).status == 403


def test_url_may_change_its_authorization(functions: Any, host: str) -> None:
    changed = functions.update_function_url_config(FunctionName="one", AuthType="NONE")
    assert changed["AuthType"] == "NONE"
    assert signed(host, Credentials("123456789012", "secret")).status == 403  # not public
