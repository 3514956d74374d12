"""Permissions for API Gateway's operations, while the region enforces IAM."""

from __future__ import annotations

import json
from typing import Any

import boto3

from tests.support.served.region import Region, api_error, unique

APIS = "arn:aws:apigateway:us-east-1::/apis"


def client_of(region: Region, *statements: dict[str, Any]) -> Any:
    """Return a client of a user with a policy."""
    iam, name = region.client("iam"), unique("user")
    iam.create_user(UserName=name)
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return boto3.client(
        "apigatewayv2",
        endpoint_url=region.url,
        region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


def statement(action: str, resource: str, **condition: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": f"apigateway:{action}", "Resource": resource, **condition}


def test_actions_are_methods_on_paths(enforced: Region, api_id: str) -> None:
    client = client_of(enforced, statement("GET", f"{APIS}/{api_id}"))
    assert client.get_api(ApiId=api_id)["Name"] == "shop"
    for call, arguments, action in (
        (client.get_apis, {}, "GET"),
        (client.delete_api, {"ApiId": api_id}, "DELETE"),
        (client.create_route, {"ApiId": api_id, "RouteKey": "$default"}, "POST"),
    ):
        error = api_error(call, **arguments)
        assert (error.status, error.code) == (403, "AccessDeniedException")
        assert f"apigateway:{action}" in error.message


def test_tags_of_an_api_are_condition_keys(enforced: Region, gateway: Any, api_id: str) -> None:
    condition = {"StringEquals": {"aws:ResourceTag/Stack": "mine"}}
    client = client_of(enforced, statement("*", f"{APIS}*", Condition=condition))
    assert api_error(client.get_api, ApiId=api_id).status == 403
    gateway.tag_resource(ResourceArn=f"{APIS}/{api_id}", Tags={"Stack": "mine"})
    assert client.get_api(ApiId=api_id)["ApiId"] == api_id


def test_load_balancer_is_refused_by_name(region: Region) -> None:
    client = region.client("elbv2")
    error = api_error(client.create_load_balancer, Name="front", Subnets=["subnet-01234567"])
    assert (error.status, error.code) == (501, "NotImplemented")
    assert "CreateLoadBalancer" in error.message
    assert client.describe_load_balancers()["LoadBalancers"] == []
