"""The prover, compared with an evaluator that follows each packet, in small random VPCs."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network
from itertools import product
from random import Random

import pytest

from tests.support.network.brute_force import ECHO_REQUEST, Connections
from tests.support.network.random_vpcs import HOSTS, random_vpc
from vpcache.lab.prover.ends import Attached, Internet, attached
from vpcache.lab.prover.path import Path
from vpcache.lab.prover.prover import Prover
from vpcache.lab.prover.traffic import EPHEMERAL_PORTS, Flow
from vpcache.lab.topology import AclEntry, InterfaceKind, Rule, Topology, Vpc

VPCS, PAIRS = 4, 10  # of one seed, of one VPC
_OTHER = (("icmp", (8, 0)), ("icmp", (-1, -1)), ("icmp", (0, 0)), ("icmp", (8, 1)), ("47", None))
_BLOCKS = (IPv4Network("10.0.0.0/24"), IPv4Network("198.51.100.0/24"), IPv4Network("0.0.0.0/0"))


@pytest.mark.parametrize("seed", range(8))
def test_prover_agrees_with_packets_followed_one_by_one(seed: int) -> None:
    random = Random(seed)
    passing = flows = 0
    for _ in range(VPCS):
        vpc = _with_other_protocols(random, random_vpc(random))
        source_ports = random.choice((EPHEMERAL_PORTS, (40000, 42999)))
        ports = sorted(port for port in _boundaries(vpc) if 0 <= port <= 65535)
        answers = [port for port in ports if source_ports[0] <= port <= source_ports[1]]
        connections = Connections(vpc, (*source_ports, *answers))
        prover = Prover(Topology((vpc,)), source_ports)
        requests = {"tcp": ports, "udp": ports, "icmp": [ECHO_REQUEST], "47": [0]}
        for source, target in _pairs(random, vpc):
            path = prover.path(source, target)
            assert prover.permitted(source, target) == path.permitted
            for protocol, asked in requests.items():
                expected = connections.open_ports(source, target, protocol, asked)
                proven = {port for port in asked if path.passes(_flow(protocol, port))}
                permitted = {port for port in asked if _flow(protocol, port).number in path.permitted}
                assert proven == permitted == expected, (protocol, source, target, vpc)
                tried = random.sample(asked, min(len(asked), 2))
                explained = {port for port in tried if _explained(path, _flow(protocol, port))}
                assert explained == expected.intersection(tried)
                assert not expected or path.seen_as == connections.seen_as(source, target)
                passing, flows = passing + len(expected), flows + len(asked)
    assert flows // 50 < passing < flows * 49 // 50, "both outcomes are tested"


def _explained(path: Path, flow: Flow) -> bool:
    """Return whether the reasons of all steps pass a flow."""
    return all(step.decide(flow)[0] for step in path.steps)


def _flow(protocol: str, port: int) -> Flow:
    return Flow(protocol, port if protocol in ("tcp", "udp") else None)


def _with_other_protocols(random: Random, vpc: Vpc) -> Vpc:
    """Return a VPC with a rule in each group and an entry in each network ACL for ICMP or GRE."""
    groups = tuple(
        replace(
            group,
            ingress=(*group.ingress, _rule(random)),
            egress=(*group.egress, _rule(random)),
        )
        for group in vpc.security_groups
    )
    acls = tuple(
        replace(
            acl,
            ingress=(*acl.ingress, _entry(random), *_hole(random)),
            egress=(_entry(random), *acl.egress, *_hole(random)),
        )
        for acl in vpc.network_acls
    )
    return replace(vpc, security_groups=groups, network_acls=acls)


def _rule(random: Random) -> Rule:
    protocol, message = random.choice(_OTHER)
    return Rule(protocol, message, random.choice(_BLOCKS))


def _entry(random: Random) -> AclEntry:
    protocol, message = random.choice(_OTHER)
    number = random.choice((200, 400))  # before and after the entry for all traffic, if there is one
    return AclEntry(number, protocol, message, random.choice(_BLOCKS), allows=random.random() < 0.5)


def _hole(random: Random) -> list[AclEntry]:
    """Return, for some network ACLs, an entry that denies a part of the ports to which answers go."""
    everywhere, protocol = _BLOCKS[-1], random.choice(("tcp", "udp"))
    hole = AclEntry(250, protocol, (41000, 41999), everywhere, allows=False)
    return [hole] if random.random() < 0.3 else []


def _boundaries(vpc: Vpc) -> set[int]:
    """Return the ports at, before and after each bound of a rule or an entry."""
    ranges = [
        *(rule.ports for group in vpc.security_groups for rule in (*group.ingress, *group.egress)),
        *(entry.ports for acl in vpc.network_acls for entry in (*acl.ingress, *acl.egress)),
    ]
    return {bound + step for ports in ranges if ports for bound in ports for step in (-1, 0, 1)}


def _pairs(random: Random, vpc: Vpc) -> list[tuple[Attached | Internet, Attached | Internet]]:
    """Return pairs of ends: of the VPC, by public addresses, and on the internet."""
    ends = [each for each in attached(vpc) if each.address.version == 4]
    inside = [each for each in ends if each.interface.kind is not InterfaceKind.NAT_GATEWAY]
    public = [replace(each, by_public_address=True) for each in inside if each.public_address]
    gateways = [
        replace(each, by_public_address=True)
        for each in ends
        if each.interface.kind is InterfaceKind.NAT_GATEWAY and each.public_address
    ]
    hosts = [Internet(each) for each in HOSTS]
    pairs: list[tuple[Attached | Internet, Attached | Internet]] = [
        *((one, other) for one in inside for other in inside if one.interface.id != other.interface.id),
        *((one, other) for one in inside for other in public if one.interface.id != other.interface.id),
        *product(hosts, (*public, *gateways)),
        *product(inside, hosts),
    ]
    return random.sample(pairs, min(len(pairs), PAIRS))
