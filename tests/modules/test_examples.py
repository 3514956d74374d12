"""The modules' examples on the lab: apply, probes, an empty second plan, destroy without leftovers."""

import secrets
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address, IPv6Network
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from vpcache.bundle import bundle
from vpcache.lab.network.netns import has_ipv6
from vpcache.probes import Probes
from vpcache.project import Project
from vpcache.stack.stack import Outputs, Stack
from vpcache.terraform.root_module import declared_variables

EXAMPLES = sorted(main.parent for main in ROOT.glob("modules/*/examples/*/main.tf"))


def label(example: Path) -> str:
    """Return the module and the name of an example."""
    return f"{example.parents[1].name}-{example.name}"


def zones_share_one_egress_address(probes: Probes, outputs: Outputs) -> None:
    assert len(outputs["egress_probes"]) == 2
    assert len(set(outputs["egress_ips"].values())) == 1
    for zone in outputs["egress_probes"]:
        assert probes.egress(zone)


ECHO = """
import urllib.error
import urllib.request

def handler(event, context):
    if "requestContext" in event:
        return {"statusCode": 200, "body": event["requestContext"]["http"]["sourceIp"]}
    try:
        with urllib.request.urlopen(event["url"], timeout=5) as reply:
            return {"answer": [reply.status, reply.read().decode()]}
    except urllib.error.HTTPError as error:
        return {"answer": [error.code, None]}
"""
"""A function that calls a URL, and answers on its function URL and HTTP API with the caller's address."""
VERSION = """
def handler(event, context):
    return {"version": context.function_version}
"""


def url_and_http_api_answer_on_the_alias(probes: Probes, outputs: Outputs) -> None:
    def answer(url: str) -> list[object]:
        found: list[object] = probes.invoke(outputs["function"], {"url": url}, "answer")
        return found

    api = outputs["http_api_endpoint"]
    assert answer(outputs["url"]) == [200, outputs["egress_ip"]]
    assert answer(f"{api}address") == [200, outputs["egress_ip"]]
    assert answer(f"{api}private") == [403, None]  # requires AWS_IAM
    assert answer(f"{api}unknown") == [404, None]


CONNECT = """
import socket
import urllib.request

def handler(event, context):
    if "url" in event:
        with urllib.request.urlopen(event["url"], timeout=5) as reply:
            return {"address": reply.read().decode().strip()}
    try:
        socket.create_connection((event["host"], event["port"]), 1.5).close()
    except OSError as error:
        return {"outcome": type(error).__name__}
    return {"outcome": "connected"}
"""
"""A function that calls a URL over IPv4 or IPv6, or connects to a port."""


def tiers_have_their_routes_and_acls(probes: Probes, outputs: Outputs) -> None:
    functions = outputs["functions"]
    outcomes = {
        (tier, port): probes.invoke(
            functions[tier], {"host": "checkip.amazonaws.com", "port": port}, "outcome"
        )
        for tier in ("app", "data", "private")
        for port in (80, 443)
    }
    assert outcomes == {
        ("app", 80): "TimeoutError",
        ("app", 443): "connected",
        ("data", 80): "TimeoutError",
        ("data", 443): "TimeoutError",
        ("private", 80): "connected",
        ("private", 443): "connected",
    }
    if has_ipv6():
        event = {"url": "https://checkip.global.api.aws"}
        address = probes.invoke(functions["dual_stack"], event, "address")
        assert IPv6Address(address) in IPv6Network(outputs["ipv6_cidr_block"])


STORE = """
import socket
import ssl

def handler(event, context):
    host, port = event["endpoint"].split(":")
    try:
        plain = socket.create_connection((host, int(port)), 1)
    except TimeoutError:
        return {"answer": "timeout"}
    with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as connection:
        connection.sendall(b"set k 0 60 1\\r\\nv\\r\\nget k\\r\\nquit\\r\\n")
        return {"answer": b"".join(iter(lambda: connection.recv(100), b"")).decode()}
"""
"""A function that stores and reads a value by TLS at the endpoint of a cache."""

CODE = {
    "elasticache_memcached-serverless": STORE,
    "vpc-dual_stack": CONNECT,
    "vpc_lambda-alias": VERSION,
    "vpc_lambda-front_door": ECHO,
}
"""The code of an example's function, by module and example. Other functions are the egress probe."""


def isolated_tier_reaches_endpoints_only(probes: Probes, outputs: Outputs) -> None:
    functions, address = outputs["functions"], outputs["egress_ips"]["us-east-1b"]
    assert probes.egress("us-east-1b", function=functions["private"], address=address)
    outcomes = {
        (tier, host): probes.invoke(function, {"connect": f"{host}:443"}, "outcome")
        for tier, function in functions.items()
        for host in ("checkip.amazonaws.com", "sts.us-east-1.amazonaws.com")
    }
    assert outcomes == {
        ("private", "checkip.amazonaws.com"): "connected",
        ("private", "sts.us-east-1.amazonaws.com"): "connected",
        ("isolated", "checkip.amazonaws.com"): "timeout",
        ("isolated", "sts.us-east-1.amazonaws.com"): "connected",
    }


def isolated_cache_admits_its_client(probes: Probes, outputs: Outputs) -> None:
    event = {"connect": outputs["configuration_endpoint"]}
    outcomes = {
        label: probes.invoke(function, event, "outcome") for label, function in outputs["functions"].items()
    }
    assert outcomes == {"client": "connected", "stranger": "timeout"}


def serverless_cache_serves_its_client_over_tls(probes: Probes, outputs: Outputs) -> None:
    event = {"endpoint": outputs["configuration_endpoint"]}
    answers = {
        label: probes.invoke(function, event, "answer") for label, function in outputs["functions"].items()
    }
    assert answers == {"client": "STORED\r\nVALUE k 0 1\r\nv\r\nEND\r\n", "stranger": "timeout"}


PROBES: Mapping[str, Callable[[Probes, Outputs], None]] = {
    "elasticache_memcached-isolated": isolated_cache_admits_its_client,
    "elasticache_memcached-serverless": serverless_cache_serves_its_client_over_tls,
    "nat_per_az-single": zones_share_one_egress_address,
    "vpc-dual_stack": tiers_have_their_routes_and_acls,
    "vpc-isolated": isolated_tier_reaches_endpoints_only,
    "vpc_lambda-front_door": url_and_http_api_answer_on_the_alias,
}
"""What packets prove of an example, by module and example."""


def canary_gets_a_share_of_the_invocations(stack: Stack, probes: Probes, folder: Path) -> None:
    def versions() -> set[str]:
        alias = stack.outputs()["alias_arn"]
        return {probes.invoke(alias, {}, "version") for _ in range(40)}

    assert versions() == {"1"}
    newer = packed(f"{VERSION}# newer", folder / "newer")
    canary = stack.with_variables(bundle=newer, release={"stable_version": "1", "canary_weight": 0.5})
    canary.apply()
    assert versions() == {"1", "2"}
    assert (plan := canary.plan()).is_empty, plan.text
    stack.with_variables(bundle=newer).apply()
    assert versions() == {"2"}


CHANGES: Mapping[str, Callable[[Stack, Probes, Path], None]] = {
    "vpc_lambda-alias": canary_gets_a_share_of_the_invocations,
}
"""What a later apply of an example with other variables does, by module and example."""


def function_of(example: Path, folder: Path) -> Mapping[str, str]:
    """Return the value of the variable `bundle` of an example."""
    code = CODE.get(label(example))
    if code is None:
        return Project(ROOT).bundles()["egress_probe"]
    return packed(code, folder / "function")


def packed(code: str, source: Path) -> Mapping[str, str]:
    """Write a function's code to a new folder, and return the value of the variable `bundle`."""
    source.mkdir()
    (source / "handler.py").write_text(code)
    return bundle(source, source.parent).as_variable()


@pytest.mark.lab
@pytest.mark.parametrize("example", EXAMPLES, ids=label)
def test_example_applies_and_destroys(example, target, tmp_path):
    name = f"ex-{secrets.token_hex(4)}"
    stack = Stack(
        name=name,
        environment_dir=example,
        target=target,
        work_dir=tmp_path,
        variables={"bundle": function_of(example, tmp_path)}
        if "bundle" in declared_variables(example)
        else {},
        temporary=True,
    )
    stack.init()
    try:
        stack.apply()
        if probe := PROBES.get(label(example)):
            probe(Probes(target, outputs := stack.outputs()), outputs)
        plan = stack.plan()
        assert plan.is_empty, plan.text
        if change := CHANGES.get(label(example)):
            change(stack, Probes(target, stack.outputs()), tmp_path)
    finally:
        leftovers = stack.destroy()
    assert leftovers == []


def test_each_module_has_an_example():
    modules = {path.name for path in (ROOT / "modules").iterdir()}
    assert {example.parents[1].name for example in EXAMPLES} == modules


def test_probed_examples_exist():
    assert {label(example) for example in EXAMPLES} >= PROBES.keys() | CODE.keys() | CHANGES.keys()
