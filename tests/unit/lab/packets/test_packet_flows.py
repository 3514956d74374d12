"""Flows as attempts in namespaces, their results, and the kernel's table of connections."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

import pytest

from tests.support.network.scenario import CACHE, CLIENTS, VPC, WEB, WEB_ADDRESS
from vpcache.lab.addresses import SERVICE_ADDRESSES
from vpcache.lab.errors import LabError
from vpcache.lab.packets.attempts import Attempt, Outcome, Server
from vpcache.lab.packets.flows import LiveFlow, Seen, Verdict, attempts_of, internet_addresses, seen
from vpcache.lab.packets.messages import packet, request_content, tcp_clients
from vpcache.lab.prover.ends import Attached, End, Internet, Unused
from vpcache.lab.prover.traffic import Flow
from vpcache.lab.topology import GatewayEndpoint, Topology

HOST = Internet(IPv4Address("192.0.2.1"))
CLIENT = Attached("vpc-1", CLIENTS["a"], CLIENTS["a"].address)
HTTP = Flow("tcp", 80)
PUBLIC = Attached("vpc-1", WEB, WEB.address, by_public_address=True)
TOPOLOGY = Topology((replace(VPC, gateway_endpoints=(GatewayEndpoint("vpce-1", "s3"),)),))


def live(source: End, target: End, flow: Flow = HTTP) -> LiveFlow:
    return LiveFlow(source, target, flow, is_expected=True)


def test_internet_dials_the_elastic_ip_and_the_interface_listens() -> None:
    for attempt in attempts_of(TOPOLOGY, live(HOST, PUBLIC)):
        assert (attempt.namespace, attempt.target) == ("internet", IPv4Address(WEB_ADDRESS))
        assert attempt.servers == (Server("interface-eni-web", WEB.address),)


def test_flow_is_sent_from_a_port_of_each_range_and_a_ping_once() -> None:
    ranges = [attempt.source_ports for attempt in attempts_of(TOPOLOGY, live(CLIENT, HOST))]
    assert ranges == [(1024, 32767), (32768, 49151), (49152, 65535)]
    assert len(attempts_of(TOPOLOGY, live(CLIENT, HOST, Flow("icmp")))) == 1


def test_service_listens_on_the_internet_and_at_its_gateway_endpoint() -> None:
    service = Internet(SERVICE_ADDRESSES["s3"])
    attempt, *_ = attempts_of(TOPOLOGY, live(CLIENT, service))
    assert [each.namespace for each in attempt.servers] == ["internet", "endpoint-vpce-1"]


@pytest.mark.parametrize(
    ("flow", "problem"),
    [
        (live(CLIENT, HOST, Flow("47")), "cannot send protocol 47: choose from tcp, udp, icmp, icmpv6"),
        (live(Unused("vpc-1", HOST.address), CLIENT), "cannot send from 192.0.2.1: no interface has"),
        (
            live(CLIENT, Internet(IPv4Address(WEB_ADDRESS))),
            f"{WEB_ADDRESS} is no host of the internet: it is the elastic IP of eni-web",
        ),
        (live(CLIENT, Internet(IPv6Address("2001:db8::1"))), "the IP versions differ"),
        (
            live(HOST, Attached("vpc-1", CACHE, CACHE.address, by_public_address=True)),
            "eni-cache has no public address for 10.0.0.150",
        ),
    ],
)
def test_flow_that_cannot_be_sent_is_an_error(flow: LiveFlow, problem: str) -> None:
    with pytest.raises(LabError, match=problem):
        attempts_of(TOPOLOGY, flow)


def test_internet_addresses_are_those_of_hosts_only() -> None:
    assert internet_addresses([live(CLIENT, HOST), live(CLIENT, CLIENT)]) == {HOST.address}


def test_flow_passes_if_all_its_attempts_are_answered() -> None:
    answered = Outcome(is_answered=True, source_port=50000, seen_as=HOST.address)
    dropped = Outcome(is_answered=False, source_port=1500)
    assert seen([answered, answered]) == Seen(Verdict.PASSES, HOST.address)
    assert seen([dropped, dropped]) == Seen(Verdict.DROPPED)
    assert seen([dropped, answered]) == Seen(
        Verdict.DROPPED, HOST.address, "answered at source port 50000 only"
    )
    unsent = replace(dropped, problem="no such place")
    assert seen([answered, unsent]) == Seen(Verdict.UNSENT, HOST.address, "no such place")


def test_attempts_and_outcomes_survive_json() -> None:
    attempt = attempts_of(TOPOLOGY, live(HOST, PUBLIC))[0]
    assert Attempt.from_json(attempt.as_json()) == attempt
    for outcome in (Outcome(is_answered=True, seen_as=HOST.address), Outcome(is_answered=False)):
        assert Outcome.from_json(outcome.as_json()) == outcome


def test_connections_are_read_from_the_tables_of_the_kernel() -> None:
    lines = [
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid",
        "   0: 9600000A:2BCB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0",
        "   1: 9600000A:2BCB 8C00000A:9C40 01 00000000:00000000 00:00000000 00000000     0",
        "   2: 9600000A:2BCB 8C00000A:9C41 06 00000000:00000000 00:00000000 00000000     0",
        "   3: 0000000000000000FFFF00009600000A:0050 0000000000000000FFFF00008C00000A:9C42 01 0",
    ]
    client = CLIENTS["a"].address
    assert tcp_clients(lines) == {
        (CACHE.address, 11211, 40000): client,
        (CACHE.address, 80, 40002): client,
    }


def test_echo_request_has_the_content_that_its_receiver_reads() -> None:
    header_of_ipv4 = bytes([0x45]) + bytes(19)
    message = packet("icmp", b"contents")
    assert request_content("icmp", header_of_ipv4 + message) == b"contents"
    assert request_content("icmp", header_of_ipv4 + b"\0" + message[1:]) is None  # a reply
    assert request_content("icmpv6", packet("icmpv6", b"contents")) == b"contents"
    assert request_content("udp", packet("udp", b"contents")) == b"contents"
