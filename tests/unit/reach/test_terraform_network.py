"""Networks from Terraform's documents: classic mistakes are found, and named in the first obstacle."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.terraform_documents import ZONES, cache, function, group, network, resource, state
from vpcache.errors import VpcacheError
from vpcache.lab.prover.path import Path
from vpcache.lab.prover.prover import Prover
from vpcache.lab.prover.traffic import Flow, described
from vpcache.reach.ends import place
from vpcache.reach.network import Network
from vpcache.reach.terraform_source import network as terraform_network

MEMCACHED = Flow("tcp", 11211)
HTTPS = Flow("tcp", 443)
ALL_OUT = {"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}


def rule(port: int, **source: Any) -> dict[str, Any]:
    return {"protocol": "tcp", "from_port": port, "to_port": port, **source}


def shop(*more: dict[str, Any], ingress: dict[str, Any] | None = None, zones: int = 2) -> Network:
    """Return the network of a function and a cache in two zones; `ingress` is the rule of the cache."""
    allowed = ingress or rule(11211, security_groups=["security_group.api"])
    found = [
        *network(zones),
        group("api", egress=[ALL_OUT]),
        group("cache", ingress=[allowed], egress=[ALL_OUT]),
        function("api", zones),
        *cache("cache", ZONES[:zones]),
    ]
    by_address = {each["address"]: each for each in found} | {each["address"]: each for each in more}
    return terraform_network.network(state(*by_address.values()))


def paths(subject: Network, source: str, target: str) -> list[Path]:
    prover = Prover(subject.topology)
    return [
        prover.path(one, other)
        for one in place(subject, source).ends
        for other in place(subject, target).ends
    ]


def first_obstacle(subject: Network, source: str, target: str, flow: Flow) -> str:
    step = next(step for path in paths(subject, source, target) for step in path.obstacles(flow))
    return step.decide(flow)[1]


def test_function_reaches_the_cache_at_its_port_only() -> None:
    assert {described(path.permitted) for path in paths(shop(), "api", "cache")} == {"tcp 11211"}


def test_each_zone_leaves_by_the_address_of_its_nat_gateway() -> None:
    assert [str(path.seen_as) for path in paths(shop(), "api", "internet")] == [
        "203.0.113.10",
        "203.0.113.11",
    ]


def test_internet_reaches_nothing() -> None:
    subject = shop()
    assert not [
        path for name in subject.interfaces for path in paths(subject, "internet", name) if path.permitted
    ]


def test_rule_for_everyone_opens_the_cache_to_the_vpc() -> None:
    subject = shop(
        group("other", egress=[ALL_OUT]), function("other", 2), ingress=rule(11211, cidr_blocks=["0.0.0.0/0"])
    )
    assert all(path.passes(MEMCACHED) for path in paths(subject, "other", "cache"))


def test_rule_on_the_wrong_port_is_named() -> None:
    subject = shop(ingress=rule(11212, security_groups=["security_group.api"]))
    assert first_obstacle(subject, "api", "cache", MEMCACHED).startswith(
        "no rule of security_group.cache allows it"
    )


def test_group_that_names_itself_opens_its_members_to_each_other() -> None:
    subject = shop(ingress=rule(11211, self=True))
    assert all(path.passes(MEMCACHED) for path in paths(subject, "cache", "cache") if len(path.steps) > 1)
    assert not any(path.passes(MEMCACHED) for path in paths(subject, "api", "cache"))


def test_acl_that_drops_answers_is_named() -> None:
    subnet = f"subnet.shop-private-{ZONES[0]}"
    entry = {"rule_no": 100, "action": "allow", "protocol": "tcp", "cidr_block": "0.0.0.0/0"}
    acl = resource(
        "aws_network_acl",
        "private",
        vpc_id="vpc.shop",
        subnet_ids=[subnet],
        ingress=[entry | {"from_port": 443, "to_port": 443}],
        egress=[entry | {"protocol": "-1", "from_port": 0, "to_port": 0}],
    )
    assert "drops answers from 192.0.2.1" in first_obstacle(shop(acl), "api", "internet", HTTPS)


def test_acl_of_a_subnet_is_not_the_default_one_that_a_state_still_lists() -> None:
    subnet = f"subnet.shop-private-{ZONES[0]}"
    entry = {"rule_no": 100, "protocol": "-1", "from_port": 0, "to_port": 0, "cidr_block": "0.0.0.0/0"}
    former = resource(
        "aws_default_network_acl",
        "default",
        id="acl-9",
        vpc_id="vpc.shop",
        subnet_ids=[subnet],
        ingress=[entry | {"action": "allow"}],
        egress=[entry | {"action": "allow"}],
    )
    closed = resource(
        "aws_network_acl", "closed", id="acl-1", vpc_id="vpc.shop", subnet_ids=[subnet], ingress=[], egress=[]
    )
    (vpc,) = shop(former, closed).topology.vpcs
    members = {acl.id: acl.subnet_ids for acl in vpc.network_acls}
    assert members["acl-1"] == {subnet}
    assert subnet not in members["acl-9"]
    assert f"subnet.shop-private-{ZONES[1]}" in members["acl-9"]


def test_private_subnet_with_a_route_to_the_internet_gateway_is_named() -> None:
    zone = ZONES[0]
    table = resource(
        "aws_route_table",
        f"shop-{zone}",
        vpc_id="vpc.shop",
        route=[{"cidr_block": "0.0.0.0/0", "gateway_id": "internet_gateway.shop", "nat_gateway_id": ""}],
    )
    assert "has no public address" in first_obstacle(shop(table), "api", "internet", HTTPS)


def test_two_zones_on_one_nat_gateway_leave_by_one_address() -> None:
    found = [*network(2, one_gateway_per_zone=False), group("api", egress=[ALL_OUT]), function("api", 2)]
    subject = terraform_network.network(state(*found))
    assert {str(path.seen_as) for path in paths(subject, "api", "internet")} == {"203.0.113.10"}


def test_route_to_a_removed_nat_gateway_is_a_black_hole() -> None:
    zone = ZONES[0]
    route = {"cidr_block": "0.0.0.0/0", "gateway_id": "", "nat_gateway_id": "nat_gateway.gone"}
    table = resource("aws_route_table", f"shop-{zone}", vpc_id="vpc.shop", route=[route])
    assert "is a black hole" in first_obstacle(shop(table), "api", "internet", HTTPS)


def test_more_specific_route_decides() -> None:
    zone = ZONES[0]
    routes = [
        {"cidr_block": "0.0.0.0/0", "nat_gateway_id": f"nat_gateway.shop-{zone}"},
        {"cidr_block": "192.0.2.0/24", "nat_gateway_id": "nat_gateway.gone"},
    ]
    table = resource("aws_route_table", f"shop-{zone}", vpc_id="vpc.shop", route=routes)
    assert "192.0.2.0/24" in first_obstacle(shop(table), "api", "internet", HTTPS)


def test_subnet_without_a_route_has_no_way_out() -> None:
    table = resource("aws_route_table", f"shop-{ZONES[0]}", vpc_id="vpc.shop", route=[])
    assert "has no route to 192.0.2.1" in first_obstacle(shop(table), "api", "internet", HTTPS)


def test_resources_outside_the_model_are_named() -> None:
    peering = resource("aws_vpc_peering_connection", "other", vpc_id="vpc.shop")
    assert shop(peering).unmodeled == {"aws_vpc_peering_connection.other": "VPC peering connection"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cach", "nothing in this network is called 'cach'; did you mean"),
        ("nothing", "nothing in this network is called 'nothing'; choose from"),
    ],
)
def test_unknown_end_lists_what_there_is(name: str, message: str) -> None:
    with pytest.raises(VpcacheError, match=message):
        place(shop(), name)
