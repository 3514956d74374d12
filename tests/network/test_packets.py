"""Attempts through the kernel: servers that exist, hosts that do not, echo requests, and interruption."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from ipaddress import IPv4Address

import pytest

from tests.support.network.dual_stack import dual_stack
from tests.support.network.harness import SILENCE, NetworkHarness, ip, needs_namespaces, ns
from tests.support.network.isolation import isolated
from tests.support.network.scenario import CACHE, CLIENTS, EGRESS, OTHER, PORT, VPC, WEB
from vpcache.lab.network.naming import INTERNET, INTERNET_CLIENT, INTERNET_IPV6_CLIENT
from vpcache.lab.network.netns import has_ipv6
from vpcache.lab.packets.attempts import Attempt, Outcome
from vpcache.lab.packets.exchange import exchange
from vpcache.lab.packets.flows import SOURCE_PORTS, LiveFlow, attempts_of
from vpcache.lab.packets.hosts import internet_hosts
from vpcache.lab.prover.ends import Attached, End, Internet, attached
from vpcache.lab.prover.traffic import Flow
from vpcache.lab.topology import Topology, Vpc

pytestmark = needs_namespaces

HOST = IPv4Address("192.0.2.1")  # does not exist in the lab
CLIENT = Attached(VPC.id, CLIENTS["a"], CLIENTS["a"].address)
CACHE_END = Attached(VPC.id, CACHE, CACHE.address)


def attempt(source: End, target: End, flow: Flow, *, is_expected: bool = True, vpc: Vpc = VPC) -> Attempt:
    live = LiveFlow(source, target, flow, is_expected)
    return attempts_of(Topology((vpc,)), live, SOURCE_PORTS[-1:])[0]


def outcome(network: NetworkHarness, *attempts: Attempt) -> list[Outcome]:
    return exchange(network.namespaces, attempts, silence=SILENCE)


@isolated
def test_host_that_does_not_exist_is_added_and_removed() -> None:
    network = NetworkHarness(VPC)
    with internet_hosts(network.namespaces, [HOST, INTERNET_CLIENT]):
        flows = [Flow("tcp", 443), Flow("udp", 443), Flow("icmp")]
        out = outcome(network, *(attempt(CLIENT, Internet(HOST), flow) for flow in flows))
        assert [each.seen_as for each in out if each.is_answered] == [IPv4Address(EGRESS["a"])] * 3
        assert "dynamic" in ip("-n", INTERNET, "address", "show", "to", str(HOST))  # it has a lifetime
        public = Attached(VPC.id, WEB, WEB.address, by_public_address=True)
        (back,) = outcome(network, attempt(Internet(HOST), public, Flow("tcp", 80)))
        assert (back.is_answered, back.seen_as) == (True, HOST)
    assert not ip("-n", INTERNET, "address", "show", "to", str(HOST))
    assert not ip("-n", INTERNET, "address", "show", "to", str(INTERNET_CLIENT))


@isolated
def test_server_that_listens_is_asked_and_others_are_added() -> None:
    network = NetworkHarness(VPC)
    network.serve(ns("cache"), str(CACHE.address), PORT)
    with network.datagrams(ns("cache"), str(CACHE.address), PORT):
        flows = [Flow("tcp", PORT), Flow("udp", PORT), Flow("tcp", PORT + 1)]
        asked, taken, closed = outcome(
            network, *(attempt(CLIENT, CACHE_END, flow, is_expected=flow == flows[0]) for flow in flows)
        )
    assert (asked.is_answered, asked.seen_as) == (True, CLIENT.address)
    assert taken.problem == (
        f"cannot listen on udp {PORT} at {CACHE.address} in interface-eni-cache: Address already in use"
    )
    assert (closed.is_answered, closed.seen_as, closed.problem) == (False, None, "")
    assert network.call(ns("client-a"), str(CACHE.address), PORT) == str(CLIENT.address)


@isolated
def test_target_without_a_route_is_not_reached() -> None:
    flows = [Flow("tcp", PORT), Flow("udp", PORT), Flow("icmp")]
    attempts = [attempt(Internet(HOST), CACHE_END, flow, is_expected=False) for flow in flows]
    network = NetworkHarness(VPC)
    with internet_hosts(network.namespaces, [HOST]):
        out = outcome(network, *attempts)
    assert [(each.is_answered, each.problem) for each in out] == [(False, "")] * 3


@isolated
def test_interface_that_does_not_exist_is_a_problem_of_its_flow_only() -> None:
    network = NetworkHarness(VPC)
    subprocess.run(["ip", "netns", "del", ns("other")], check=True)
    gone, there = outcome(
        network,
        attempt(CLIENT, Attached(VPC.id, OTHER, OTHER.address), Flow("tcp", 80)),
        attempt(CLIENT, CACHE_END, Flow("tcp", PORT)),
    )
    assert "No such file or directory" in gone.problem
    assert there.is_answered


@isolated
@pytest.mark.skipif(not has_ipv6(), reason="this kernel has no IPv6")
def test_flows_of_ipv6_are_answered_over_ipv6() -> None:
    vpc = dual_stack(VPC)
    network = NetworkHarness(vpc)
    ends = {end.interface.id: end for end in attached(vpc) if end.address.version == 6}
    host = Internet(INTERNET_IPV6_CLIENT)
    web = ends["eni-web"]
    flows = [
        attempt(ends["eni-client-a"], host, Flow("tcp", 443), vpc=vpc),
        attempt(ends["eni-client-a"], host, Flow("icmpv6"), vpc=vpc),
        attempt(host, web, Flow("tcp", 80), vpc=vpc),
        attempt(host, web, Flow("udp", 81), vpc=vpc, is_expected=False),
    ]
    sent = [each.seen_as if each.is_answered else None for each in outcome(network, *flows)]
    client = ends["eni-client-a"].address
    assert sent == [client, client, INTERNET_IPV6_CLIENT, None]


@isolated
def test_attempts_end_with_their_caller_and_leave_nothing() -> None:
    NetworkHarness(VPC)
    for end in (lambda process: process.stdin.close(), lambda process: process.send_signal(signal.SIGTERM)):
        _interrupt(end)


def _interrupt(end: Callable[[subprocess.Popen[str]], None]) -> None:
    """Start attempts of which an expected one is not answered, and end them while they wait for it."""
    attempts = [attempt(CLIENT, CACHE_END, Flow("tcp", PORT + 1)).as_json()]
    process = subprocess.Popen(
        [sys.executable, "-m", "vpcache.lab.packets.inside"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps({"hosts": [str(HOST)], "attempts": attempts}) + "\n")
    process.stdin.flush()
    while not ip("-n", INTERNET, "address", "show", "to", str(HOST)):
        assert process.poll() is None
    end(process)
    assert process.wait(5) == 1  # the attempt alone would take 10 s
    assert process.stdout.read() == ""
    assert not ip("-n", INTERNET, "address", "show", "to", str(HOST))
