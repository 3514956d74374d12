"""Cheaper alternatives, their savings and drawbacks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from vpcache.cost.bill import DAYS_A_MONTH, Rate, architecture_of
from vpcache.cost.prices import NodeType, Prices
from vpcache.terraform.resources import Resource

_GATEWAY_SERVICES = ("s3", "dynamodb")
_LOG_DAYS = 14  # the modules' default


@dataclass(frozen=True)
class Choice:
    """A cheaper alternative: its saving in US dollars a month and per use, and its drawback."""

    what: str
    is_taken: bool
    monthly: float
    rates: tuple[Rate, ...]
    loses: str


def choices(resources: Iterable[Resource], prices: Prices) -> list[Choice]:
    """Return the alternatives for some resources."""
    all_resources = list(resources)
    return [
        *_gateway_endpoints(all_resources, prices),
        *_one_nat_gateway(all_resources, prices),
        *_arm(all_resources, prices),
        *_node_types(all_resources, prices),
        *_log_days(all_resources, prices),
    ]


def _of(resources: Sequence[Resource], type_: str) -> list[Resource]:
    return [resource for resource in resources if resource.type == type_ and not resource.is_data]


def _gateway_endpoints(resources: Sequence[Resource], prices: Prices) -> Iterator[Choice]:
    if not _of(resources, "aws_nat_gateway"):
        return
    endpoints = _of(resources, "aws_vpc_endpoint")
    services = [
        endpoint.text("service_name")
        for endpoint in endpoints
        if endpoint.text("vpc_endpoint_type") != "Interface"
    ]
    saved = prices.price["nat_gateway_gb"].usd - prices.price["gateway_endpoint_gb"].usd
    for service in _GATEWAY_SERVICES:
        is_taken = any(name.endswith(f".{service}") for name in services)
        yield Choice(
            f"gateway endpoint for {service}", is_taken, 0, (Rate(saved, f"GB to {service}"),), "nothing"
        )


def _one_nat_gateway(resources: Sequence[Resource], prices: Prices) -> Iterator[Choice]:
    gateways, addresses = len(_of(resources, "aws_nat_gateway")), len(_of(resources, "aws_eip"))
    is_taken = gateways == 1
    if is_taken:  # each route is of a zone that could have its own
        gateways = len([route for route in _of(resources, "aws_route") if route.text("nat_gateway_id")])
        addresses = gateways
    if gateways < 2:
        return
    removed = gateways - 1
    saved = removed * prices.monthly("nat_gateway") + min(removed, addresses) * prices.monthly("public_ipv4")
    crossing = 2 * prices.price["between_zones_gb"].usd
    yield Choice(
        f"one NAT gateway instead of {gateways}",
        is_taken,
        saved,
        (),
        f"zone independence of egress, and ${crossing:.2f} per GB of cross-zone traffic: "
        f"break-even at {saved / crossing:,.0f} GB a month",
    )


def _arm(resources: Sequence[Resource], prices: Prices) -> Iterator[Choice]:
    functions = _of(resources, "aws_lambda_function")
    if not functions:
        return
    others = [function for function in functions if architecture_of(function) != "arm64"]
    x86, arm = (prices.price[f"lambda_gb_second_{name}"].usd for name in ("x86_64", "arm64"))
    number = f"{len(others)} of {len(functions)}" if others else "all"
    yield Choice(
        f"arm64 for {number} functions",
        not others,
        0,
        (Rate((x86 - arm) * 1e6, "million GB-seconds"),),
        "packages for x86_64 only",
    )


def _node_types(resources: Sequence[Resource], prices: Prices) -> Iterator[Choice]:
    for cluster in _of(resources, "aws_elasticache_cluster"):
        now = prices.node_types.get(cluster.values.get("node_type") or "")
        if now is None:
            continue
        hours = int(cluster.values.get("num_cache_nodes") or 1) * prices.hours_a_month
        for other in _cheaper(now, prices.node_types.values()):
            loses = f"{now.memory - other.memory:g} of {now.memory:g} GiB of memory per node"
            if other.memory >= now.memory:
                loses = "no memory, but another processor"
            saved = (now.price.usd - other.price.usd) * hours
            yield Choice(f"{other.name} instead of {now.name}", False, saved, (), loses)


def _cheaper(now: NodeType, types: Iterable[NodeType]) -> Iterator[NodeType]:
    """Yield the cheapest type with at least the same memory, and the next smaller one of the same family."""
    cheaper = [other for other in types if other.price.usd < now.price.usd]
    as_large = [other for other in cheaper if other.memory >= now.memory]
    smaller = [other for other in cheaper if other.family == now.family and other.memory < now.memory]
    if as_large:
        yield min(as_large, key=lambda other: other.price.usd)
    if smaller:
        yield max(smaller, key=lambda other: other.memory)


def _log_days(resources: Sequence[Resource], prices: Prices) -> Iterator[Choice]:
    groups = _of(resources, "aws_cloudwatch_log_group")
    storage = prices.price["log_storage_gb"].usd
    for days in sorted({int(group.values.get("retention_in_days") or 0) for group in groups}):
        rate = Rate(storage * (days - _LOG_DAYS) / DAYS_A_MONTH, "GB written, at most")
        if days == 0:
            rate = Rate(storage, "GB-month, without limit")
        elif days <= _LOG_DAYS:
            continue
        what = f"log retention of {_LOG_DAYS} days instead of {days or 'unlimited'}"
        yield Choice(what, False, 0, (rate,), f"logs older than {_LOG_DAYS} days")
