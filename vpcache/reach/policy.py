"""Policies: assertions about a network, one a line, kept beside its root module. Pure.

    # what must never pass
    never: internet -> cache
    # all that may reach a place
    only: cached-api -> cache tcp 11211
    # what must pass
    always: cached-api -> internet tcp 443
    each zone leaves by its own address

An end is `internet`, the name of a function, cache or NAT gateway, an ID or a CIDR block. Without protocol
and port an assertion is about all traffic.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from vpcache.errors import VpcacheError
from vpcache.lab.prover.intervals import Intervals
from vpcache.lab.prover.path import Path, Stage
from vpcache.lab.prover.prover import Prover
from vpcache.lab.prover.traffic import ALL, Flow, described, traffic
from vpcache.reach.answers import egress_addresses, matrix
from vpcache.reach.ends import Place, place
from vpcache.reach.network import Network

OWN_ADDRESSES = "each zone leaves by its own address"
_LINE = re.compile(
    r"(?P<verb>\w+):\s*(?P<source>\S+)\s*->\s*(?P<target>\S+)"
    r"(?:\s+(?P<protocol>tcp|udp|icmp|icmpv6)(?:\s+(?P<low>\d+)(?:-(?P<high>\d+))?)?)?"
)
_MAX_PORT = 65535


class Verb(StrEnum):
    """What an assertion says about the traffic between its ends."""

    NEVER = "never"  # nothing of it passes
    ALWAYS = "always"  # all of it passes
    ONLY = "only"  # it passes, and nothing else reaches the target


@dataclass(frozen=True)
class Assertion:
    """An assertion and its line, from 1 on. Without ends it is about the egress addresses of the zones."""

    line: int
    text: str
    verb: Verb | None = None
    source: str = ""
    target: str = ""
    packets: Intervals = ALL


@dataclass(frozen=True)
class Violation:
    """An assertion that does not hold, and the reason."""

    assertion: Assertion
    reason: str

    def __str__(self) -> str:
        return f"line {self.assertion.line}: {self.assertion.text}: {self.reason}"


def parse_policy(text: str, file: str = "the policy") -> tuple[Assertion, ...]:
    """Return the assertions of a policy. Raises VpcacheError with line and column for what cannot be read."""
    lines = ((number, line.split("#", 1)[0]) for number, line in enumerate(text.splitlines(), 1))
    return tuple(_assertion(number, line, file) for number, line in lines if line.strip())


def _assertion(number: int, line: str, file: str) -> Assertion:
    text, column = line.strip(), len(line) - len(line.lstrip()) + 1
    if text == OWN_ADDRESSES:
        return Assertion(number, text)
    found = _LINE.fullmatch(text)
    if found is None or found["verb"] not in tuple(Verb):
        raise VpcacheError(
            f"{file}:{number}:{column}: cannot read '{text}': use `{Verb.NEVER}: A -> B`, "
            f"`{Verb.ALWAYS}: A -> B tcp 443`, `{Verb.ONLY}: A -> B tcp 443`, or `{OWN_ADDRESSES}`"
        )
    low, high = int(found["low"] or 0), int(found["high"] or found["low"] or _MAX_PORT)
    if not low <= high <= _MAX_PORT:
        at = column + found.start("low")
        raise VpcacheError(f"{file}:{number}:{at}: ports {low}-{high}: must rise, up to {_MAX_PORT}")
    packets = _packets(found["protocol"], low, high, with_ports=found["low"] is not None)
    return Assertion(number, text, Verb(found["verb"]), found["source"], found["target"], packets)


def _packets(protocol: str | None, low: int, high: int, *, with_ports: bool) -> Intervals:
    if protocol is None:
        return ALL
    if protocol in ("icmp", "icmpv6"):
        number = Flow(protocol).number
        return Intervals.of((number, number))
    return traffic(protocol, (low, high) if with_ports else None)


def violations(network: Network, policy: Iterable[Assertion]) -> list[Violation]:
    """Return the assertions that do not hold. Raises VpcacheError for ends that the network does not have."""
    return [violation for each in policy for violation in _violations(network, each)]


def _violations(network: Network, assertion: Assertion) -> Iterator[Violation]:
    if assertion.verb is None:
        yield from _shared_addresses(network, assertion)
        return
    source, target = place(network, assertion.source), place(network, assertion.target)
    if assertion.verb is Verb.NEVER:
        yield from _passing(network, assertion, source, target)
        return
    yield from _missing(network, assertion, source, target)
    if assertion.verb is Verb.ONLY:
        yield from _others(network, assertion, source, target)


def _passing(network: Network, assertion: Assertion, source: Place, target: Place) -> Iterator[Violation]:
    prover = Prover(network.topology)
    for one in source.ends:
        for other in target.ends:
            path = prover.path(one, other)
            if one != other and (open_ := path.permitted & assertion.packets):
                yield Violation(assertion, f"{described(open_)} passes: {_way(path, _first(open_))}")
                return


def _missing(network: Network, assertion: Assertion, source: Place, target: Place) -> Iterator[Violation]:
    prover = Prover(network.topology)
    for one in source.ends:
        for other in target.ends:
            path = prover.path(one, other)
            if one != other and (closed := assertion.packets - path.permitted):
                flow = _first(closed)
                step = next(iter(path.obstacles(flow)))
                yield Violation(assertion, f"{described(closed)} does not pass: {step.decide(flow)[1]}")
                return


def _others(network: Network, assertion: Assertion, source: Place, target: Place) -> Iterator[Violation]:
    allowed, wanted = set(source.ends), set(target.ends)
    for reach in matrix(network):
        one, other = place(network, reach.source), place(network, reach.target)
        if wanted.isdisjoint(other.ends):
            continue
        packets = reach.packets - assertion.packets if set(one.ends) <= allowed else reach.packets
        if packets:
            yield Violation(assertion, f"{reach.source} reaches {reach.target} too: {described(packets)}")


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


def _way(path: Path, flow: Flow) -> str:
    """Return what the security groups and gateways on a path do with a flow that passes."""
    deciding = (Stage.GROUP_EGRESS, Stage.GROUP_INGRESS, Stage.INTERNET_GATEWAY)
    reasons = (step.decide(flow)[1] for step in path.steps if step.stage in deciding)
    return ", ".join(dict.fromkeys(reasons)) or "no rule stops it"


def _first(packets: Intervals) -> Flow:
    """Return the flow with the lowest number of a set."""
    number = packets.ranges[0][0]
    protocol, port = number >> 16, number & 0xFFFF
    names = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}
    name = names.get(protocol, str(protocol))
    return Flow(name, port if name in ("tcp", "udp") else None)
