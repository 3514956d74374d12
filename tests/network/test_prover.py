"""The prover, compared with the packets that the kernel passes, in random VPCs."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from random import Random

import pytest

from tests.support.network.harness import HOST, OTHER_HOST, SILENCE, NetworkHarness, needs_namespaces
from tests.support.network.isolation import isolated
from tests.support.network.random_vpcs import PORTS, SOURCE_PORTS, random_vpc
from vpcache.lab.packets.exchange import exchange
from vpcache.lab.packets.flows import LiveFlow, attempts_of
from vpcache.lab.prover.ends import Attached, Internet, attached
from vpcache.lab.prover.path import Path
from vpcache.lab.prover.prover import Prover
from vpcache.lab.prover.traffic import Flow
from vpcache.lab.topology import InterfaceKind, Topology, Vpc

pytestmark = needs_namespaces

FLOWS = 60  # of one VPC
HOSTS = (HOST, OTHER_HOST)


@isolated
@pytest.mark.parametrize("seed", range(6))
def test_prover_agrees_with_the_kernel(seed: int) -> None:
    compare(Random(seed))


def compare(random: Random) -> int:
    """Compare prover and kernel for flows of a random VPC; return how many flows passed."""
    vpc = random_vpc(random)
    topology = Topology((vpc,))
    prover = Prover(topology, SOURCE_PORTS)
    ends = [end for end in attached(vpc) if end.interface.kind is InterfaceKind.PLAIN]
    flows = [_flow(random, prover, ends) for _ in range(FLOWS)]
    attempts = [attempts_of(topology, flow, (SOURCE_PORTS,))[0] for flow, _ in flows]
    outcomes = exchange(NetworkHarness(vpc).namespaces, attempts, silence=SILENCE)
    for (flow, path), outcome in zip(flows, outcomes, strict=True):
        seen_as = outcome.seen_as if outcome.is_answered else None
        assert not outcome.problem
        assert seen_as == (path.seen_as if flow.is_expected else None), _difference(flow, path, vpc)
    return sum(flow.is_expected for flow, _ in flows)


def _flow(random: Random, prover: Prover, ends: list[Attached]) -> tuple[LiveFlow, Path]:
    source, target = _ends(random, ends)
    flow = Flow(random.choice(("tcp", "udp")), random.choice(PORTS))
    path = prover.path(source, target)
    return LiveFlow(source, target, flow, path.passes(flow)), path


def _ends(random: Random, ends: list[Attached]) -> tuple[Attached | Internet, Attached | Internet]:
    source, target = random.choice(ends), random.choice(ends)
    host = Internet(IPv4Address(random.choice(HOSTS)))
    if random.random() < 0.25 and target.public_address:
        return host, replace(target, by_public_address=True)
    if random.random() < 0.15 and target.public_address and target.interface != source.interface:
        return source, replace(target, by_public_address=True)
    if random.random() < 0.25 or source.interface == target.interface:
        return source, host
    return source, target


def _difference(flow: LiveFlow, path: Path, vpc: Vpc) -> str:
    steps = "\n".join(f"{step.stage}: {step.decide(flow.flow)}" for step in path.steps)
    return f"{flow.flow} from {flow.source.address} to {flow.target.address}\n{steps}\n{vpc}"
