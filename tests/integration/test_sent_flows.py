"""The packets of flows in the stack's VPC, beside the prover's answers from what AWS's API says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from ipaddress import IPv4Address
from itertools import product
from random import Random
from typing import Any

import pytest

from vpcache.lab.client import Lab
from vpcache.lab.packets.flows import LiveFlow, Seen, Verdict
from vpcache.lab.packets.sending import send
from vpcache.lab.prover.ends import Attached, End, Internet, attached
from vpcache.lab.prover.prover import Prover
from vpcache.lab.prover.traffic import Flow
from vpcache.lab.topology import InterfaceKind, Topology
from vpcache.reach.answers import Answer
from vpcache.reach.aws_source.collector import collect
from vpcache.reach.aws_source.network import network as network_of
from vpcache.reach.ends import place
from vpcache.reach.live import agreement
from vpcache.reach.network import Network
from vpcache.stack.target import Target

pytestmark = pytest.mark.lab

FLOWS = 60
MEMCACHED, NEXT_PORT, HTTPS = Flow("tcp", 11211), Flow("tcp", 11212), Flow("tcp", 443)
HOST = Internet(IPv4Address("192.0.2.1"))  # does not exist in the lab
Ends = Iterable[tuple[End, End, Flow]]
Exchange = Callable[[Ends], list[tuple[Answer, Seen]]]


@pytest.fixture
def network(target: Target, outputs: dict[str, Any]) -> Network:
    return network_of(collect(target.client, [outputs["vpc_id"]]))


@pytest.fixture
def sent(lab: Lab, network: Network) -> Exchange:
    """Send flows; return the prover's answer to each, and what became of it."""

    def exchange(ends: Ends) -> list[tuple[Answer, Seen]]:
        prover, pid = Prover(network.topology), lab.status().pid
        assert pid is not None
        flows = list(ends)
        proven = [
            Answer(_name(source), _name(target), flow, prover.path(source, target), (source, target))
            for source, target, flow in flows
        ]
        live = [LiveFlow(*each.ends, each.flow, not each.obstacles) for each in proven]
        seen = send(pid, network.topology, live)
        assert not agreement(proven, seen).disagreements, "\n".join(agreement(proven, seen).lines())
        return list(zip(proven, seen, strict=True))

    return exchange


def test_function_reaches_the_cache_at_its_port_only(network: Network, sent: Exchange) -> None:
    functions, nodes = place(network, "cached-api").ends, _nodes(network)
    assert functions
    assert nodes
    results = sent(product(functions, nodes, (MEMCACHED, NEXT_PORT)))
    assert {(answer.flow, seen.verdict) for answer, seen in results} == {
        (MEMCACHED, Verdict.PASSES),
        (NEXT_PORT, Verdict.DROPPED),
    }


def test_internet_sees_each_zone_as_its_elastic_ip(
    network: Network, sent: Exchange, outputs: dict[str, Any]
) -> None:
    functions = place(network, "cached-api").ends
    results = sent((end, HOST, HTTPS) for end in functions)
    zones = [end.interface.zone for end in functions if isinstance(end, Attached)]
    assert {zone: str(seen.seen_as) for zone, (_, seen) in zip(zones, results, strict=True)} == outputs[
        "egress_ips"
    ]


def test_internet_never_reaches_the_cache(network: Network, sent: Exchange) -> None:
    results = sent((HOST, node, MEMCACHED) for node in _nodes(network))
    assert {seen.verdict for _, seen in results} == {Verdict.DROPPED}


def test_random_flows_between_all_interfaces_agree(network: Network, sent: Exchange) -> None:
    results = sent(_random_flows(network.topology, Random(19)))
    assert {seen.verdict for _, seen in results} == {Verdict.PASSES, Verdict.DROPPED}


def _nodes(network: Network) -> list[End]:
    return [place(network, name).ends[0] for name in network.ports]


def _random_flows(topology: Topology, random: Random) -> Ends:
    ends: list[End] = [end for vpc in topology.vpcs for end in attached(vpc)]
    for _ in range(FLOWS):
        source, target = random.sample([*ends, HOST, HOST], 2)
        if source is HOST and isinstance(target, Attached) and target.public_address:
            target = replace(target, by_public_address=True)
        if isinstance(source, Attached) and source.interface.kind is InterfaceKind.NAT_GATEWAY:
            source = HOST  # a NAT gateway opens no connection
        yield source, target, random.choice((MEMCACHED, NEXT_PORT, HTTPS, Flow("udp", 53), Flow("icmp")))


def _name(end: End) -> str:
    return end.interface.id if isinstance(end, Attached) else str(end.address)
