"""Network ACLs that let requests pass and drop their answers. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce

from vpcache.lab.prover.ends import Attached, Internet
from vpcache.lab.prover.intervals import Intervals
from vpcache.lab.prover.path import Path, Stage
from vpcache.lab.prover.traffic import ALL, described, first_flow, traffic
from vpcache.lab.topology import NetworkAcl, Vpc
from vpcache.reach.findings.finding import Finding, Severity
from vpcache.reach.findings.rules import ACL_DROPS_INBOUND_ANSWERS, ACL_DROPS_OUTBOUND_ANSWERS
from vpcache.reach.findings.view import HOST, View, listed

_ANSWERS = (Stage.ANSWER_INBOUND, Stage.ANSWER_OUTBOUND)
_CONNECTIONS = traffic("tcp", None) | traffic("udp", None)


@dataclass
class _Lost:
    """The flows of which a network ACL drops the answers only."""

    packets: Intervals
    reason: str
    sources: dict[str, None] = field(default_factory=dict)
    targets: dict[str, None] = field(default_factory=dict)


def dropped_answers(view: View, vpc: Vpc) -> Iterator[Finding]:
    """Find network ACLs that drop the answers of flows that pass everything else."""
    acls = {each.id: each for each in vpc.network_acls if not _passes_all(each)}
    if not acls:
        return
    lost: dict[tuple[str, Stage], _Lost] = {}
    for source, target in _pairs(view, vpc):
        path = view.path(source, target)
        asked = _asked(path)
        for step in path.steps if asked else ():
            if step.stage in _ANSWERS and step.resource in acls and (packets := asked - step.permitted):
                reason = step.decide(first_flow(packets))[1]
                found = lost.setdefault((step.resource, step.stage), _Lost(packets, reason))
                found.packets |= packets
                found.sources[_name(view, source)] = None
                found.targets[_name(view, target)] = None
    for (acl_id, stage), found in lost.items():
        yield _finding(view, acl_id, stage, found)


def _finding(view: View, acl_id: str, stage: Stage, found: _Lost) -> Finding:
    is_inbound = stage is Stage.ANSWER_INBOUND
    requests, answers, side = ("out", "in", "inbound") if is_inbound else ("in", "out", "outbound")
    return Finding(
        ACL_DROPS_INBOUND_ANSWERS if is_inbound else ACL_DROPS_OUTBOUND_ANSWERS,
        Severity.ERROR if found.packets & traffic("tcp", None) else Severity.WARNING,
        acl_id,
        f"{view.resource(acl_id)} lets {described(found.packets)} {requests} and not the answers {answers}, "
        f"from {listed(found.sources)} to {listed(found.targets)}: {found.reason}; "
        f"allow ports 1024-65535 {side}",
    )


def _asked(path: Path) -> Intervals:
    """Return the TCP and UDP packets that arrive, whether or not network ACLs pass their answers."""
    steps = (step.permitted for step in path.steps if step.stage not in _ANSWERS)
    return reduce(lambda one, other: one & other, steps, ALL) & _CONNECTIONS


def _pairs(view: View, vpc: Vpc) -> Iterator[tuple[Attached | Internet, Attached | Internet]]:
    """Yield the pairs of ends between which connections start."""
    sources: list[Attached | Internet] = [HOST, *view.clients(vpc)]
    targets: list[Attached | Internet] = [HOST, *view.servers(vpc)]
    for source in sources:
        for target in targets:
            if source != target:
                yield source, target


def _name(view: View, end: Attached | Internet) -> str:
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
