"""The report of one run: what was asked of a network, and what the network answers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from vpcache.errors import VpcacheError
from vpcache.lab.prover.traffic import ALL, described
from vpcache.reach.answers import Answer, Reach, answers, flows_between
from vpcache.reach.comparison import Comparison, compare
from vpcache.reach.ends import Places, cluster_of
from vpcache.reach.findings.checks import change_findings, findings
from vpcache.reach.findings.finding import Finding
from vpcache.reach.matrix import egress_addresses, matrix
from vpcache.reach.network import Network
from vpcache.reach.policy import Violation, violations
from vpcache.reach.policy_file import Policy
from vpcache.reach.traffic import Target


@dataclass(frozen=True)
class Row:
    """What passes from a place to others that are alike, such as the nodes of a cluster."""

    source: str
    targets: tuple[str, ...]
    traffic: str


@dataclass(frozen=True)
class PolicyResult:
    """The check of a policy: its file, how many assertions it has, and those that do not hold."""

    file: str
    assertions: int
    violations: tuple[Violation, ...]


@dataclass(frozen=True)
class Report:
    """All that a run found; what was not asked is empty or None.

    `names` has the names of the IDs in texts. `unmodeled` and `undecided` are those of the network.
    """

    subject: str
    answers: tuple[Answer, ...] = ()
    rows: tuple[Row, ...] | None = None
    egress: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    comparison: Comparison | None = None
    findings: tuple[Finding, ...] = ()
    policy: PolicyResult | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    unmodeled: Mapping[str, str] = field(default_factory=dict)
    undecided: tuple[str, ...] = ()

    def named(self, text: str) -> str:
        """Return a text with the name behind each ID, e.g. "sg-0123 (shop-cache)"."""
        return _ID.sub(lambda found: self._with_name(found[0], found.string[found.end() :]), text)

    def _with_name(self, id_: str, rest: str) -> str:
        name = self.names.get(id_, id_)
        if name == id_ or rest.startswith(f" ({name})"):
            return id_
        return f"the address of {name}" if id_[0].isdigit() else f"{id_} ({name})"


_ID = re.compile(
    r"\b(?:(?:vpc|subnet|sg|rtb|acl|nat|igw|eigw|vpce|eni|pcx|tgw|pl)-[0-9a-f]{8,17}"
    r"|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})\b"
)
"""IDs of EC2, and addresses: one that a plan does not know has the name of its elastic IP."""


def report(network: Network, subject: str, answers: tuple[Answer, ...] = ()) -> Report:
    """Return the report of a network with some answers, or before anything is asked."""
    return Report(
        subject, answers, names=network.names, unmodeled=network.unmodeled, undecided=network.undecided
    )


def with_flows(asked: Report, network: Network, source: str, target: Target) -> Report:
    """Add the answers for flows between two ends, or for a target without one port all that passes.

    Raises VpcacheError for ends that the network does not have, or that have no interface.
    """
    places = Places(network)
    one, other = places.named(source), places.named(target.name)
    for each in (one, other):
        if not each.ends:
            raise VpcacheError(f"{each.name} has no network interface, so nothing passes")
    if target.flow is not None:
        return replace(asked, answers=tuple(answers(network, one, other, target.flow)))
    passing = [reach for reach, _ in flows_between(network, one, other, target.packets)]
    return replace(asked, rows=rows(passing))


def with_matrix(asked: Report, network: Network, source: str = "", target: Target | None = None) -> Report:
    """Add what passes between all places, or from `source` or to `target`, and the egress addresses.

    Raises VpcacheError for an end that the network does not have.
    """
    places = Places(network)
    every = places.all()
    sources = (places.named(source),) if source else every
    targets = (places.named(target.name),) if target else every
    wanted = target.packets if target else ALL
    found = [
        replace(each, packets=packets)
        for each in matrix(network, sources, targets)
        if (packets := each.packets & wanted)
    ]
    return replace(asked, rows=rows(found), egress={} if source or target else egress_addresses(network))


def with_findings(asked: Report, network: Network) -> Report:
    """Add the findings of a network."""
    return replace(asked, findings=findings(network))


def with_change(asked: Report, before: Network, after: Network) -> Report:
    """Add what a change opens, closes and leads elsewhere, and the findings that come with it."""
    known = {(each.rule, each.resource) for each in findings(before)}
    new = tuple(each for each in findings(after) if (each.rule, each.resource) not in known)
    return replace(asked, comparison=compare(before, after), findings=(*change_findings(before, after), *new))


def with_policy(asked: Report, network: Network, policy: Policy) -> Report:
    """Add the check of a policy. Raises VpcacheError for an end that the network does not have."""
    return replace(asked, policy=policy_result(network, policy))


def policy_result(network: Network, policy: Policy) -> PolicyResult:
    """Return the check of a policy. Raises VpcacheError for an end that the network does not have."""
    return PolicyResult(policy.file, len(policy.assertions), tuple(violations(network, policy.assertions)))


def rows(found: Iterable[Reach]) -> tuple[Row, ...]:
    """Return flows as rows of a table; nodes of one cluster with the same traffic share a row."""
    merged: dict[tuple[str, str, str], list[str]] = {}
    for reach in found:
        key = reach.source, cluster_of(reach.target), described(reach.packets)
        merged.setdefault(key, []).append(reach.target)
    return tuple(Row(source, tuple(targets), text) for (source, _, text), targets in merged.items())
