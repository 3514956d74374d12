"""Security groups as steps of a path. Pure.

Security groups are stateful: answers pass. All rules of all groups of an interface apply together.
https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, partial

from vpcache.lab.addresses import IpAddress
from vpcache.lab.prover.intervals import Intervals
from vpcache.lab.prover.path import Decision, Reasons, Stage, Step
from vpcache.lab.prover.traffic import described, traffic
from vpcache.lab.topology import IpNetwork, Rule, SecurityGroup

Peer = str | IpNetwork
"""The peer of a rule: the ID of a security group, or a CIDR block."""


class GroupFilter:
    """The security groups of a VPC, with their rules by peer: most rules of a VPC match no given end.

    Peers are numbered, because the hash of a CIDR block takes longer than all else in a large VPC.
    """

    def __init__(self, groups: Iterable[SecurityGroup]) -> None:
        self._groups = {group.id: group for group in groups}
        peers = (rule.peer for group in self._groups.values() for rule in (*group.ingress, *group.egress))
        self._numbers = {peer: number for number, peer in enumerate(dict.fromkeys(peers))}
        self._name = cache(_name)
        self._ingress = cache(partial(self._by_peer, Stage.GROUP_INGRESS))
        self._egress = cache(partial(self._by_peer, Stage.GROUP_EGRESS))
        self._peers_of_ends: dict[tuple[int, int, frozenset[str]], frozenset[int]] = {}

    def step(
        self, stage: Stage, groups: frozenset[str], peer: IpAddress, peer_groups: frozenset[str]
    ) -> Step:
        """Return the step through the security groups of an interface; `peer` is the other end."""
        permitted = self.permitted(stage, groups, peer, peer_groups)
        explain = partial(self._explain, stage, groups, peer, peer_groups)
        return Step(stage, self._name(groups), permitted, explain)

    def permitted(
        self, stage: Stage, groups: frozenset[str], peer: IpAddress, peer_groups: frozenset[str]
    ) -> Intervals:
        """Return the packets that the step with the same arguments passes."""
        allowed = self._ingress(groups) if stage is Stage.GROUP_INGRESS else self._egress(groups)
        found = [allowed[each] for each in self._peers(peer, peer_groups) & allowed.keys()]
        return found[0] if len(found) == 1 else Intervals.union(found)

    def _peers(self, address: IpAddress, groups: frozenset[str]) -> frozenset[int]:
        """Return the numbers of the peers that an end is: the CIDR blocks of its address, and its groups."""
        key = int(address), address.version, groups
        if key not in self._peers_of_ends:
            self._peers_of_ends[key] = frozenset(
                number for peer, number in self._numbers.items() if _is_peer(address, groups, peer)
            )
        return self._peers_of_ends[key]

    def _by_peer(self, stage: Stage, groups: frozenset[str]) -> Mapping[int, Intervals]:
        """Return what the rules of several groups allow together, by the number of the peer."""
        allowed: dict[int, list[Intervals]] = {}
        for group in groups & self._groups.keys():
            for rule in _rules(self._groups[group], stage):
                allowed.setdefault(self._numbers[rule.peer], []).append(traffic(rule.protocol, rule.ports))
        return {number: Intervals.union(packets) for number, packets in allowed.items()}

    def _explain(
        self, stage: Stage, groups: frozenset[str], peer: IpAddress, peer_groups: frozenset[str]
    ) -> Reasons:
        known = [self._groups[each] for each in sorted(groups) if each in self._groups]
        decisions = tuple(
            Decision(packets, permits=True, reason=_reason(group, stage, rule, packets))
            for group in known
            for rule in _rules(group, stage)
            if _is_peer(peer, peer_groups, rule.peer)
            for packets in (traffic(rule.protocol, rule.ports),)
        )
        names = ", ".join(group.id for group in known)
        otherwise = f"no rule of {names} allows it {_side(stage)} {peer}"
        return Reasons(decisions, otherwise if names else "the interface has no security group")


def _rules(group: SecurityGroup, stage: Stage) -> tuple[Rule, ...]:
    return group.ingress if stage is Stage.GROUP_INGRESS else group.egress


def _name(groups: frozenset[str]) -> str:
    return ", ".join(sorted(groups))


def _side(stage: Stage) -> str:
    return "from" if stage is Stage.GROUP_INGRESS else "to"


def _is_peer(address: IpAddress, groups: frozenset[str], peer: Peer) -> bool:
    return peer in groups if isinstance(peer, str) else address in peer


def _reason(group: SecurityGroup, stage: Stage, rule: Rule, packets: Intervals) -> str:
    name = ": ".join(filter(None, (rule.id, rule.description)))
    by = f" by {name}" if name else ""
    return f"{group.id} allows {described(packets)} {_side(stage)} {rule.peer}{by}"
