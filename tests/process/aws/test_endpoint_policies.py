"""Policies of VPC endpoints, and the condition keys of requests through endpoints, while IAM is enforced."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.serving import make_server

from tests.support.iam.rows import allow, deny
from tests.support.served.region import Region, api_error, error_code, unique
from vpcache.lab.services.endpoint_requests import UsedEndpoint, through
from vpcache.lab.services.http import RequestHandler

EVERYONE = {"Principal": "*"}
USER = "arn:aws:iam::123456789012:user/lab"


@contextmanager
def served_through(region: Region, endpoint: UsedEndpoint) -> Iterator[Region]:
    """Serve a region's API as a VPC endpoint does."""
    assert region.api is not None
    api = through(endpoint, region.api)
    server = make_server("127.0.0.1", 0, api, threaded=True, request_handler=RequestHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield replace(region, url=f"http://127.0.0.1:{server.port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def endpoint(region: Region) -> Iterator[Callable[..., tuple[Region, UsedEndpoint]]]:
    """Create an endpoint with a policy of some statements; return the region as seen through it."""
    region.settings = region.settings.changed({"iam": "enforce"})
    ec2 = region.client("ec2")
    with ExitStack() as servers:

        def create(*statements: dict[str, Any], service: str = "s3") -> tuple[Region, UsedEndpoint]:
            vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
            kind = "Gateway" if service == "s3" else "Interface"
            made = ec2.create_vpc_endpoint(
                VpcId=vpc,
                VpcEndpointType=kind,
                PrivateDnsEnabled=False,
                ServiceName=f"com.amazonaws.us-east-1.{service}",
                **({"PolicyDocument": policy(*statements)} if statements else {}),
            )["VpcEndpoint"]
            used = UsedEndpoint(made["VpcEndpointId"], vpc, "us-east-1")
            return servers.enter_context(served_through(region, used)), used

        yield create


@pytest.fixture
def bucket(region: Region) -> str:
    name = unique("b")
    region.client("s3").create_bucket(Bucket=name)
    region.client("s3").put_object(Bucket=name, Key="k", Body=b"x")
    return name


def test_endpoint_without_policy_allows_everything(endpoint: Any, bucket: str) -> None:
    inside, _ = endpoint()
    assert inside.client("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"


def test_endpoint_policy_limits_also_the_accounts_user(endpoint: Any, region: Region, bucket: str) -> None:
    objects = f"arn:aws:s3:::{bucket}/*"
    inside, _ = endpoint(allow("s3:GetObject", objects, **EVERYONE))

    assert inside.client("s3").get_object(Bucket=bucket, Key="k")
    error = api_error(inside.client("s3").put_object, Bucket=bucket, Key="k", Body=b"")
    assert error == (
        403,
        "AccessDenied",
        f"User: {USER} is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::{bucket}/k "
        "because no VPC endpoint policy allows the s3:PutObject action",
    )
    assert region.client("s3").put_object(Bucket=bucket, Key="k", Body=b"")  # not through the endpoint


def test_endpoint_policy_denies_explicitly(endpoint: Any, bucket: str) -> None:
    inside, _ = endpoint(allow("*", **EVERYONE), deny("s3:DeleteObject", **EVERYONE))
    error = api_error(inside.client("s3").delete_object, Bucket=bucket, Key="k")
    assert error.message.endswith("with an explicit deny in a VPC endpoint policy")


def test_endpoint_policy_grants_nothing(endpoint: Any, region: Region) -> None:
    iam, name = region.client("iam"), unique("u")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
    inside, _ = endpoint(allow("*", **EVERYONE))
    assert error_code(inside.client("s3", account=key).list_buckets) == "AccessDenied"


@pytest.mark.parametrize(
    ("service", "operation", "allowed", "action"),
    [
        ("sqs", "list_queues", "sqs:SendMessage", "sqs:listqueues"),
        ("sns", "list_topics", "sns:Publish", "SNS:ListTopics"),
        ("lambda", "list_functions", "lambda:InvokeFunction", "lambda:ListFunctions"),
        ("ec2", "describe_vpcs", "ec2:DescribeSubnets", "ec2:DescribeVpcs"),
        ("ssm", "describe_parameters", "ssm:GetParameter", "ssm:DescribeParameters"),
    ],
)
def test_policy_of_an_interface_endpoint_is_evaluated(
    service: str, operation: str, allowed: str, action: str, endpoint: Any
) -> None:
    inside, _ = endpoint(allow(allowed, **EVERYONE), service=service)
    error = api_error(getattr(inside.client(service), operation))
    assert error.message.endswith(f"because no VPC endpoint policy allows the {action} action")


def test_endpoint_policy_names_principals(endpoint: Any, region: Region) -> None:
    another = {"Principal": {"AWS": "arn:aws:iam::123456789012:role/another"}}
    inside, _ = endpoint(allow("*", **another), service="ec2")
    assert error_code(inside.client("ec2").describe_vpcs) == "UnauthorizedOperation"
    inside, _ = endpoint(allow("*", Principal={"AWS": USER}), service="ec2")
    assert inside.client("ec2").describe_vpcs()["Vpcs"]


@pytest.mark.parametrize("key", ["aws:SourceVpce", "aws:SourceVpc"])
def test_bucket_policy_requires_an_endpoint(key: str, endpoint: Any, region: Region, bucket: str) -> None:
    inside, used = endpoint()
    value = used.id if key == "aws:SourceVpce" else used.vpc_id
    elsewhere = deny("s3:GetObject", f"arn:aws:s3:::{bucket}/*", **EVERYONE)
    elsewhere["Condition"] = {"StringNotEquals": {key: value}}
    region.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(elsewhere))

    assert inside.client("s3").get_object(Bucket=bucket, Key="k")
    assert error_code(region.client("s3").get_object, Bucket=bucket, Key="k") == "AccessDenied"
    other, _ = endpoint()
    assert error_code(other.client("s3").get_object, Bucket=bucket, Key="k") == "AccessDenied"


def test_request_through_an_endpoint_has_no_public_address(
    endpoint: Any, region: Region, bucket: str
) -> None:
    inside, _ = endpoint()
    elsewhere = deny("s3:GetObject", f"arn:aws:s3:::{bucket}/*", **EVERYONE)
    elsewhere["Condition"] = {"NotIpAddress": {"aws:VpcSourceIp": "127.0.0.0/8"}}
    region.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(elsewhere))
    assert inside.client("s3").get_object(Bucket=bucket, Key="k")
    elsewhere["Condition"] = {"Null": {"aws:SourceIp": "true"}}
    region.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(elsewhere))
    assert error_code(inside.client("s3").get_object, Bucket=bucket, Key="k") == "AccessDenied"
    assert region.client("s3").get_object(Bucket=bucket, Key="k")


def test_endpoint_policies_are_not_evaluated_unless_enforced(
    endpoint: Any, region: Region, bucket: str
) -> None:
    inside, _ = endpoint(deny("*", **EVERYONE))
    region.settings = inside.settings = region.settings.changed({"iam": "off"})
    assert inside.client("s3").get_object(Bucket=bucket, Key="k")


@pytest.mark.parametrize("document", ["{", "{}", policy(allow("s3:*")), policy({"Effect": "Allow"})])
def test_invalid_endpoint_policy_is_refused(document: str, region: Region) -> None:
    ec2 = region.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    creation = {"VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.s3"}
    assert error_code(ec2.create_vpc_endpoint, **creation, PolicyDocument=document) == "InvalidPolicyDocument"
    endpoint = ec2.create_vpc_endpoint(**creation)["VpcEndpoint"]["VpcEndpointId"]
    change = {"VpcEndpointId": endpoint, "PolicyDocument": document}
    assert error_code(ec2.modify_vpc_endpoint, **change) == "InvalidPolicyDocument"
