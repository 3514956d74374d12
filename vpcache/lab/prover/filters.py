"""Security groups and network ACLs as steps of a path. Pure.

Security groups are stateful: answers pass. All rules of all groups of an interface apply together.
https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
Network ACLs are stateless: answers need an entry too. The matching entry with the lowest number decides.
https://docs.aws.amazon.com/vpc/latest/userguide/nacl-basics.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vpcache.lab.addresses import IpAddress
from vpcache.lab.prover.intervals import Range
from vpcache.lab.prover.path import Decision, Stage, Step
from vpcache.lab.prover.traffic import answered, described, traffic
from vpcache.lab.topology import AclEntry, NetworkAcl, Rule, SecurityGroup


def group_step(
    stage: Stage, groups: Sequence[SecurityGroup], peer: IpAddress, peer_groups: frozenset[str]
) -> Step:
    """Return the step through the security groups of an interface.

    `peer` is the other end of the connection, and `peer_groups` are the groups of which it is a member.
    """
    side = "from" if stage is Stage.GROUP_INGRESS else "to"
    decisions = [
        Decision(packets, permits=True, reason=f"{group.id} allows {described(packets)} {side} {rule.peer}")
        for group in groups
        for rule in (group.ingress if stage is Stage.GROUP_INGRESS else group.egress)
        if _matches(rule, peer, peer_groups)
        for packets in (traffic(rule.protocol, rule.ports),)
    ]
    names = ", ".join(group.id for group in groups)
    otherwise = (
        f"no rule of {names} allows it {side} {peer}" if names else "the interface has no security group"
    )
    return Step(stage, names, tuple(decisions), otherwise)


def acl_step(stage: Stage, acl: NetworkAcl, peer: IpAddress, source_ports: Range) -> Step:
    """Return the step through the network ACL of a subnet, for packets or, by `stage`, for their answers.

    `source_ports` are the ports to which answers go.
    """
    is_answer = stage in (Stage.ANSWER_INBOUND, Stage.ANSWER_OUTBOUND)
    is_inbound = stage in (Stage.ACL_INBOUND, Stage.ANSWER_INBOUND)
    side = "from" if is_inbound else "to"
    matching = sorted(
        (entry for entry in (acl.ingress if is_inbound else acl.egress) if peer in entry.cidr),
        key=lambda entry: entry.number,
    )
    otherwise = f"no entry of {acl.id} allows it {side} {peer}"
    step = Step(stage, acl.id, tuple(_decisions(acl, matching, side)), otherwise)
    if not is_answer:
        return step
    passing = answered(step.permitted, source_ports)
    reason = f"{acl.id} allows the answers {side} {peer}"
    return Step(
        stage,
        acl.id,
        (Decision(passing, permits=True, reason=reason),),
        f"{acl.id} drops answers {side} {peer}: of these it allows {described(step.permitted)} only",
    )


def _matches(rule: Rule, peer: IpAddress, peer_groups: frozenset[str]) -> bool:
    return rule.peer in peer_groups if isinstance(rule.peer, str) else peer in rule.peer


def _decisions(acl: NetworkAcl, entries: Iterable[AclEntry], side: str) -> Iterable[Decision]:
    for entry in entries:
        packets = traffic(entry.protocol, entry.ports)
        verb = "allows" if entry.allows else "denies"
        text = f"entry {entry.number} of {acl.id} {verb} {described(packets)} {side} {entry.cidr}"
        yield Decision(packets, entry.allows, text)
