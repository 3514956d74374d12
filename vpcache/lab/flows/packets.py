"""Packets that a VPC's router logs, and the messages in which the kernel delivers them. Pure.

The rules of a router log by the kernel's NFLOG, with a verdict as prefix. The attributes of a message are
those of linux/netfilter/nfnetlink_log.h.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
"""Protocol numbers of IANA."""
FIN, SYN, RST, ACK = 1, 2, 4, 16
"""Flags of a TCP header."""

_MESSAGE = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port
_ATTRIBUTE = struct.Struct("=HH")  # nfattr: length, type
_FAMILY_HEADER = 4  # bytes of nfgenmsg
_SUBSYSTEM, _PACKET = 4, 0  # NFNL_SUBSYS_ULOG, NFULNL_MSG_PACKET
_TIMESTAMP, _IN_INDEX, _OUT_INDEX, _PAYLOAD, _PREFIX = 3, 4, 5, 9, 10
_TYPE_MASK = 0x3FFF
_WITH_PORTS = (TCP, UDP)


class Verdict(StrEnum):
    """What the packet filter decided: the security groups or the network ACL, at which end of the path."""

    ACCEPTED = "accepted"
    GROUP_EGRESS = "group egress"
    GROUP_INGRESS = "group ingress"
    ACL_EGRESS = "acl egress"
    ACL_INGRESS = "acl ingress"


_VERDICTS = {f"{verdict}\0".encode(): verdict for verdict in Verdict}  # by the prefix of a message


class Flow(NamedTuple):
    """The packets of one direction of a connection on their way from one device of the router to another.

    Addresses are packed. Ports are 0 for protocols other than TCP and UDP.
    """

    verdict: Verdict
    in_device: str
    out_device: str
    source: bytes
    destination: bytes
    protocol: int
    source_port: int
    destination_port: int


class Packet(NamedTuple):
    """A packet of a flow: its length in bytes, and its time in seconds since the epoch.

    `tcp_flags` are FIN, SYN and RST, and ACK only beside SYN, as flow logs show them:
    https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html#flow-logs-fields
    """

    flow: Flow
    length: int
    tcp_flags: int
    time: float


def parsed(datagram: bytes, device: Callable[[int], str], now: float) -> Iterator[Packet]:
    """Yield the packets in a datagram of the kernel.

    `device` returns the name of a device from its index; `now` is the time of packets without a timestamp.
    """
    offset = 0
    while offset + _MESSAGE.size <= len(datagram):
        length, kind, *_ = _MESSAGE.unpack_from(datagram, offset)
        if kind == _SUBSYSTEM << 8 | _PACKET:
            start = offset + _MESSAGE.size + _FAMILY_HEADER
            attributes = _attributes(datagram, start, offset + length)
            if packet := _packet(attributes, device, now):
                yield packet
        offset += _aligned(max(length, _MESSAGE.size))


def _attributes(datagram: bytes, offset: int, end: int) -> dict[int, bytes]:
    attributes = {}
    while offset + _ATTRIBUTE.size <= end:
        length, kind = _ATTRIBUTE.unpack_from(datagram, offset)
        attributes[kind & _TYPE_MASK] = datagram[offset + _ATTRIBUTE.size : offset + length]
        offset += _aligned(max(length, _ATTRIBUTE.size))
    return attributes


def _packet(attributes: dict[int, bytes], device: Callable[[int], str], now: float) -> Packet | None:
    header = attributes[_PAYLOAD]
    if header[0] >> 4 == 4:
        transport, protocol, length = 4 * (header[0] & 15), header[9], int.from_bytes(header[2:4])
        source, destination = header[12:16], header[16:20]
    else:
        transport, protocol, length = 40, header[6], 40 + int.from_bytes(header[4:6])
        source, destination = header[8:24], header[24:40]
    ports = (0, 0)
    if protocol in _WITH_PORTS:
        if len(header) < transport + 4:
            return None
        ports = struct.unpack_from("!HH", header, transport)
    tcp_flags = header[transport + 13] if protocol == TCP and len(header) > transport + 13 else 0
    seconds, microseconds = (
        struct.unpack("!QQ", attributes[_TIMESTAMP]) if _TIMESTAMP in attributes else (now, 0)
    )
    flow = Flow(
        _VERDICTS[attributes[_PREFIX]],
        device(int.from_bytes(attributes[_IN_INDEX])),
        device(int.from_bytes(attributes[_OUT_INDEX])),
        source,
        destination,
        protocol,
        *ports,
    )
    return Packet(flow, length, _shown(tcp_flags), seconds + microseconds / 1e6)


def _shown(tcp_flags: int) -> int:
    return tcp_flags & (FIN | SYN | RST | (ACK if tcp_flags & SYN else 0))


def _aligned(length: int) -> int:
    return (length + 3) & ~3
