"""Policies: assertions about a network, one a line, in a file beside its root module. Pure.

    # what must never pass
    never: internet -> private
    # what passes, and all that reaches its target
    only: cached-api -> cache:11211
    # what must pass
    always: cached-api -> internet:443
    each zone leaves by its own address

The ends are those of `vpcache.reach.ends.Places.named`, the target has a port as in
`vpcache.reach.traffic.parse_target`. Without a port, an assertion is about all traffic.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from vpcache.errors import VpcacheError
from vpcache.lab.prover.path import Path
from vpcache.lab.prover.traffic import described, first_flow
from vpcache.reach.answers import (
    Reach,
    blocked_between,
    flows_between,
    undecided_between,
    worded,
)
from vpcache.reach.ends import Place, Places, pairs
from vpcache.reach.matrix import egress_addresses, matrix
from vpcache.reach.network import Network
from vpcache.reach.traffic import Target, parse_target
from vpcache.wording import counted

OWN_ADDRESSES = "each zone leaves by its own address"
_LINE = re.compile(r"(?P<verb>\w+):\s*(?P<source>\S+)\s*->\s*(?P<target>\S+)")


class Verb(StrEnum):
    """What an assertion says about the traffic between its ends."""

    NEVER = "never"  # nothing of it passes
    ALWAYS = "always"  # all of it passes
    ONLY = "only"  # it passes, and nothing else reaches the target


@dataclass(frozen=True)
class Position:
    """A place in a policy's file; lines and columns begin at 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Flows:
    """The flows of an assertion: what it says of them, their ends, and where the ends are written."""

    verb: Verb
    source: str
    target: Target
    source_at: Position
    target_at: Position


@dataclass(frozen=True)
class Assertion:
    """A line of a policy. Without flows it is about the egress addresses of the zones."""

    text: str
    at: Position
    flows: Flows | None = None


@dataclass(frozen=True)
class Violation:
    """An assertion that does not hold, the reason, and the steps of the offending path."""

    assertion: Assertion
    reason: str
    steps: tuple[str, ...] = ()

    def __str__(self) -> str:
        at = self.assertion.at
        return f"{at.file}:{at.line}: {self.assertion.text}: {self.reason}"


def parse_policy(text: str, file: str = "the policy") -> tuple[Assertion, ...]:
    """Return the assertions of a policy. Raises VpcacheError with line and column for what cannot be read."""
    lines = ((number, line.split("#", 1)[0]) for number, line in enumerate(text.splitlines(), 1))
    return tuple(_assertion(number, line, file) for number, line in lines if line.strip())


def _assertion(number: int, line: str, file: str) -> Assertion:
    text, column = line.strip(), len(line) - len(line.lstrip()) + 1
    at = Position(file, number, column)
    if text == OWN_ADDRESSES:
        return Assertion(text, at)
    found = _LINE.fullmatch(text)
    if found is None or found["verb"] not in tuple(Verb):
        raise VpcacheError(
            f"{at}: cannot read '{text}': use `{Verb.NEVER}: A -> B`, `{Verb.ALWAYS}: A -> B:443`, "
            f"`{Verb.ONLY}: A -> B:443`, or `{OWN_ADDRESSES}`"
        )
    source_at = Position(file, number, column + found.start("source"))
    target_at = Position(file, number, column + found.start("target"))
    try:
        target = parse_target(found["target"])
    except VpcacheError as error:
        raise VpcacheError(f"{target_at}: {error}") from None
    return Assertion(text, at, Flows(Verb(found["verb"]), found["source"], target, source_at, target_at))


def violations(network: Network, policy: Iterable[Assertion]) -> list[Violation]:
    """Return the assertions that do not hold. Raises VpcacheError for ends that the network does not have."""
    places = Places(network)
    return [violation for each in policy for violation in _violations(network, places, each)]


def _violations(network: Network, places: Places, assertion: Assertion) -> Iterator[Violation]:
    flows = assertion.flows
    if flows is None:
        yield from _shared_addresses(network, assertion)
        return
    source = _place(places, flows.source, flows.source_at)
    target = _place(places, flows.target.name, flows.target_at)
    if flows.verb is Verb.NEVER:
        yield from _passing(network, assertion, flows, source, target)
        return
    yield from _missing(network, assertion, flows, source, target)
    if flows.verb is Verb.ONLY:
        yield from _others(network, places, assertion, flows, source, target)


def _place(places: Places, name: str, at: Position) -> Place:
    try:
        return places.named(name)
    except VpcacheError as error:
        raise VpcacheError(f"{at}: {error}") from None


def _passing(
    network: Network, assertion: Assertion, flows: Flows, source: Place, target: Place
) -> Iterator[Violation]:
    packets = flows.target.packets
    if passing := flows_between(network, source, target, packets):
        yield _violation(assertion, passing, "passes")
    elif undecided := undecided_between(network, source, target, packets):
        yield _violation(assertion, undecided, "cannot be decided")


def _missing(
    network: Network, assertion: Assertion, flows: Flows, source: Place, target: Place
) -> Iterator[Violation]:
    if not any(pairs(source, target)):
        yield Violation(assertion, f"{source.name} or {target.name} has no network interface")
    elif blocked := blocked_between(network, source, target, flows.target.packets):
        yield _violation(assertion, blocked, "does not pass")


def _violation(assertion: Assertion, found: Sequence[tuple[Reach, Path]], verb: str) -> Violation:
    """Return the violation by the first of some flows, with its path."""
    reach, path = found[0]
    more = f", and between {counted(len(found) - 1, 'more pair')}" if len(found) > 1 else ""
    flow = first_flow(reach.packets)
    steps = tuple(text for _, text in worded(path, flow))
    obstacle = next((f": {step.decide(flow)[1]}" for step in path.obstacles(flow)), "")
    reason = f"{described(reach.packets)} {verb} from {reach.source} to {reach.target}{more}{obstacle}"
    return Violation(assertion, reason, steps)


def _others(
    network: Network, places: Places, assertion: Assertion, flows: Flows, source: Place, target: Place
) -> Iterator[Violation]:
    allowed, wanted = set(source.ends), set(target.ends)
    every = places.all()
    targets = [each for each in every if not wanted.isdisjoint(each.ends)]
    by_name = {each.name: each for each in every}
    others: list[tuple[Reach, Path]] = []
    for reach in matrix(network, every, targets):
        is_source = set(by_name[reach.source].ends) <= allowed
        if packets := reach.packets - flows.target.packets if is_source else reach.packets:
            others += flows_between(network, by_name[reach.source], by_name[reach.target], packets)
    if others:
        yield _violation(assertion, others, "passes too")


def _shared_addresses(network: Network, assertion: Assertion) -> Iterator[Violation]:
    zones: dict[str, list[str]] = {}
    for zone, addresses in egress_addresses(network).items():
        if len(addresses) > 1:
            yield Violation(assertion, f"{zone} leaves by {' and '.join(addresses)}")
        for address in addresses:
            zones.setdefault(address, []).append(zone)
    for address, found in zones.items():
        if len(found) > 1:
            yield Violation(assertion, f"{' and '.join(found)} leave by {address}")
