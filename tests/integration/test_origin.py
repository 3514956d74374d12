"""The stack's own origin, and the path to it."""

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from vpcache.functions import FunctionClient, call

CALLS = 16  # concurrent, so that workers in several zones respond
SECONDS = 60  # on a busy machine


@pytest.fixture
def addresses_seen(target, outputs):
    """Return the source addresses of misses at the origin, for several concurrent calls."""
    client = FunctionClient(target, connections=CALLS)

    def address(_):
        answer = client.call_cached_api(outputs["cached_api"], f"/whoami/{uuid.uuid4().hex}")
        assert (answer.status, answer.source) == (200, "origin"), answer.body
        return json.loads(answer.body)["data"]["address"]

    def addresses():
        with ThreadPoolExecutor(CALLS) as pool:
            return set(pool.map(address, range(CALLS)))

    return addresses


def test_cached_api_uses_the_stacks_own_origin(target, outputs):
    functions = target.client("lambda")
    config = functions.get_function_url_config(FunctionName=outputs["origin_function"])
    assert config["FunctionUrl"] == f"{outputs['origin_url']}/"
    settings = functions.get_function_configuration(FunctionName=outputs["cached_api"])
    assert settings["Environment"]["Variables"]["ORIGIN_URL"] == outputs["origin_url"]


def test_origin_sees_misses_from_the_elastic_ips(outputs, addresses_seen):
    assert addresses_seen() <= set(outputs["egress_ips"].values())


@pytest.mark.lab  # on AWS the zones of a function's workers are unknown
def test_origin_sees_the_elastic_ip_of_every_zone(outputs, addresses_seen):
    seen: set[str] = set()
    deadline = time.monotonic() + SECONDS
    while seen != set(outputs["egress_ips"].values()):
        assert time.monotonic() < deadline, seen
        seen |= addresses_seen()


def test_origin_refuses_other_addresses(target, outputs):
    def status(address):
        http = {"method": "GET", "path": "/employees", "sourceIp": address}
        event = {"rawPath": "/employees", "requestContext": {"http": http}}
        return call(target, outputs["origin_function"], event).payload["statusCode"]

    assert status("192.0.2.1") == 403
    assert {status(address) for address in outputs["egress_ips"].values()} == {200}
