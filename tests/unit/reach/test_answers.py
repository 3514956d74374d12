"""Answers in words, the matrix of a network, and the egress addresses of its zones."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network

from tests.support.terraform_documents import resource
from tests.unit.reach.test_terraform_network import HTTPS, MEMCACHED, rule, shop
from vpcache.lab.prover.traffic import Flow
from vpcache.lab.topology import Route, RouteTarget
from vpcache.reach.answers import Answer, Verdict, answers
from vpcache.reach.ends import place
from vpcache.reach.matrix import egress_addresses, matrix
from vpcache.reach.network import Network

OFFICE = IPv4Network("192.168.7.0/24")


def with_route(subject: Network, route: Route) -> Network:
    """Return a network with one more route in each route table."""
    (vpc,) = subject.topology.vpcs
    tables = tuple(replace(table, routes=(*table.routes, route)) for table in vpc.route_tables)
    return replace(subject, topology=replace(subject.topology, vpcs=(replace(vpc, route_tables=tables),)))


def ask(subject: Network, source: str, target: str, flow: Flow) -> Answer:
    return answers(subject, place(subject, source), place(subject, target), flow)[0]


def test_answer_that_passes_names_the_address_that_is_seen() -> None:
    answer = ask(shop(), "api", "internet", HTTPS)
    assert answer.verdict is Verdict.PASSES
    assert answer.summary == "tcp 443 from shop-api in eu-west-3a to internet: passes, seen as 203.0.113.10"


def test_answer_that_does_not_pass_names_all_obstacles() -> None:
    answer = ask(shop(), "internet", "cache", MEMCACHED)
    assert answer.summary == "tcp 11211 from internet to cache/0001: does not pass"
    # no public address, no rule, no route of the answer through the internet gateway
    assert len([text for passes, text in answer.hops() if not passes]) == 3


def test_hops_name_the_rules_that_decide() -> None:
    hops = [text for _, text in ask(shop(), "api", "cache", MEMCACHED).hops()]
    assert any("security_group.cache allows tcp 11211 from security_group.api" in hop for hop in hops)


def test_route_to_a_target_outside_the_model_cannot_be_decided() -> None:
    subject = with_route(
        shop(), Route(OFFICE, RouteTarget.UNMODELED, unmodeled="VPC peering connection pcx-1")
    )
    answer = ask(subject, "api", "192.168.7.0/24", HTTPS)
    assert answer.verdict is Verdict.UNKNOWN
    assert any("VPC peering connection pcx-1, outside the model" in hop for _, hop in answer.hops())


def test_private_address_outside_the_vpc_is_not_on_the_internet() -> None:
    answer = ask(shop(), "api", "192.168.7.0/24", HTTPS)
    assert answer.verdict is Verdict.BLOCKED
    assert any("192.168.7.0 is no address of the internet" in hop for _, hop in answer.hops())


def test_matrix_has_only_pairs_with_traffic() -> None:
    pairs = {(each.source, each.target) for each in matrix(shop())}
    assert ("shop-api", "cache/0001") in pairs
    assert ("internet", "cache/0001") not in pairs
    assert ("shop-api", "internet") in pairs


def test_each_zone_has_its_egress_address() -> None:
    assert egress_addresses(shop()) == {"eu-west-3a": ("203.0.113.10",), "eu-west-3b": ("203.0.113.11",)}


def test_rule_for_some_hosts_of_the_internet_makes_a_class_of_them() -> None:
    public = resource(
        "aws_network_interface",
        "web",
        subnet_id="subnet.shop-public-eu-west-3a",
        private_ips=["10.9.0.9"],
        security_groups=["security_group.cache"],
    )
    address = resource("aws_eip", "web", network_interface="network_interface.web", public_ip="203.0.113.80")
    subject = shop(public, address, ingress=rule(22, cidr_blocks=["198.51.100.0/24"]))
    found = answers(subject, place(subject, "internet"), place(subject, "web"), Flow("tcp", 22))
    assert {each.source: each.verdict for each in found} == {
        "internet": Verdict.BLOCKED,
        "internet (198.51.100.0/24)": Verdict.PASSES,
    }
