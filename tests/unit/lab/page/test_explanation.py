"""Explanations of flows: each obstacle is named, on the way and on the way of the answer."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from tests.support.network.scenario import ANYWHERE, CLIENTS, EGRESS, PORT, VPC, WEB_ADDRESS
from vpcache.lab.daemon.live.explanation import Explanation, Question, explain
from vpcache.lab.errors import LabError
from vpcache.lab.faults import Fault, internet_hosts
from vpcache.lab.topology import AclEntry, NetworkAcl, Route, RouteTable, RouteTarget, Topology, Vpc

ALLOW_ALL = AclEntry(100, "all", None, ANYWHERE, allows=True)
PRIVATE_A, PRIVATE_B, PUBLIC_A = "subnet-private-a", "subnet-private-b", "subnet-public-a"


def explained(
    source: str, target: str, port: int | None = PORT, vpc: Vpc = VPC, *faults: Fault
) -> Explanation:
    topology = Topology((vpc,))
    question = Question.create(source, target, "icmp" if port is None else "tcp", port)
    return explain(topology, faults, question, internet_hosts(topology).items())


def obstacles(explanation: Explanation) -> list[tuple[str, str | None]]:
    return [(check.stage, check.resource) for check in explanation.checks if not check.passes]


def with_acl(subnet: str, *, ingress: tuple[AclEntry, ...], egress: tuple[AclEntry, ...]) -> Vpc:
    return replace(VPC, network_acls=(NetworkAcl("acl-1", frozenset({subnet}), ingress, egress),))


def with_default_route(route_table: str, *routes: Route) -> Vpc:
    tables = (
        RouteTable(each.id, routes if each.id == route_table else each.routes) for each in VPC.route_tables
    )
    return replace(VPC, route_tables=tuple(tables))


def test_flow_that_every_rule_allows_passes() -> None:
    answer = explained("eni-client-b", "eni-cache")
    assert answer.passes
    assert answer.summary == f"tcp {PORT} passes from eni-client-b to eni-cache"


@pytest.mark.parametrize("target", ["eni-cache", "10.0.0.150"])
def test_missing_ingress_rule_names_the_group_of_the_target(target: str) -> None:
    answer = explained("eni-client-a", target, PORT + 1)
    assert obstacles(answer) == [("security group ingress", "sg-cache")]
    assert "no rule of sg-cache allows it from 10.0.0.140" in answer.summary


def test_rule_that_names_a_group_excludes_other_members() -> None:
    assert obstacles(explained("eni-other", "eni-cache")) == [("security group ingress", "sg-cache")]


def test_group_without_egress_rules_stops_the_flow_at_its_source() -> None:
    mute = replace(CLIENTS["a"], security_groups=frozenset({"sg-mute"}))
    vpc = replace(VPC, interfaces=(mute, *(each for each in VPC.interfaces if each.id != mute.id)))
    assert obstacles(explained(mute.id, "dummy.restapiexample.com", 443, vpc)) == [
        ("security group egress", "sg-mute")
    ]


def test_acl_that_denies_the_answer_is_an_obstacle() -> None:
    vpc = with_acl(
        PRIVATE_B,
        ingress=(AclEntry(90, "tcp", (40000, 40100), ANYWHERE, allows=False), ALLOW_ALL),
        egress=(ALLOW_ALL,),
    )
    answer = explained("eni-client-b", "eni-cache", PORT, vpc)
    assert obstacles(answer) == [("network ACL inbound, answer", "acl-1")]
    assert "acl-1 drops answers from 10.0.0.150" in answer.summary


def test_acl_that_allows_a_part_of_the_answers_ports_is_an_obstacle() -> None:
    entries = (AclEntry(100, "tcp", (1024, 50000), ANYWHERE, allows=True),)
    answer = explained(
        "eni-client-b", "eni-cache", PORT, with_acl(PRIVATE_B, ingress=entries, egress=(ALLOW_ALL,))
    )
    assert "of these it allows tcp 1024-50000 only" in answer.summary


def test_acl_entries_together_allow_the_answers_ports() -> None:
    entries = tuple(
        AclEntry(number, "tcp", ports, ANYWHERE, allows=True)
        for number, ports in ((100, (1024, 50000)), (110, (50001, 65535)))
    )
    assert explained(
        "eni-client-b", "eni-cache", PORT, with_acl(PRIVATE_B, ingress=entries, egress=(ALLOW_ALL,))
    ).passes


def test_acl_does_not_apply_within_its_subnet() -> None:
    vpc = with_acl(PRIVATE_A, ingress=(), egress=())
    assert explained("eni-client-a", "eni-cache", PORT, vpc).passes
    assert not explained("eni-client-b", "eni-cache", PORT, vpc).passes


def test_way_to_the_internet_leads_through_the_nat_gateway() -> None:
    answer = explained("eni-client-a", "dummy.restapiexample.com", 443)
    assert answer.passes
    assert ("NAT gateway", f"nat-a sends from {EGRESS['a']}") in [
        (check.stage, check.why) for check in answer.checks
    ]


def test_black_hole_and_missing_route_are_obstacles() -> None:
    hole = with_default_route("rtb-a", Route(ANYWHERE, RouteTarget.BLACKHOLE))
    for vpc, why in ((hole, "is a black hole"), (with_default_route("rtb-a"), "has no route to")):
        answer = explained("eni-client-a", "198.51.100.10", 443, vpc)
        assert obstacles(answer) == [("route", "rtb-a")]
        assert why in answer.summary


def test_longest_prefix_decides_on_the_route() -> None:
    vpc = with_default_route(
        "rtb-a",
        Route(ANYWHERE, RouteTarget.INTERFACE, "eni-nat-a"),
        Route(IPv4Network("198.51.100.0/24"), RouteTarget.BLACKHOLE),
    )
    assert not explained("eni-client-a", "198.51.100.10", 443, vpc).passes
    assert explained("eni-client-a", "192.0.2.1", 443, vpc).passes


def test_nat_gateway_in_a_subnet_without_way_out_is_an_obstacle() -> None:
    vpc = with_default_route("rtb-public", Route(ANYWHERE, RouteTarget.INTERFACE, "eni-nat-b"))
    answer = explained("eni-client-a", "192.0.2.1", 443, vpc)
    assert obstacles(answer) == [("route", "rtb-public")]
    assert "not to an internet gateway" in answer.summary


def test_acl_of_the_nat_gateways_subnet_applies_to_both_sides() -> None:
    vpc = with_acl(
        PUBLIC_A, ingress=(AclEntry(100, "tcp", (443, 443), ANYWHERE, allows=True),), egress=(ALLOW_ALL,)
    )
    assert obstacles(explained("eni-client-a", "192.0.2.1", 443, vpc)) == [
        ("network ACL inbound, answer", "acl-1")
    ]


def test_internet_reaches_an_elastic_ip_on_allowed_ports_only() -> None:
    assert explained("internet", WEB_ADDRESS, 80).passes
    assert obstacles(explained("internet", WEB_ADDRESS, 22)) == [("security group ingress", "sg-web")]


def test_internet_reaches_no_private_interface_and_no_nat_gateway() -> None:
    assert ("internet gateway", "igw-1") in obstacles(explained("internet", "eni-cache"))
    assert ("NAT gateway", "nat-a") in obstacles(explained("internet", "eni-nat-a", 443))


def test_elastic_ip_is_reached_from_inside_through_the_nat_gateway() -> None:
    assert explained("eni-client-a", WEB_ADDRESS, 80).passes
    assert obstacles(explained("eni-client-a", WEB_ADDRESS, 22)) == [("security group ingress", "sg-web")]


@pytest.mark.parametrize(
    ("fault", "target", "place"),
    [
        (Fault.create("nat_gateway", "nat-a"), "192.0.2.1", "eni-nat-a"),
        (Fault.create("zone", "us-east-1a"), "192.0.2.1", "eni-client-a"),
        (Fault.create("cache_node", "us-east-1/kv/0001"), "eni-cache", "eni-cache"),
        (
            Fault.create("cache_node", "us-east-1/kv/0001", "hung"),
            "eni-cache",
            "eni-cache",
        ),
        (Fault.create("origin", "dummy.restapiexample.com"), "198.51.100.10", "198.51.100.10"),
    ],
)
def test_fault_on_the_way_is_an_obstacle(fault: Fault, target: str, place: str) -> None:
    answer = explained("eni-client-a", target, PORT, VPC, fault)
    assert ("fault", place) in obstacles(answer)


def test_vpcs_with_equal_addresses_are_not_connected() -> None:
    other = replace(
        VPC, id="vpc-2", interfaces=tuple(replace(each, id=f"{each.id}-2") for each in VPC.interfaces)
    )
    answer = explain(Topology((VPC, other)), (), Question.create("eni-client-a", "eni-cache-2", "tcp", PORT))
    assert answer.summary == "route: vpc-1 and vpc-2 are not connected"


def test_address_without_interface_is_an_obstacle() -> None:
    assert obstacles(explained("eni-client-a", "10.0.0.250")) == [("target", "vpc-1")]


def test_echo_needs_a_rule_of_its_protocol() -> None:
    assert not explained("eni-client-a", "eni-cache", None).passes
    assert explained("eni-client-a", "192.0.2.1", None).passes


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (("eni-client-a", "eni-cache", "gre", 1), "unknown protocol 'gre'; choose from tcp, udp, icmp"),
        (("eni-client-a", "eni-cache", "tcp", None), "invalid port None"),
        (("eni-client-a", "eni-cache", "tcp", 70000), "invalid port 70000"),
        (("eni-client-a", "nowhere", "tcp", 1), "unknown end 'nowhere'"),
        (("eni-client-a", 7, "tcp", 1), "must be texts"),
    ],
)
def test_invalid_flow_is_rejected_by_name(values: tuple[object, ...], message: str) -> None:
    with pytest.raises(LabError, match=message):
        explain(Topology((VPC,)), (), Question.create(*values))


def test_host_names_are_those_of_the_internet() -> None:
    hosts = [("api.example.com", IPv4Address("198.51.100.41"))]
    question = Question.create("eni-client-a", "api.example.com", "tcp", 443)
    assert explain(Topology((VPC,)), (), question, hosts).passes
