"""Messages of the kernel, and the traffic that they add up to."""

from __future__ import annotations

import socket
import struct
from dataclasses import replace

import pytest

from tests.support.network.scenario import VPC
from vpcache.lab.flows.packets import ACK, FIN, SYN, TCP, UDP, Flow, Packet, Verdict, parsed
from vpcache.lab.flows.traffic import KEPT_FLOWS, FlowCount, Traffic, TrafficMemory
from vpcache.lab.topology import FlowLog, Vpc

NAMES = {2: "e-a", 3: "e-b"}
PUSH = 8
FLOW_LOG = FlowLog("fl-1", VPC.id, "ALL", 60, ())


def message(
    header: bytes, prefix: str = "accepted", stamp: tuple[int, int] | None = (1700, 500_000)
) -> bytes:
    """Return a message of the kernel about a packet from device 2 to device 3."""
    attributes = {
        **({3: struct.pack("!QQ", *stamp)} if stamp else {}),
        4: struct.pack("!I", 2),
        5: struct.pack("!I", 3),
        9: header,
        10: prefix.encode() + b"\0",
    }
    body = b"\2\0\0\1" + b"".join(map(attribute, attributes, attributes.values()))
    return struct.pack("=IHHII", 16 + len(body), 4 << 8, 0, 0, 0) + body


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def ipv4(protocol: int, payload: bytes, length: int = 60) -> bytes:
    ends = socket.inet_aton("10.0.0.5") + socket.inet_aton("10.0.0.9")
    return struct.pack("!BBHHHBBH", 0x45, 0, length, 0, 0, 64, protocol, 0) + ends + payload


def tcp(flags: int) -> bytes:
    return struct.pack("!HHIIBBHHH", 40000, 11211, 0, 0, 0x50, flags, 0, 0, 0)


def packets(*messages: bytes) -> list[Packet]:
    return list(parsed(b"".join(messages), NAMES.__getitem__, now=99.0))


@pytest.mark.parametrize(
    ("flags", "shown"), [(SYN, SYN), (SYN | ACK, SYN | ACK), (ACK, 0), (FIN | ACK, FIN), (PUSH | ACK, 0)]
)
def test_tcp_packet_has_ports_length_and_shown_flags(flags: int, shown: int) -> None:
    (packet,) = packets(message(ipv4(TCP, tcp(flags)), "group ingress"))

    ends = (socket.inet_aton("10.0.0.5"), socket.inet_aton("10.0.0.9"))
    flow = Flow(Verdict.GROUP_INGRESS, "e-a", "e-b", *ends, TCP, 40000, 11211)
    assert packet == Packet(flow, 60, shown, 1700.5)


def test_packets_of_other_protocols_have_no_ports() -> None:
    ping, datagram = packets(
        message(ipv4(1, b"\x08\0\x12\x34"), stamp=None), message(ipv4(UDP, b"\0\x35\0\x36"))
    )

    assert ping.flow[5:] == (1, 0, 0) and ping.time == 99.0
    assert datagram.flow[5:] == (UDP, 53, 54)


def test_ipv6_packet_has_the_length_of_its_header_too() -> None:
    ends = bytes(15) + b"\1" + bytes(15) + b"\2"
    header = struct.pack("!IHBB", 6 << 28, 20, TCP, 64) + ends + tcp(SYN)

    (packet,) = packets(message(header))

    assert (packet.length, packet.flow.source, packet.flow.destination) == (60, ends[:16], ends[16:])
    assert packet.flow.destination_port == 11211


def test_header_without_ports_is_ignored() -> None:
    assert packets(message(ipv4(TCP, b""))) == []


def test_memory_counts_accepted_packets_for_flow_logs_only() -> None:
    first, second = packets(message(ipv4(TCP, tcp(SYN))), message(ipv4(TCP, tcp(FIN)), stamp=(1702, 0)))
    for flow_logs, expected in (
        ((), {}),
        (
            (FlowLog("fl-1", VPC.id, "ALL", 60, ()),),
            {first.flow: FlowCount(2, 120, 1700.5, 1702.0, SYN | FIN)},
        ),
    ):
        memory = TrafficMemory(_with(flow_logs), {})
        memory.receive([first, second])
        assert memory.take({}).flows == expected
        assert memory.take({}) == Traffic()


def test_drops_are_forgotten_after_a_minute() -> None:
    (packet,) = packets(message(ipv4(TCP, tcp(SYN)), "acl egress"))
    memory = TrafficMemory(VPC, {"e-a": VPC.interfaces[0]})
    memory.receive([packet])

    assert [drop.interface_id for drop in memory.drops(1760.0)] == [VPC.interfaces[0].id]
    assert memory.drops(1761.0) == []


def test_lost_packets_and_too_many_flows_make_traffic_incomplete() -> None:
    memory = TrafficMemory(_with((FLOW_LOG,)), {})
    (packet,) = packets(message(ipv4(TCP, tcp(SYN))))
    memory.lose()
    assert memory.take({}).is_incomplete
    many = (
        packet._replace(flow=packet.flow._replace(source_port=port, destination_port=other))
        for port in range(300)
        for other in range(200)
    )
    memory.receive(many)
    taken = memory.take({})
    assert (len(taken.flows), taken.is_incomplete) == (KEPT_FLOWS, True)
    assert not memory.take({}).is_incomplete


def test_interfaces_are_known_until_the_look_after_their_deletion() -> None:
    client, cache, *_ = VPC.interfaces
    memory = TrafficMemory(VPC, {"e-a": client, "e-b": cache})
    memory.update(VPC, {"e-a": client})

    assert memory.take({"e-a": client}).interfaces == {"e-a": client, "e-b": cache}
    assert memory.take({"e-a": client}).interfaces == {"e-a": client}


def _with(flow_logs: tuple[FlowLog, ...]) -> Vpc:
    return replace(VPC, flow_logs=flow_logs)
