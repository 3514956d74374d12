"""HTTP APIs with real packets: from a function in a VPC, through its NAT gateway, to another function."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest

from tests.lab.functions.test_function_urls import CLIENT, ECHO, SHORT
from tests.support.network.vpc_factory import ZONES, VpcFactory


@pytest.fixture
def online(vpc_factory: VpcFactory) -> VpcFactory:
    """A VPC with an internet gateway."""
    vpc_factory.attach_internet_gateway()
    return vpc_factory


def open_api(vpc_factory: VpcFactory) -> str:
    """Create an HTTP API in front of a function, and return its endpoint."""
    name = vpc_factory.new_function("echo", code=ECHO)
    gateway, functions = vpc_factory.client("apigatewayv2"), vpc_factory.client("lambda")
    api = gateway.create_api(Name=name, ProtocolType="HTTP")
    functions.add_permission(
        FunctionName=name,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:us-east-1:123456789012:{api['ApiId']}/*/*",
    )
    integration = gateway.create_integration(
        ApiId=api["ApiId"],
        IntegrationType="AWS_PROXY",
        IntegrationUri=functions.get_function(FunctionName=name)["Configuration"]["FunctionArn"],
        PayloadFormatVersion="2.0",
    )
    target = f"integrations/{integration['IntegrationId']}"
    gateway.create_route(ApiId=api["ApiId"], RouteKey="ANY /{proxy+}", Target=target)
    gateway.create_stage(ApiId=api["ApiId"], StageName="$default", AutoDeploy=True)
    return str(api["ApiEndpoint"])


def test_http_api_sees_the_elastic_ip_of_the_callers_zone(online: VpcFactory) -> None:
    url = open_api(online)
    for zone in ZONES:
        _, elastic_ip, _ = online.new_nat_gateway(zone)
        client = online.new_function(f"client-{zone[-1]}", zone, code=CLIENT)
        (answer,) = online.invoke(client, url=f"{url}/a/b", method="PUT", body="ä")
        assert answer == {"status": 200, "method": "PUT", "from": elastic_ip, "path": "/a/b", "body": "ä"}
    assert online.lab.differences() == []


def test_function_without_egress_cannot_reach_an_http_api(online: VpcFactory) -> None:
    url = open_api(online)
    client = online.new_function("client", code=CLIENT)
    (answer,) = online.invoke(client, url=f"{url}/a", timeout=SHORT)
    assert answer["status"] is None and "timed out" in answer["message"]


def test_http_api_resolves_until_its_deletion(online: VpcFactory) -> None:
    host = str(urlsplit(open_api(online)).hostname)
    client = online.new_function("client")
    assert online.invoke(client, name=host)["answer"]
    online.client("apigatewayv2").delete_api(ApiId=host.partition(".")[0])
    assert online.invoke(client, name=host)["error"] == "gaierror"


def test_http_api_answers_on_the_host_by_its_name(online: VpcFactory) -> None:
    host = str(urlsplit(open_api(online)).hostname)
    address = urlsplit(online.lab.endpoint).netloc
    request = urllib.request.Request(f"http://{address}/a%20b?c=d", b"hi", {"Host": host})
    request.add_header("Content-Type", "text/plain")
    with urllib.request.urlopen(request, timeout=10) as answer:
        content = json.load(answer)
        assert answer.headers["x-method"] == "POST" and answer.headers["apigw-requestid"]
    assert (content["path"], content["body"]) == ("/a b", "hi")
    large = urllib.request.Request(f"http://{address}/a", b"x" * ((10 << 20) + 1), {"Host": host})
    with pytest.raises((urllib.error.HTTPError, ConnectionError, urllib.error.URLError)):
        urllib.request.urlopen(large, timeout=10)
