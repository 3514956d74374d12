"""Attempts to reach servers in network namespaces, and their outcomes, as JSON. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from vpcache.lab.addresses import IpAddress


@dataclass(frozen=True, slots=True)
class Server:
    """A network namespace and the address in it at which a server listens."""

    namespace: str
    address: IpAddress


@dataclass(frozen=True, slots=True)
class Attempt:
    """A connection, datagram or echo request from an address in `namespace` to a target and its port.

    The source port is one of the range `source_ports`. `servers` are those that may receive the packet,
    behind the address translation on the way. Without `is_expected`, nobody waits long for the answer.
    """

    protocol: str  # tcp, udp, icmp or icmpv6
    namespace: str
    source: IpAddress
    source_ports: tuple[int, int]
    target: IpAddress
    port: int  # 0 for ICMP
    servers: tuple[Server, ...]
    is_expected: bool

    def as_json(self) -> dict[str, Any]:
        """Return the attempt as an object of JSON."""
        return {
            "protocol": self.protocol,
            "namespace": self.namespace,
            "source": str(self.source),
            "source_ports": list(self.source_ports),
            "target": str(self.target),
            "port": self.port,
            "servers": [[each.namespace, str(each.address)] for each in self.servers],
            "is_expected": self.is_expected,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Attempt:
        """Return the attempt of an object of JSON."""
        low, high = content["source_ports"]
        servers = tuple(Server(name, ip_address(address)) for name, address in content["servers"])
        addresses = {name: ip_address(content[name]) for name in ("source", "target")}
        return cls(**content | addresses | {"source_ports": (low, high), "servers": servers})


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether an attempt was answered, its source port, and the source address that its server saw.

    An attempt that could not be made has a `problem`.
    """

    is_answered: bool
    source_port: int = 0
    seen_as: IpAddress | None = None
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as an object of JSON."""
        return {
            "is_answered": self.is_answered,
            "source_port": self.source_port,
            "seen_as": None if self.seen_as is None else str(self.seen_as),
            "problem": self.problem,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Outcome:
        """Return the outcome of an object of JSON."""
        address = content["seen_as"]
        return cls(**content | {"seen_as": None if address is None else ip_address(address)})
