"""Network ACLs that let requests pass and drop their answers. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from vpcache.lab.addresses import IpAddress
from vpcache.lab.prover.ends import Attached, Internet
from vpcache.lab.prover.intervals import Intervals
from vpcache.lab.prover.path import Path, Stage, common
from vpcache.lab.prover.traffic import described, first_flow, traffic
from vpcache.lab.topology import NetworkAcl, Vpc
from vpcache.reach.findings.finding import Finding, Severity
from vpcache.reach.findings.rules import ACL_DROPS_INBOUND_ANSWERS, ACL_DROPS_OUTBOUND_ANSWERS
from vpcache.reach.findings.view import HOST, View, listed

_ANSWERS = (Stage.ANSWER_INBOUND, Stage.ANSWER_OUTBOUND)
_End = Attached | Internet
_CONNECTIONS = traffic("tcp", None) | traffic("udp", None)


@dataclass
class _Lost:
    """The flows of which a network ACL drops the answers only."""

    reason: str
    packets: list[Intervals] = field(default_factory=list)
    sources: dict[IpAddress, _End] = field(default_factory=dict)
    targets: dict[IpAddress, _End] = field(default_factory=dict)


def dropped_answers(view: View, vpc: Vpc) -> Iterator[Finding]:
    """Find network ACLs that drop the answers of flows that pass everything else."""
    acls = {each.id: each for each in vpc.network_acls if not _passes_all(each)}
    if not acls:
        return
    lost: dict[tuple[str, Stage], _Lost] = {}
    subnets = {id_ for each in acls.values() for id_ in each.subnet_ids}
    for source, target in _pairs(view, vpc, subnets):
        path = view.path(source, target)
        asked = _asked(path)
        for step in path.steps if asked else ():
            if step.stage in _ANSWERS and step.resource in acls and (packets := asked - step.permitted):
                key = step.resource, step.stage
                if key not in lost:
                    lost[key] = _Lost(step.decide(first_flow(packets))[1])
                lost[key].packets.append(packets)
                lost[key].sources[source.address] = source
                lost[key].targets[target.address] = target
    for (acl_id, stage), found in lost.items():
        yield _finding(view, acl_id, stage, found)


def _finding(view: View, acl_id: str, stage: Stage, found: _Lost) -> Finding:
    is_inbound = stage is Stage.ANSWER_INBOUND
    requests, answers, side = ("out", "in", "inbound") if is_inbound else ("in", "out", "outbound")
    packets = Intervals.union(found.packets)
    sources, targets = (
        listed(_name(view, end) for end in ends.values()) for ends in (found.sources, found.targets)
    )
    return Finding(
        ACL_DROPS_INBOUND_ANSWERS if is_inbound else ACL_DROPS_OUTBOUND_ANSWERS,
        Severity.ERROR if packets & traffic("tcp", None) else Severity.WARNING,
        acl_id,
        f"{view.resource(acl_id)} lets {described(packets)} {requests} and not the answers {answers}, "
        f"from {sources} to {targets}: {found.reason}; "
        f"allow ports 1024-65535 {side}",
    )


def _asked(path: Path) -> Intervals:
    """Return the TCP and UDP packets that arrive, whether or not network ACLs pass their answers."""
    return common(step for step in path.steps if step.stage not in _ANSWERS) & _CONNECTIONS


def _pairs(view: View, vpc: Vpc, subnets: set[str]) -> Iterator[tuple[_End, _End]]:
    """Yield the pairs of ends between which connections start, and which the network ACLs of subnets see.

    Packets to the internet may leave by the subnet of a NAT gateway, so all of those are yielded.
    """
    clients, servers = view.clients(vpc), view.servers(vpc)
    yield from ((HOST, server) for server in servers)
    for source in clients:
        yield source, HOST
        is_inside = source.interface.subnet_id in subnets
        for target in servers:
            subnet = target.interface.subnet_id
            if (is_inside or subnet in subnets) and subnet != source.interface.subnet_id:
                yield source, target


def _name(view: View, end: _End) -> str:
    return "the internet" if isinstance(end, Internet) else view.listed([end])


def _passes_all(acl: NetworkAcl) -> bool:
    """Return whether the first IPv4 entry of an ACL allows all traffic, in both directions."""
    for entries in (acl.ingress, acl.egress):
        ordered = sorted((each for each in entries if each.cidr.version == 4), key=lambda each: each.number)
        if not ordered or not ordered[0].allows or ordered[0].protocol != "all":
            return False
        if ordered[0].cidr.prefixlen > 0:
            return False
    return True
