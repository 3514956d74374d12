"""Questions to a running stack, answered with evidence, by what works on any target: boto3 and outputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from vpcache.functions import FunctionError, call, call_cached_api
from vpcache.stack import Outputs
from vpcache.target import Target

MAX_KEYS = 16  # with two nodes, all of 16 keys fall on one node once in 32768 runs


@dataclass(frozen=True)
class Result:
    """The answer to one probe; `zone` is set if it asked about one."""

    name: str
    zone: str | None
    passed: bool
    evidence: str


def verify(target: Target, outputs: Outputs) -> list[Result]:
    """Run all probes against a stack, several at once, and return their results in a fixed order."""
    probes: list[tuple[str, str | None, Callable[[], tuple[bool, str]]]] = []
    for zone in outputs["zones"]:
        probes.append(("egress", zone, partial(egress, target, outputs, zone)))
    probes.append(("egress addresses differ", None, partial(egress_addresses_differ, outputs)))
    probes.append(("cache hit", None, partial(cache_hit, target, outputs)))
    probes.append(("keys on every node", None, partial(keys_on_every_node, target, outputs)))
    for zone in outputs["zones"]:
        probes.append(("cache is private", zone, partial(cache_is_private, target, outputs, zone)))
    with ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(lambda probe: _result(*probe), probes))


def egress(target: Target, outputs: Outputs, zone: str) -> tuple[bool, str]:
    """Whether the internet sees a zone's function as the elastic IP of that zone's NAT gateway."""
    expected = outputs["egress_ips"][zone]
    seen = call(target, outputs["egress_probes"][zone], {}).payload["address"]
    if seen == expected:
        return True, f"seen as {seen}, the elastic IP of this zone's NAT gateway"
    return False, f"seen as {seen}, but this zone's elastic IP is {expected}"


def egress_addresses_differ(outputs: Outputs) -> tuple[bool, str]:
    """Whether each zone has an egress address of its own."""
    addresses = outputs["egress_ips"]
    said = ", ".join(f"{zone} {address}" for zone, address in sorted(addresses.items()))
    return len(set(addresses.values())) == len(addresses), said


def cache_hit(target: Target, outputs: Outputs) -> tuple[bool, str]:
    """Whether the second of two calls is answered by the cache with the same body."""
    first, second = (call_cached_api(target, outputs["cached_api"]) for _ in range(2))
    said = (
        f"first from the {first.source} in {first.function_ms:.1f} ms, "
        f"second from the {second.source} in {second.function_ms:.1f} ms, {len(second.body)} bytes"
    )
    passed = first.status == second.status == 200 and second.source == "cache" and first.body == second.body
    return passed, said


def keys_on_every_node(target: Target, outputs: Outputs) -> tuple[bool, str]:
    """Whether every node holds keys: each is asked for twice and must then come from a node."""
    ids = {node["address"]: node["id"] for node in outputs["cache_nodes"]}
    nodes = Counter(dict.fromkeys(ids, 0))
    for path in _paths():
        answers = [call_cached_api(target, outputs["cached_api"], path) for _ in range(2)]
        if answers[1].source != "cache" or answers[1].node is None:
            return False, f"{path} was answered by the {answers[1].source} twice (status {answers[1].status})"
        nodes[answers[1].node] += 1
        if all(nodes.values()):
            break
    said = ", ".join(f"{node_id} has {nodes[address]}" for address, node_id in ids.items())
    return all(nodes.values()), f"of {nodes.total()} keys node {said}"


def cache_is_private(target: Target, outputs: Outputs, zone: str) -> tuple[bool, str]:
    """Whether a function of the private subnet without the cache's client group is kept out."""

    def outcome(node: Mapping[str, Any]) -> str:
        where = {"connect": f"{node['address']}:{node['port']}"}
        return str(call(target, outputs["egress_probes"][zone], where).payload["outcome"])

    nodes = outputs["cache_nodes"]
    with ThreadPoolExecutor(max_workers=len(nodes)) as pool:
        outcomes = list(pool.map(outcome, nodes))
    said = ", ".join(f"node {node['id']}: {how}" for node, how in zip(nodes, outcomes, strict=True))
    return set(outcomes) == {"timeout"}, f"without the client group, {said}"


def _paths() -> Iterator[str]:
    return (f"/employee/{number}" for number in range(1, MAX_KEYS + 1))


def _result(name: str, zone: str | None, probe: Callable[[], tuple[bool, str]]) -> Result:
    try:
        passed, evidence = probe()
    except FunctionError as error:
        passed, evidence = False, str(error)
    return Result(name, zone, passed, evidence)
