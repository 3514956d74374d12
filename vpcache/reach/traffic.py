"""Targets with ports and protocols: `cache:11211`, `internet:443`, `cache:53/udp`, `api/icmp`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_network

from vpcache.errors import VpcacheError
from vpcache.lab.prover.intervals import Intervals
from vpcache.lab.prover.traffic import ALL, Flow, traffic

PROTOCOLS = ("tcp", "udp", "icmp", "icmpv6")
_ICMP = ("icmp", "icmpv6")
_MAX_PORT = 65535
_TRAFFIC = re.compile(
    r"(?P<name>.+?)(?::(?P<low>\d+)(?:-(?P<high>\d+))?)?(?:/(?P<protocol>tcp|udp|icmp|icmpv6))?"
)

_OTHER_PROTOCOL = re.compile(r".+:\d+(?:-\d+)?/(?P<protocol>\w+)")


@dataclass(frozen=True)
class Target:
    """The name of an end, and the traffic to it: all, or some ports of one protocol."""

    name: str
    packets: Intervals = ALL
    flow: Flow | None = None  # the flow, if the traffic is just one

    @property
    def is_all_traffic(self) -> bool:
        """Whether no port and no protocol were given."""
        return self.packets == ALL


def parse_target(text: str) -> Target:
    """Return a target, its ports and its protocol: `NAME[:PORT[-PORT]][/PROTOCOL]`, tcp by default.

    An IPv6 block with a port is in brackets: `[2001:db8::/32]:443`. Raises VpcacheError for ports that do not
    exist.
    """
    if _is_block(text):
        return Target(text)
    if (other := _OTHER_PROTOCOL.fullmatch(text)) and other["protocol"] not in PROTOCOLS:
        raise VpcacheError(
            f"'{text}': unknown protocol {other['protocol']}; choose from {', '.join(PROTOCOLS)}"
        )
    found = _TRAFFIC.fullmatch(text)
    if found is None:
        raise VpcacheError(f"'{text}' is no end: use NAME, NAME:PORT or NAME:PORT/PROTOCOL")
    name = found["name"].removeprefix("[").removesuffix("]")
    protocol, low, high = found["protocol"], found["low"], found["high"]
    if low is None and protocol is None:
        return Target(name)
    if protocol in _ICMP:
        if low is not None:
            raise VpcacheError(f"'{text}': {protocol} has no ports: use {name}/{protocol}")
        flow = Flow(protocol)
        return Target(name, Intervals.of((flow.number, flow.number)), flow)
    if low is None:
        return Target(name, traffic(protocol, None))
    first, last = int(low), int(high or low)
    if last > _MAX_PORT:
        raise VpcacheError(f"'{text}': port {last} is above {_MAX_PORT}")
    if first > last:
        raise VpcacheError(f"'{text}': ports {first}-{last} are not in ascending order")
    kind = protocol or "tcp"
    return Target(name, traffic(kind, (first, last)), Flow(kind, first) if first == last else None)


def _is_block(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True
