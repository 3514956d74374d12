"""Function URLs with real packets: from functions in a VPC, through NAT gateways, to a function."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from ipaddress import IPv4Address
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.network.vpc_factory import ZONES, VpcFactory
from vpcache.lab.addresses import FUNCTION_URL_ADDRESSES, UNKNOWN_URL_ADDRESS
from vpcache.lab.faults import Fault, FaultKind

ECHO = """
    import json

    def handler(event, context):
        http = event["requestContext"]["http"]
        request = {"from": http["sourceIp"], "path": event["rawPath"], "body": event.get("body")}
        return {"statusCode": 200, "headers": {"x-method": http["method"]}, "body": json.dumps(request)}
"""
CLIENT = """
    import json, urllib.request
    from concurrent.futures import ThreadPoolExecutor

    def handler(event, context):
        with ThreadPoolExecutor(event.get("threads", 1)) as pool:
            return list(pool.map(lambda _: answer(event), range(event.get("times", 1))))

    def answer(event):
        body = event["body"].encode() if "body" in event else None
        headers = {"Content-Type": "text/plain"} if body else {}
        request = urllib.request.Request(event["url"], body, headers, method=event.get("method"))
        try:
            with urllib.request.urlopen(request, timeout=event.get("timeout", 5)) as reply:
                return {"status": reply.status, "method": reply.headers["x-method"], **json.load(reply)}
        except Exception as error:
            return {"status": getattr(error, "code", None), "message": str(error)}
"""
SHORT = 0.5  # seconds until a function gives up


@pytest.fixture
def online(vpc_factory: VpcFactory) -> VpcFactory:
    """A VPC with an internet gateway."""
    vpc_factory.attach_internet_gateway()
    return vpc_factory


def open_url(vpc_factory: VpcFactory, **options: Any) -> str:
    """Create a function with a public URL, and return the URL."""
    name = vpc_factory.new_function("echo", code=ECHO, **options)
    functions = vpc_factory.client("lambda")
    for action, condition in (
        ("InvokeFunctionUrl", {"FunctionUrlAuthType": "NONE"}),
        ("InvokeFunction", {"InvokedViaFunctionUrl": True}),
    ):
        functions.add_permission(
            FunctionName=name, StatementId=action, Action=f"lambda:{action}", Principal="*", **condition
        )
    response = functions.create_function_url_config(FunctionName=name, AuthType="NONE")
    return str(response["FunctionUrl"])


def test_function_url_sees_the_elastic_ip_of_the_callers_zone(online: VpcFactory) -> None:
    url = open_url(online)
    for zone in ZONES:
        _, elastic_ip, _ = online.new_nat_gateway(zone)
        client = online.new_function(f"client-{zone[-1]}", zone, code=CLIENT)
        (answer,) = online.invoke(client, url=f"{url}a/b", method="PUT", body="ä")
        assert answer == {"status": 200, "method": "PUT", "from": elastic_ip, "path": "/a/b", "body": "ä"}
    host = urlsplit(url).hostname
    assert online.lab.origin_calls()[f"{host}/a/b"] == len(ZONES)
    assert online.lab.differences() == []


def test_function_without_egress_cannot_reach_a_function_url(online: VpcFactory) -> None:
    url = open_url(online)
    client = online.new_function("client", code=CLIENT)
    (answer,) = online.invoke(client, url=url, timeout=SHORT)
    assert answer["status"] is None and "timed out" in answer["message"]


def test_function_url_serves_concurrent_callers(online: VpcFactory) -> None:
    url = open_url(online)
    zone = ZONES[0]
    online.new_nat_gateway(zone)
    client = online.new_function("client", zone, code=CLIENT, Timeout=30)
    answers = online.invoke(client, url=url, times=200, threads=16, timeout=20)
    assert [each["status"] for each in answers] == [200] * 200


def test_deleted_function_url_still_resolves_and_is_forbidden(online: VpcFactory) -> None:
    url = open_url(online)
    host = str(urlsplit(url).hostname)
    zone = ZONES[0]
    online.new_nat_gateway(zone)
    lookup, client = online.new_function("lookup", zone), online.new_function("client", zone, code=CLIENT)
    (address,) = online.invoke(lookup, name=host)["answer"]
    assert IPv4Address(address) in FUNCTION_URL_ADDRESSES
    assert online.lab.fault("origin", host) == (Fault.create(FaultKind.ORIGIN, host),)
    online.client("lambda").delete_function_url_config(FunctionName=f"{online.name}-echo")
    assert online.lab.faults() == ()
    assert online.invoke(lookup, name=host)["answer"] == [str(UNKNOWN_URL_ADDRESS)]
    (answer,) = online.invoke(client, url=url)
    assert (answer["status"], "CERTIFICATE" in answer["message"]) == (403, False)


def test_faults_of_an_origin_apply_to_a_function_url(online: VpcFactory) -> None:
    url, other = open_url(online), "https://checkip.amazonaws.com"
    host = str(urlsplit(url).hostname)
    zone = ZONES[0]
    online.new_nat_gateway(zone)
    client = online.new_function("client", zone, code=CLIENT)

    def outcome(**options: Any) -> tuple[int | None, str]:
        (answer,) = online.invoke(client, url=url, **options)
        return answer["status"], answer.get("message", "")

    for mode, status, expected in (
        ("down", None, "timed out"),
        ("slow", None, "timed out"),
        ("erroring", 500, "500"),
        ("invalid_tls", None, "CERTIFICATE_VERIFY_FAILED"),
    ):
        with online.lab.faulted("origin", host, mode):
            actual, message = outcome(timeout=SHORT)
            assert (actual, expected in message) == (status, True), (mode, message)
        assert outcome() == (200, ""), mode
    with online.lab.faulted("origin", host, "down"):
        assert online.invoke(online.new_function("probe", zone), url=other)["answer"]


def test_call_without_permissions_is_forbidden(online: VpcFactory) -> None:
    url = open_url(online)
    zone = ZONES[0]
    online.new_nat_gateway(zone)
    client = online.new_function("client", zone, code=CLIENT)
    online.client("lambda").remove_permission(
        FunctionName=f"{online.name}-echo", StatementId="InvokeFunction"
    )
    (answer,) = online.invoke(client, url=url)
    assert answer["status"] == 403


def test_url_answers_on_the_host_by_its_name(online: VpcFactory) -> None:
    host = urlsplit(open_url(online)).hostname
    address = urlsplit(online.lab.endpoint).netloc
    request = urllib.request.Request(f"http://{address}/a%20b?c=d", b"hi", {"Host": str(host)})
    request.add_header("Content-Type", "text/plain")
    with urllib.request.urlopen(request, timeout=10) as answer:
        content = json.load(answer)
        assert answer.headers["x-method"] == "POST"
    assert (content["path"], content["body"]) == ("/a%20b", "hi")
    request = urllib.request.Request(f"http://{address}/", headers={"Host": f"x{host}"})
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request, timeout=10)
