"""Network ACLs as steps of a path. Pure.

Network ACLs are stateless: answers need an entry too. The matching entry with the lowest number decides.
https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial

from vpcache.lab.addresses import IpAddress
from vpcache.lab.prover.intervals import Intervals, Range
from vpcache.lab.prover.path import Decision, Reasons, Stage, Step, always
from vpcache.lab.prover.traffic import ALL, answered, described, traffic
from vpcache.lab.topology import AclEntry, NetworkAcl

_INBOUND = (Stage.ACL_INBOUND, Stage.ANSWER_INBOUND)
_ANSWERS = (Stage.ANSWER_INBOUND, Stage.ANSWER_OUTBOUND)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """The entries of an ACL that match a peer, in the order in which they decide, and what they pass."""

    entries: tuple[AclEntry, ...]
    permitted: Intervals
    answered: Intervals


class AclFilter:
    """The network ACLs of a VPC. `source_ports` are the ports to which answers go."""

    def __init__(self, acls: Iterable[NetworkAcl], source_ports: Range) -> None:
        self._acls = {acl.id: acl for acl in acls}
        self._by_subnet = {subnet_id: acl.id for acl in self._acls.values() for subnet_id in acl.subnet_ids}
        self._source_ports = source_ports
        self._by_entries: dict[tuple[str, bool, tuple[int, ...]], _Verdict] = {}
        self._by_peer: dict[tuple[str, bool, int, int], _Verdict] = {}
        self._without_acl = cache(_without_acl)

    def step(self, stage: Stage, subnet_id: str, peer: IpAddress) -> Step:
        """Return the step through the network ACL of a subnet, for packets or, by `stage`, for answers."""
        acl = self._by_subnet.get(subnet_id)
        if acl is None:
            return self._without_acl(stage, subnet_id)
        key = acl, stage in _INBOUND, int(peer), peer.version
        verdict = self._by_peer.get(key)
        if verdict is None:
            verdict = self._by_peer[key] = self._verdict(acl, stage in _INBOUND, peer)
        if stage in _ANSWERS:
            return Step(stage, acl, verdict.answered, partial(_answers, stage, acl, peer, verdict))
        return Step(stage, acl, verdict.permitted, partial(_packets, stage, acl, peer, verdict))

    def _verdict(self, acl_id: str, is_inbound: bool, peer: IpAddress) -> _Verdict:
        acl = self._acls[acl_id]
        matching = [each for each in (acl.ingress if is_inbound else acl.egress) if peer in each.cidr]
        entries = tuple(sorted(matching, key=lambda entry: entry.number))
        key = acl_id, is_inbound, tuple(entry.number for entry in entries)
        if key not in self._by_entries:
            permitted = _permitted(entries)
            self._by_entries[key] = _Verdict(entries, permitted, answered(permitted, self._source_ports))
        return self._by_entries[key]


def _without_acl(stage: Stage, subnet_id: str) -> Step:
    return always(stage, subnet_id, "{} has no network ACL that denies anything", subnet_id)


def _permitted(entries: tuple[AclEntry, ...]) -> Intervals:
    permitted, remaining = Intervals(), ALL
    for entry in entries:
        packets = traffic(entry.protocol, entry.ports)
        if entry.allows:
            permitted |= packets & remaining
        remaining -= packets
    return permitted


def _side(stage: Stage) -> str:
    return "from" if stage in _INBOUND else "to"


def _packets(stage: Stage, acl: str, peer: IpAddress, verdict: _Verdict) -> Reasons:
    side = _side(stage)
    return Reasons(
        tuple(_decisions(acl, verdict.entries, side)), f"no entry of {acl} allows it {side} {peer}"
    )


def _answers(stage: Stage, acl: str, peer: IpAddress, verdict: _Verdict) -> Reasons:
    side = f"{_side(stage)} {peer}"
    return Reasons(
        (Decision(verdict.answered, permits=True, reason=f"{acl} allows the answers {side}"),),
        f"{acl} drops answers {side}: of these it allows {described(verdict.permitted)} only",
    )


def _decisions(acl: str, entries: Iterable[AclEntry], side: str) -> Iterator[Decision]:
    for entry in entries:
        packets = traffic(entry.protocol, entry.ports)
        verb = "allows" if entry.allows else "denies"
        text = f"entry {entry.number} of {acl} {verb} {described(packets)} {side} {entry.cidr}"
        yield Decision(packets, entry.allows, text)
