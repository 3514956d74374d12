"""What the lab proves of each example of a module, beside its apply, its empty plan and its destruction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv6Address, IPv6Network
from pathlib import Path
from typing import Any

from tests.support.examples.nat_failover import LAB_TARGETS, drill
from tests.support.paths import ROOT
from vpcache.bundle import bundle
from vpcache.drills.changes import lab_of
from vpcache.lab.network.netns import has_ipv6
from vpcache.probes import Probes
from vpcache.project import Project
from vpcache.stack.stack import Outputs, Stack

FUNCTIONS = Path(__file__).parent / "functions"


@dataclass(frozen=True)
class Applied:
    """An applied example, and a folder for the files of its test."""

    stack: Stack
    folder: Path

    @cached_property
    def outputs(self) -> Outputs:
        """The example's outputs."""
        return self.stack.outputs()

    @cached_property
    def probes(self) -> Probes:
        """The probes of the example."""
        return Probes(self.stack.target, self.outputs)

    def invoke(self, function: str, event: Mapping[str, Any], key: str) -> Any:
        """Return one value of a function's answer."""
        return self.probes.invoke(function, event, key)


def no_proof(_: Applied) -> None:
    """Prove nothing more."""


@dataclass(frozen=True)
class Proof:
    """The function of an example, a file in `functions` or the egress probe, the values of other variables,
    and the check of the applied example."""

    check: Callable[[Applied], None] = no_proof
    function: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)

    def bundle(self, folder: Path) -> Mapping[str, str]:
        """Return the value of the variable `bundle`, with a new zip file in a folder."""
        if self.function is None:
            return Project(ROOT).bundles()["egress_probe"]
        return packed((FUNCTIONS / f"{self.function}.py").read_text(), folder / "function")


def packed(code: str, source: Path) -> Mapping[str, str]:
    """Write a function's code to a new folder, and return the value of the variable `bundle`."""
    source.mkdir()
    (source / "handler.py").write_text(code)
    return bundle(source, source.parent).as_variable()


def zones_share_one_egress_address(applied: Applied) -> None:
    """Each zone's probe sees the address of the one NAT gateway."""
    assert len(applied.outputs["egress_probes"]) == 2
    assert len(set(applied.outputs["egress_ips"].values())) == 1
    for zone in applied.outputs["egress_probes"]:
        assert applied.probes.egress(zone)


def zone_fails_over_and_returns(applied: Applied) -> None:
    """A zone whose gateway fails has the other zone's address, and its own one after the repair."""
    own, other = (applied.outputs["egress_ips"][zone] for zone in ("us-east-1a", "us-east-1b"))
    target = applied.stack.target
    figures = drill(target, lab_of(target), applied.outputs, "us-east-1a")
    assert figures.addresses == (own, other, own), figures
    assert figures.failed_elsewhere == 0 < figures.failed, figures
    assert figures.egress_back < 45, figures  # 10 to 20 on a machine with no other load
    assert figures.own_address_back < 60, figures
    assert (plan := applied.stack.plan()).is_empty, plan.text


def url_and_http_api_answer_on_the_alias(applied: Applied) -> None:
    """The function URL and the API's public route answer; the other route requires a signature."""

    def answer(url: str) -> Any:
        return applied.invoke(applied.outputs["function"], {"url": url}, "answer")

    api, address = applied.outputs["http_api_endpoint"], applied.outputs["egress_ip"]
    assert answer(applied.outputs["url"]) == [200, address]
    assert answer(f"{api}address") == [200, address]
    assert answer(f"{api}private") == [403, None]  # requires AWS_IAM
    assert answer(f"{api}unknown") == [404, None]


def canary_gets_a_share_of_the_invocations(applied: Applied) -> None:
    """A newer version gets its weight of the alias's invocations, and all of them at the end."""

    def versions() -> set[str]:
        return {applied.invoke(applied.outputs["alias_arn"], {}, "version") for _ in range(40)}

    assert versions() == {"1"}
    code = (FUNCTIONS / "version.py").read_text()
    newer = packed(f"{code}# newer", applied.folder / "newer")
    release = {"stable_version": "1", "canary_weight": 0.5}
    canary = applied.stack.with_variables(bundle=newer, release=release)
    canary.apply()
    assert versions() == {"1", "2"}
    assert (plan := canary.plan()).is_empty, plan.text
    applied.stack.with_variables(bundle=newer).apply()
    assert versions() == {"2"}


def tiers_have_their_routes_and_acls(applied: Applied) -> None:
    """The routed tiers reach the internet by their ACLs, the other one does not; IPv6 leaves the VPC."""
    functions = applied.outputs["functions"]
    outcomes = {
        (tier, port): applied.invoke(
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
        address = applied.invoke(functions["dual_stack"], event, "address")
        assert IPv6Address(address) in IPv6Network(applied.outputs["ipv6_cidr_block"])


def isolated_tier_reaches_endpoints_only(applied: Applied) -> None:
    """A function in an isolated subnet reaches the interface endpoint, and no host of the internet."""
    functions, address = applied.outputs["functions"], applied.outputs["egress_ips"]["us-east-1b"]
    assert applied.probes.egress("us-east-1b", function=functions["private"], address=address)
    outcomes = {
        (tier, host): applied.invoke(function, {"connect": f"{host}:443"}, "outcome")
        for tier, function in functions.items()
        for host in ("checkip.amazonaws.com", "sts.us-east-1.amazonaws.com")
    }
    assert outcomes == {
        ("private", "checkip.amazonaws.com"): "connected",
        ("private", "sts.us-east-1.amazonaws.com"): "connected",
        ("isolated", "checkip.amazonaws.com"): "timeout",
        ("isolated", "sts.us-east-1.amazonaws.com"): "connected",
    }


def isolated_cache_admits_its_client(applied: Applied) -> None:
    """The client in the cache's security group connects, another function does not."""
    event = {"connect": applied.outputs["configuration_endpoint"]}
    assert _by_function(applied, event, "outcome") == {"client": "connected", "stranger": "timeout"}


def serverless_cache_serves_its_client_over_tls(applied: Applied) -> None:
    """The client stores and reads a value, another function does not connect."""
    event = {"endpoint": applied.outputs["configuration_endpoint"]}
    answers = _by_function(applied, event, "answer")
    assert answers == {"client": "STORED\r\nVALUE k 0 1\r\nv\r\nEND\r\n", "stranger": "timeout"}


def _by_function(applied: Applied, event: Mapping[str, Any], key: str) -> dict[str, Any]:
    functions = applied.outputs["functions"].items()
    return {label: applied.invoke(function, event, key) for label, function in functions}


PROOFS: Mapping[str, Proof] = {
    "elasticache_memcached-isolated": Proof(isolated_cache_admits_its_client),
    "elasticache_memcached-serverless": Proof(serverless_cache_serves_its_client_over_tls, "store"),
    "nat_per_az-failover": Proof(zone_fails_over_and_returns, variables={"targets": LAB_TARGETS}),
    "nat_per_az-single": Proof(zones_share_one_egress_address),
    "vpc-dual_stack": Proof(tiers_have_their_routes_and_acls, "connect"),
    "vpc-isolated": Proof(isolated_tier_reaches_endpoints_only),
    "vpc_lambda-alias": Proof(canary_gets_a_share_of_the_invocations, "version"),
    "vpc_lambda-front_door": Proof(url_and_http_api_answer_on_the_alias, "echo"),
}
"""By module and example. The other examples have an apply, an empty plan and a destruction only."""
