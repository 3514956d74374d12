"""Security groups that are open to any address, or to their own members. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vpcache.lab.prover.ends import Attached, Internet
from vpcache.lab.prover.intervals import Intervals
from vpcache.lab.prover.traffic import described, first_flow, traffic
from vpcache.lab.topology import Rule, SecurityGroup, Vpc
from vpcache.reach.findings.finding import Finding, Severity
from vpcache.reach.findings.rules import GROUP_NAMES_ITSELF, OPEN_TO_ANY_ADDRESS
from vpcache.reach.findings.view import HOSTS, View, listed, rule_of

PUBLIC = Intervals.union(
    [
        *(traffic("tcp", (port, port)) for port in (80, 443)),
        traffic("udp", (443, 443)),  # HTTP/3
        *(traffic(protocol, None) for protocol in ("icmp", "icmpv6")),
    ]
)
"""Traffic that servers of the web accept from any address."""


@dataclass(frozen=True)
class _Opening:
    """An ingress rule, and the ends in its group that answer."""

    group: SecurityGroup
    rule: Rule
    members: list[Attached]

    @property
    def packets(self) -> Intervals:
        return traffic(self.rule.protocol, self.rule.ports)

    def text(self, view: View, source: str, effect: str) -> str:
        allows = f"{view.resource(self.group.id)} allows {described(self.packets)} from {source}"
        return f"{allows}{rule_of(self.rule)}: {effect}; allow the security group of the clients instead"


def open_to_any_address(view: View, vpc: Vpc) -> Iterator[Finding]:
    """Find rules that allow other traffic than the web's from any address to members that answer."""
    for opening in _openings(view, vpc):
        peer = opening.rule.peer
        if isinstance(peer, str) or peer.prefixlen > 0 or not opening.packets - PUBLIC:
            continue
        reached = _reached_from(view, HOSTS[peer.version], opening)
        if reached:
            effect = f"the internet reaches {view.listed(reached)}"
        elif opening.members:
            effect = _inside(view, vpc, opening)
        else:
            effect = _outside(view, vpc, opening.group)
        if effect:
            severity = Severity.ERROR if reached else Severity.WARNING
            text = opening.text(view, str(peer), effect)
            yield Finding(OPEN_TO_ANY_ADDRESS, severity, opening.group.id, text)


def group_names_itself(view: View, vpc: Vpc) -> Iterator[Finding]:
    """Find rules that let the members of a group reach each other, if members answer.

    It is a note if other filters stop the members now.
    """
    for opening in _openings(view, vpc):
        if opening.rule.peer != opening.group.id or not opening.members:
            continue
        sources = [each for each in view.clients(vpc) if opening.group.id in each.interface.security_groups]
        pairs = [
            (one, other)
            for one in dict.fromkeys([*sources, *opening.members])
            for other in opening.members
            if one.interface.id != other.interface.id
        ]
        passing = [
            (one, other, packets)
            for one, other in pairs
            if (packets := view.permitted(one, other) & opening.packets)
        ]
        severity = Severity.WARNING if passing else Severity.NOTE
        effect = _among_members(view, passing) if passing else _no_members_pass(view, opening, pairs)
        yield Finding(GROUP_NAMES_ITSELF, severity, opening.group.id, opening.text(view, "itself", effect))


def _among_members(view: View, passing: list[tuple[Attached, Attached, Intervals]]) -> str:
    opened = Intervals.union(packets for _, _, packets in passing)
    members, others = [one for one, _, _ in passing], [other for _, other, _ in passing]
    targets = "each other" if set(members) == set(others) else view.listed(others)
    return f"now {view.listed(members)} can reach {targets} at {described(opened)}"


def _no_members_pass(view: View, opening: _Opening, pairs: list[tuple[Attached, Attached]]) -> str:
    """Return why no member reaches another one."""
    if not pairs:
        return f"now {view.listed(opening.members)} is its only member, and each new member can reach it"
    flow = first_flow(opening.packets)
    obstacle = view.path(*pairs[0]).obstacles(flow)[0].decide(flow)[1]
    return f"now {view.listed(opening.members)} cannot reach each other, but only because {obstacle}"


def _openings(view: View, vpc: Vpc) -> Iterator[_Opening]:
    for group in vpc.security_groups:
        members = [each for each in view.servers(vpc) if group.id in each.interface.security_groups]
        for rule in group.ingress:
            yield _Opening(group, rule, members)


def _reached_from(view: View, host: Internet, opening: _Opening) -> list[Attached]:
    exposed = opening.packets - PUBLIC
    members = (each for each in opening.members if each.address.version == host.address.version)
    return [each for each in members if view.permitted(host, each) & exposed]


def _inside(view: View, vpc: Vpc, opening: _Opening) -> str:
    """Return who reaches the members inside the VPC, and why the internet does not."""
    exposed, member = opening.packets - PUBLIC, opening.members[0]
    flow, host = first_flow(exposed), HOSTS[member.address.version]
    obstacle = view.path(host, member).obstacles(flow)[0].decide(flow)[1]
    clients = [
        each
        for each in view.clients(vpc)
        if any(view.permitted(each, other) & exposed for other in opening.members if other != each)
    ]
    reaching = view.listed(clients) or "each interface of the VPC with a rule for it"
    return f"now {reaching} can reach {view.listed(opening.members)}, the internet cannot because {obstacle}"


def _outside(view: View, vpc: Vpc, group: SecurityGroup) -> str:
    """Return what a group without members in the model may open, empty if nothing is outside the model."""
    if not view.network.unmodeled or any(group.id in each.security_groups for each in vpc.interfaces):
        return ""
    return f"its members are outside the model, perhaps {listed(view.network.unmodeled)}"
