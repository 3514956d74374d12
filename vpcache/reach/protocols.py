"""Protocols and ports of rules, as EC2 and Terraform write them. Pure."""

from __future__ import annotations

from typing import Any

ICMP = ("icmp", "icmpv6")
_NAMES = {"-1": "all", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
_WITH_PORTS = ("tcp", "udp", *ICMP)
_EVERY_PORT = (0, 65535)


def protocol_name(protocol: str) -> str:
    """Return the name of a protocol as in `vpcache.lab.topology.Rule`: "all" for "-1", "tcp" for "6"."""
    return _NAMES.get(protocol, protocol)


def port_range(protocol: str, low: Any, high: Any) -> tuple[int, int] | None:
    """Return the ports of a rule for a named protocol, or the type and code for ICMP.

    It is None for protocols without ports, and for all ICMP messages if the type is unset.
    """
    if protocol not in _WITH_PORTS or low is None or high is None:
        return None
    if protocol not in ICMP and low < 0:
        return _EVERY_PORT
    return int(low), int(high)
