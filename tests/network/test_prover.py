"""The prover, compared with the packets that the kernel passes, in random topologies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from tests.support.network.harness import SILENCE, NetworkHarness, needs_namespaces
from tests.support.network.isolation import isolated
from tests.support.network.random_filters import PORTS, SOURCE_PORTS
from tests.support.network.random_vpcs import HOSTS, IPV6_HOSTS, random_topology
from vpcache.lab.addresses import IpAddress
from vpcache.lab.network.netns import has_ipv6
from vpcache.lab.packets.exchange import exchange
from vpcache.lab.packets.flows import LiveFlow, attempts_of
from vpcache.lab.prover.ends import Attached, End, Internet, attached
from vpcache.lab.prover.path import Path
from vpcache.lab.prover.prover import Prover
from vpcache.lab.prover.traffic import Flow
from vpcache.lab.topology import InterfaceKind, Topology

pytestmark = [needs_namespaces, pytest.mark.skipif(not has_ipv6(), reason="this kernel has no IPv6")]

FLOWS = 60  # of one topology


@isolated
@pytest.mark.parametrize("seed", range(6))
def test_prover_agrees_with_the_kernel(seed: int) -> None:
    compare(Random(seed))


def compare(random: Random) -> int:
    """Compare prover and kernel for flows of a random topology; return how many flows passed."""
    topology = random_topology(random)
    prover = Prover(topology, SOURCE_PORTS)
    ends = [end for vpc in topology.vpcs for end in attached(vpc)]
    flows = [_flow(random, prover, ends) for _ in range(FLOWS)]
    attempts = [attempts_of(topology, flow, (SOURCE_PORTS,))[0] for flow, _ in flows]
    outcomes = exchange(NetworkHarness(*topology.vpcs).namespaces, attempts, silence=SILENCE)
    for (flow, path), outcome in zip(flows, outcomes, strict=True):
        seen_as = outcome.seen_as if outcome.is_answered else None
        assert not outcome.problem
        assert seen_as == (path.seen_as if flow.is_expected else None), _difference(flow, path, topology)
    return sum(flow.is_expected for flow, _ in flows)


def _flow(random: Random, prover: Prover, ends: list[Attached]) -> tuple[LiveFlow, Path]:
    source, target = _ends(random, ends)
    ping = "icmp" if source.address.version == 4 else "icmpv6"
    flow = random.choice([Flow(name, port) for name in ("tcp", "udp") for port in PORTS] + [Flow(ping)])
    path = prover.path(source, target)
    return LiveFlow(source, target, flow, path.passes(flow)), path


def _ends(random: Random, ends: list[Attached]) -> tuple[End, End]:
    """Return two ends of the same IP version: mostly two interfaces, else an interface and a host."""
    senders = [end for end in ends if end.interface.kind is not InterfaceKind.NAT_GATEWAY]
    source = random.choice(senders)
    target = random.choice([end for end in ends if end.address.version == source.address.version])
    hosts: Sequence[IpAddress] = HOSTS if source.address.version == 4 else IPV6_HOSTS
    host = Internet(random.choice(hosts))
    if random.random() < 0.25 and target.public_address:
        return host, replace(target, by_public_address=True)
    is_other = target.interface != source.interface
    is_translated = is_other and target.public_address not in (None, target.address)
    if is_translated and (random.random() < 0.15 or target.vpc_id != source.vpc_id):
        return source, replace(target, by_public_address=True)
    if random.random() < 0.25 or not is_other:
        return source, host
    return source, target


def _difference(flow: LiveFlow, path: Path, topology: Topology) -> str:
    steps = "\n".join(f"{step.stage}: {step.decide(flow.flow)}" for step in path.steps)
    return f"{flow.flow} from {flow.source.address} to {flow.target.address}\n{steps}\n{topology}"
