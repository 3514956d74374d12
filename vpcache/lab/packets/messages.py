"""The packets of datagram attempts, and the kernel's table of TCP connections. Pure."""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterable, Iterator
from ipaddress import IPv6Address, ip_address

from vpcache.lab.addresses import IpAddress

_REQUEST, _REPLY = {"icmp": 8, "icmpv6": 128}, {"icmp": 0, "icmpv6": 129}  # types of echo messages
_HEADER = 8  # bytes of an echo message before its content
_LISTENING, _TIME_WAIT = "0A", "06"  # states of linux/tcp_states.h

Connection = tuple[IpAddress, int, int]
"""A connection as its server knows it: its own address and port, and the client's port."""


def packet(protocol: str, content: bytes) -> bytes:
    """Return what a socket of udp, icmp or icmpv6 sends: `content`, or an echo request with it.

    The kernel adds the checksum of ICMPv6. https://www.rfc-editor.org/rfc/rfc792
    """
    if protocol == "udp":
        return content
    body = content[:4] + content  # identifier and sequence number may have any value
    head = struct.pack("!BBH", _REQUEST[protocol], 0, 0)
    checksum = _checksum(head + body) if protocol == "icmp" else 0
    return head[:2] + struct.pack("!H", checksum) + body


def request_content(protocol: str, received: bytes) -> bytes | None:
    """Return the content of a received request, or None for other messages of ICMP."""
    return received if protocol == "udp" else _content(protocol, received, _REQUEST)


def reply_content(protocol: str, received: bytes) -> bytes | None:
    """Return the content of a received reply, or None for other messages of ICMP."""
    return received if protocol == "udp" else _content(protocol, received, _REPLY)


def tcp_clients(lines: Iterable[str]) -> dict[Connection, IpAddress]:
    """Return the addresses of the clients in the lines of /proc/net/tcp and /proc/net/tcp6.

    https://docs.kernel.org/networking/proc_net_tcp.html
    """
    return dict(_tcp_clients(lines))


def _tcp_clients(lines: Iterable[str]) -> Iterator[tuple[Connection, IpAddress]]:
    for line in lines:
        _, local, remote, state, *_ = line.split()
        if local.startswith("local") or state in (_LISTENING, _TIME_WAIT):
            continue
        (address, port), (client, client_port) = _end(local), _end(remote)
        yield (address, port, client_port), client


def _end(text: str) -> tuple[IpAddress, int]:
    address, port = text.split(":")
    words = (address[start : start + 8] for start in range(0, len(address), 8))
    found = ip_address(b"".join(int(word, 16).to_bytes(4, sys.byteorder) for word in words))
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found, int(port, 16)


def _content(protocol: str, received: bytes, kinds: dict[str, int]) -> bytes | None:
    start = (received[0] & 0x0F) * 4 if protocol == "icmp" else 0  # the header of IPv4 comes first
    return received[start + _HEADER :] if received[start] == kinds[protocol] else None


def _checksum(message: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(message) // 2}H", message))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
