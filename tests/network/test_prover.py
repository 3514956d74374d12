"""The prover, compared with the packets that the kernel passes, in random VPCs."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from random import Random

import pytest

from tests.support.network.exchange import Attempt, exchange
from tests.support.network.harness import HOST, OTHER_HOST, NetworkHarness, needs_namespaces
from tests.support.network.isolation import isolated
from tests.support.network.random_vpcs import PORTS, SOURCE_PORTS, random_vpc
from vpcache.lab.addresses import IpAddress
from vpcache.lab.network.naming import INTERNET, interface_namespace
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
    prover = Prover(Topology((vpc,)), SOURCE_PORTS)
    ends = [end for end in attached(vpc) if end.interface.kind is InterfaceKind.PLAIN]
    proven = dict(_flow(random, prover, ends, SOURCE_PORTS[0] + number) for number in range(FLOWS))
    expected = {
        attempt: str(path.seen_as)
        for attempt, path in proven.items()
        if path.passes(Flow(attempt.protocol, attempt.port))
    }
    hosts = [(INTERNET, host) for host in HOSTS]
    inside = [(interface_namespace(end.interface.id), str(end.address)) for end in ends]
    listeners = [
        (protocol, namespace, address, port)
        for protocol in ("tcp", "udp")
        for port in PORTS
        for namespace, address in (*hosts, *inside)
    ]
    network = NetworkHarness(vpc)
    answers = exchange(network.namespaces, listeners, proven, len(expected))
    for attempt in proven:
        assert answers.get(attempt) == expected.get(attempt), _difference(attempt, proven[attempt], vpc)
    return len(expected)


def _flow(random: Random, prover: Prover, ends: list[Attached], source_port: int) -> tuple[Attempt, Path]:
    source, target, dialled = _ends(random, ends)
    protocol, port = random.choice(("tcp", "udp")), random.choice(PORTS)
    namespace = INTERNET if isinstance(source, Internet) else interface_namespace(source.interface.id)
    attempt = Attempt(protocol, namespace, str(source.address), source_port, str(dialled), port)
    return attempt, prover.path(source, target)


def _ends(random: Random, ends: list[Attached]) -> tuple[Attached | Internet, Attached | Internet, IpAddress]:
    """Return two ends and the address to which the source connects: from the internet an elastic IP."""
    source, target = random.choice(ends), random.choice(ends)
    host = Internet(IPv4Address(random.choice(HOSTS)))
    if random.random() < 0.25 and target.public_address:
        return host, target, target.public_address
    if random.random() < 0.15 and target.public_address and target.interface != source.interface:
        return source, replace(target, by_public_address=True), target.public_address
    if random.random() < 0.25 or source.interface == target.interface:
        return source, host, host.address
    return source, target, target.address


def _difference(attempt: Attempt, path: Path, vpc: Vpc) -> str:
    flow = Flow(attempt.protocol, attempt.port)
    steps = "\n".join(f"{step.stage}: {step.decide(flow)}" for step in path.steps)
    return f"{attempt}\n{steps}\n{vpc}"
