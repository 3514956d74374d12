"""What routers log of real packets: drops by groups and ACLs, and the flows of flow logs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

from tests.support.network.dual_stack import ADDRESSES, dual_stack
from tests.support.network.harness import CACHE_ADDRESS, HOST, TIMEOUT, NetworkHarness, needs_namespaces, ns
from tests.support.network.isolation import isolated
from tests.support.network.scenario import ANYWHERE, CLIENTS, EGRESS, PORT, VPC, with_interfaces
from vpcache.lab.daemon.packet_logs import PacketLogs
from vpcache.lab.flows.drops import Drop, DropCause
from vpcache.lab.flows.packets import SYN, TCP, Verdict
from vpcache.lab.flows.traffic import Traffic
from vpcache.lab.network.naming import INTERNET
from vpcache.lab.topology import AclEntry, FlowLog, NetworkAcl, Topology, Vpc

T = TypeVar("T")
pytestmark = needs_namespaces

CLIENT_A = "10.0.0.140"
FLOW_LOG = FlowLog("fl-1", VPC.id, "ALL", 60, ())
ALLOW_ALL = AclEntry(100, "all", None, ANYWHERE, allows=True)


class LoggedNetwork(NetworkHarness):
    """A network whose packet logs are read."""

    def __init__(self, vpc: Vpc) -> None:
        super().__init__(vpc)
        self.logs = PacketLogs(self.namespaces)
        self.log(vpc)

    def log(self, vpc: Vpc) -> None:
        self.apply(vpc)
        self.logs.reconcile(Topology((vpc,)))

    def dropped(self, count: int = 1) -> tuple[Drop, ...]:
        return eventually(self.logs.drops, lambda drops: len(drops) >= count)

    def traffic(self, is_complete: Callable[[Traffic], bool]) -> Traffic:
        taken = Traffic()

        def take() -> Traffic:
            nonlocal taken
            taken = taken.plus(self.logs.take(VPC.id))
            return taken

        return eventually(take, is_complete)


@contextmanager
def logged(vpc: Vpc) -> Iterator[LoggedNetwork]:
    network = LoggedNetwork(vpc)
    yield network
    network.logs.close()


def eventually(look: Callable[[], T], holds: Callable[[T], bool]) -> T:
    deadline = time.monotonic() + TIMEOUT
    while not holds(seen := look()):
        assert time.monotonic() < deadline, seen
        time.sleep(0.05)
    return seen


@isolated
def test_drops_name_group_interfaces_and_port() -> None:
    with logged(VPC) as network:
        network.serve(ns("cache"), CACHE_ADDRESS, PORT)
        assert network.is_silent(ns("other"), CACHE_ADDRESS, PORT)
        assert network.call(ns("client-a"), CACHE_ADDRESS, PORT) == CLIENT_A

        (drop,) = network.dropped()

        assert (drop.cause, drop.resource_ids, drop.direction) == (DropCause.GROUP, ("sg-cache",), "ingress")
        assert (drop.interface_id, drop.peer_interface_id) == ("eni-cache", "eni-other")
        assert (drop.source, drop.destination) == ("10.0.0.160", CACHE_ADDRESS)
        assert (drop.protocol, drop.destination_port) == (TCP, PORT)
        assert drop.packets >= 1 and drop.bytes == 60 * drop.packets
        assert abs(drop.last_seen - time.time()) < TIMEOUT


@isolated
def test_drops_name_the_group_that_forbids_egress() -> None:
    mute = replace(CLIENTS["a"], security_groups=frozenset({"sg-mute"}))
    with logged(with_interfaces(VPC, mute)) as network:
        assert network.is_silent(ns("client-a"), HOST, 443)

        (drop,) = network.dropped()

        assert (drop.resource_ids, drop.direction) == (("sg-mute",), "egress")
        assert (drop.interface_id, drop.peer_interface_id) == ("eni-client-a", "eni-nat-a")
        assert drop.destination == HOST


@isolated
def test_drops_name_the_network_acl_of_either_side() -> None:
    open_in = NetworkAcl("acl-out", frozenset({"subnet-private-b"}), (ALLOW_ALL,), ())
    open_out = NetworkAcl("acl-in", frozenset({"subnet-private-a"}), (), (ALLOW_ALL,))
    with logged(replace(VPC, network_acls=(open_in,))) as network:
        assert network.is_silent(ns("client-b"), CACHE_ADDRESS, PORT)
        (egress,) = network.dropped()
        network.log(replace(VPC, network_acls=(open_out,)))
        assert network.is_silent(ns("client-b"), CACHE_ADDRESS, PORT)
        ingress, _ = network.dropped(2)

    assert (egress.cause, egress.resource_ids, egress.direction) == (DropCause.ACL, ("acl-out",), "egress")
    assert egress.interface_id == "eni-client-b"
    assert (ingress.resource_ids, ingress.direction) == (("acl-in",), "ingress")
    assert (ingress.interface_id, ingress.peer_interface_id) == ("eni-cache", "eni-client-b")


@isolated
def test_egress_group_decides_before_the_acl_of_the_receiver() -> None:
    mute = replace(CLIENTS["b"], security_groups=frozenset({"sg-mute"}))
    closed = NetworkAcl("acl-in", frozenset({"subnet-private-a"}), (), (ALLOW_ALL,))
    with logged(replace(with_interfaces(VPC, mute), network_acls=(closed,))) as network:
        assert network.is_silent(ns("client-b"), CACHE_ADDRESS, PORT)

        assert [drop.interface_id for drop in network.dropped()] == ["eni-client-b"]


@isolated
def test_dropped_ipv6_flow_has_its_addresses() -> None:
    with logged(dual_stack(VPC)) as network:
        assert network.is_silent(ns("other"), ADDRESSES["eni-cache"], PORT)

        (drop,) = network.dropped()

        assert (drop.source, drop.destination) == (ADDRESSES["eni-other"], ADDRESSES["eni-cache"])
        assert drop.destination_port == PORT


@isolated
def test_accepted_packets_are_logged_for_a_flow_log_only() -> None:
    with logged(VPC) as network:
        network.serve(INTERNET, HOST, 443)
        assert network.call(ns("client-a"), HOST, 443) == EGRESS["a"]
        network.log(replace(VPC, flow_logs=(FLOW_LOG,)))
        assert network.call(ns("client-a"), HOST, 443) == EGRESS["a"]

        traffic = network.traffic(lambda traffic: len(traffic.flows) >= 4)

    ends = {
        tuple(traffic.interfaces[each].id if each in traffic.interfaces else "" for each in flow[1:3])
        for flow in traffic.flows
    }
    assert {flow.verdict for flow in traffic.flows} == {Verdict.ACCEPTED}
    to_nat, from_nat = ("eni-client-a", "eni-nat-a"), ("eni-nat-a", "")
    assert ends == {to_nat, to_nat[::-1], from_nat, from_nat[::-1]}
    assert len(traffic.flows) == 4, "one call, before which there was no flow log"
    assert all(count.tcp_flags & SYN and count.packets > 1 for count in traffic.flows.values())
    assert not traffic.is_incomplete


@isolated
def test_flow_log_of_an_interface_logs_that_interface_only() -> None:
    own = replace(FLOW_LOG, resource_id="eni-client-b")
    with logged(replace(VPC, flow_logs=(own,))) as network:
        network.serve(ns("cache"), CACHE_ADDRESS, PORT)
        assert network.call(ns("client-a"), CACHE_ADDRESS, PORT)
        assert network.call(ns("client-b"), CACHE_ADDRESS, PORT)

        traffic = network.traffic(lambda traffic: len(traffic.flows) >= 2)

    ends = {frozenset(traffic.interfaces[each].id for each in flow[1:3]) for flow in traffic.flows}
    assert ends == {frozenset({"eni-client-b", "eni-cache"})}


@isolated
def test_changed_rules_lose_no_logged_packet() -> None:
    with logged(replace(VPC, flow_logs=(FLOW_LOG,))) as network:
        network.serve(ns("cache"), CACHE_ADDRESS, PORT)
        assert network.call(ns("client-a"), CACHE_ADDRESS, PORT)
        client_b = CLIENTS["b"]
        network.log(replace(VPC, flow_logs=(FLOW_LOG,), interfaces=(client_b,), cache_clusters=()))

        traffic = network.traffic(lambda traffic: len(traffic.flows) >= 2)

    assert {traffic.interfaces[flow.in_device].id for flow in traffic.flows} == {"eni-client-a", "eni-cache"}


@isolated
def test_internet_packet_for_a_nat_gateway_is_logged_as_accepted() -> None:
    with logged(replace(VPC, flow_logs=(FLOW_LOG,))) as network:
        assert network.is_silent(INTERNET, EGRESS["a"], 443)

        traffic = network.traffic(lambda traffic: bool(traffic.flows))

    ((flow, count),) = traffic.flows.items()
    assert (flow.verdict, traffic.interfaces[flow.out_device].id) == (Verdict.ACCEPTED, "eni-nat-a")
    assert (flow.destination_port, count.tcp_flags) == (443, SYN)


@isolated
def test_packets_for_resolver_and_router_are_not_logged() -> None:
    with logged(replace(VPC, flow_logs=(FLOW_LOG,))) as network:
        network.serve(ns("cache"), CACHE_ADDRESS, PORT)
        with network.datagrams(ns("client-a"), CLIENT_A) as end:
            for address in ("10.0.0.2", "169.254.169.253", "10.0.0.129"):
                end.sendto(b"request", (address, 53))
        assert network.call(ns("client-b"), CACHE_ADDRESS, PORT)

        traffic = network.traffic(lambda traffic: len(traffic.flows) >= 2)

    assert {flow.destination_port for flow in traffic.flows} & {53} == set()
    assert network.logs.drops() == ()
