"""Classes of packets as sets of numbers: protocol and port, or protocol and ICMP message.

A packet has the number `protocol << 16 | port`. For ICMP the type takes the upper and the code the lower
eight bits of the port, for protocols without ports the port is 0. So the rules of security groups and network
ACLs are sets of ranges, and "all traffic" is one range.
Protocol numbers: https://www.iana.org/assignments/protocol-numbers
"""

from __future__ import annotations

from dataclasses import dataclass

from vpcache.lab.prover.intervals import Intervals, Range

NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}
_NAMES = {number: name for name, number in NUMBERS.items()}
_ICMP = ("icmp", "icmpv6")
_BLOCK = 1 << 16
_LAST_PROTOCOL = 255
_ECHO = {"icmp": (8, 0), "icmpv6": (128, 129)}  # request and reply
EPHEMERAL_PORTS = (1024, 65535)
"""Source ports of NAT gateways and Lambda functions, to which answers go.

https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports
"""

ALL = Intervals.of((0, (_LAST_PROTOCOL + 1) * _BLOCK - 1))


@dataclass(frozen=True, slots=True)
class Flow:
    """The first packet of a connection; `port` is its destination port, None for protocols without ports.

    For icmp and icmpv6 the packet is an echo request, and `port` is None.
    """

    protocol: str  # tcp, udp, icmp, icmpv6 or a protocol number
    port: int | None = None

    @property
    def number(self) -> int:
        """The number of the packet among all traffic."""
        if self.protocol in _ICMP:
            return _block(self.protocol)[0] | _ECHO[self.protocol][0] << 8
        return _block(self.protocol)[0] | (self.port or 0)

    def __str__(self) -> str:
        return self.protocol if self.port is None else f"{self.protocol} {self.port}"


def traffic(protocol: str, ports: tuple[int, int] | None) -> Intervals:
    """Return the packets that a rule matches; `ports` is as in `vpcache.lab.topology.Rule`."""
    if protocol == "all":
        return ALL
    first, last = _block(protocol)
    if ports is None:
        return Intervals.of((first, last))
    low, high = ports
    if protocol not in _ICMP:
        return Intervals.of((first + low, first + high))
    codes = (0, 255) if high < 0 else (high, high)
    types = range(256) if low < 0 else (low,)
    return Intervals.of(*((first + (kind << 8) + codes[0], first + (kind << 8) + codes[1]) for kind in types))


def answered(allowed: Intervals, source_ports: Range = EPHEMERAL_PORTS) -> Intervals:
    """Return the packets whose answers are all in `allowed`, answers as a stateless filter sees them.

    An answer of TCP or UDP goes to any of `source_ports`, an answer of ICMP is an echo reply.
    """
    numbers = range(_LAST_PROTOCOL + 1)
    return Intervals.of(*(_block(str(each)) for each in numbers if _is_answered(each, allowed, source_ports)))


def first_flow(packets: Intervals) -> Flow:
    """Return the flow with the lowest number of a set, which must not be empty."""
    protocol, port = divmod(packets.ranges[0][0], _BLOCK)
    name = _NAMES.get(protocol, str(protocol))
    return Flow(name, port if name in ("tcp", "udp") else None)


def described(packets: Intervals) -> str:
    """Return a set of packets in words: "tcp 443, tcp 8000-8080, icmp"; "all traffic", "nothing"."""
    if packets == ALL:
        return "all traffic"
    return ", ".join(text for low, high in packets.ranges for text in _described(low, high)) or "nothing"


def _is_answered(number: int, allowed: Intervals, source_ports: Range) -> bool:
    first, last = _block(str(number))
    name = _NAMES.get(number, "")
    if name in _ICMP:
        return first | _ECHO[name][1] << 8 in allowed
    if name in ("tcp", "udp"):
        low, high = source_ports
        return Intervals.of((first + low, first + high)).issubset(allowed)
    return Intervals.of((first, last)).issubset(allowed)


def _block(protocol: str) -> Range:
    first = NUMBERS.get(protocol, 0) or int(protocol)
    return first * _BLOCK, first * _BLOCK + _BLOCK - 1


def _described(low: int, high: int) -> list[str]:
    first, last = low // _BLOCK, high // _BLOCK
    return [
        _ports_described(
            number, max(low, number * _BLOCK) % _BLOCK, min(high, number * _BLOCK + _BLOCK - 1) % _BLOCK
        )
        for number in range(first, last + 1)
    ]


def _ports_described(number: int, low: int, high: int) -> str:
    name = _NAMES.get(number, f"protocol {number}")
    if (low, high) == (0, _BLOCK - 1):
        return name
    if name in _ICMP:
        return f"{name} type {low >> 8}"
    return f"{name} {low}" if low == high else f"{name} {low}-{high}"
