"""Networks of plans: stand-ins for what AWS chooses, and rules and routes that a plan removes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.terraform_documents import ZONES, cache, function, group, network, resource, state
from tests.support.terraform_plans import created, deleted, module, plan, unchanged
from vpcache.errors import VpcacheError
from vpcache.lab.prover.ends import end_at
from vpcache.lab.prover.prover import Prover
from vpcache.lab.prover.traffic import Flow, described
from vpcache.lab.topology import RouteTarget, Rule, Vpc
from vpcache.reach.ends import place
from vpcache.reach.network import Network
from vpcache.reach.terraform_source import network as terraform_network
from vpcache.reach.terraform_source.prefix_lists import STAND_INS
from vpcache.reach.terraform_source.public_addresses import STAND_INS as PUBLIC

HTTPS = Flow("tcp", 443)
SERVICE = "com.amazonaws.eu-west-3.s3"
TABLE = f"route_table.shop-{ZONES[0]}"


def of(*more: dict[str, Any], zones: int = 1) -> Network:
    """Return the network of a state with a function, and of `more` in place of equal addresses."""
    found = [*network(zones), group("api"), function("api", zones), *more]
    return terraform_network.network(state(*{each["address"]: each for each in found}.values()))


def vpc(subject: Network) -> Vpc:
    return subject.topology.vpcs[0]


def to_s3(rule: dict[str, Any], **endpoint: Any) -> bool:
    """Return whether the function reaches S3 by a gateway endpoint and one egress rule."""
    subject = of(
        group("api", egress=[{"protocol": "tcp", "from_port": 443, "to_port": 443, **rule}]),
        resource(
            "aws_vpc_endpoint",
            "s3",
            vpc_id="vpc.shop",
            service_name=SERVICE,
            route_table_ids=[TABLE],
            **endpoint,
        ),
    )
    source = place(subject, "api").ends[0]
    target = end_at(subject.topology, STAND_INS["s3"][0])
    path = Prover(subject.topology).path(source, target)
    reasons = [step.decide(HTTPS)[1] for step in path.steps]
    return path.passes(HTTPS) and f"{TABLE} leads {STAND_INS['s3']} to vpc_endpoint.s3" in reasons


def test_rule_with_the_prefix_list_of_a_new_endpoint_lets_s3_pass() -> None:
    assert to_s3({"prefix_list_ids": ["vpc_endpoint.s3"]})


def test_rule_with_another_prefix_list_does_not_let_s3_pass() -> None:
    assert not to_s3({"prefix_list_ids": ["pl-other"]})


def test_endpoint_has_the_blocks_of_a_prefix_list_that_the_plan_read() -> None:
    read = resource("aws_prefix_list", "s3", mode="data", id="pl-1", name=SERVICE, cidr_blocks=["3.5.0.0/16"])
    endpoint = resource(
        "aws_vpc_endpoint", "s3", vpc_id="vpc.shop", service_name=SERVICE, route_table_ids=[TABLE]
    )
    routes = next(each.routes for each in vpc(of(read, endpoint)).route_tables if each.id == TABLE)
    assert {str(each.destination) for each in routes if each.endpoint_id} == {"3.5.0.0/16"}


def test_new_elastic_ip_has_a_stand_in_with_a_name() -> None:
    subject = of(resource("aws_eip", f"shop-{ZONES[0]}"), group("api", egress=[all_to("0.0.0.0/0")]))
    path = Prover(subject.topology).path(place(subject, "api").ends[0], place(subject, "internet").ends[0])
    assert path.passes(HTTPS)
    assert path.seen_as in PUBLIC
    assert subject.names[str(path.seen_as)] == f"aws_eip.shop-{ZONES[0]}"


def all_to(cidr: str) -> dict[str, Any]:
    return {"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": [cidr]}


@pytest.mark.parametrize(
    ("target", "named"),
    [
        ({"vpc_peering_connection_id": "pcx-1"}, "VPC peering connection pcx-1"),
        ({"transit_gateway_id": "tgw-1"}, "transit gateway tgw-1"),
        ({"vpc_endpoint_id": "vpce-1"}, "Gateway Load Balancer endpoint vpce-1"),
        ({"gateway_id": "vgw-1"}, "VPN gateway vgw-1"),
        ({}, "a target that is known after the apply"),
    ],
)
def test_route_to_a_target_outside_the_model_names_it(target: dict[str, str], named: str) -> None:
    route = {"cidr_block": "10.20.0.0/16", **target}
    subject = of(resource("aws_route_table", f"shop-{ZONES[0]}", vpc_id="vpc.shop", route=[route]))
    (found,) = next(each.routes for each in vpc(subject).route_tables if each.id == TABLE)
    assert (found.target, found.unmodeled) == (RouteTarget.UNMODELED, named)


def test_rules_have_their_id_and_description() -> None:
    values: dict[str, Any] = {
        "security_group_id": "security_group.api",
        "ip_protocol": "tcp",
        "from_port": 443,
        "to_port": 443,
    }
    subject = of(
        group("api", ingress=[all_to("10.0.0.0/8") | {"description": "inline"}]),
        resource(
            "aws_vpc_security_group_egress_rule",
            "https",
            cidr_ipv4="0.0.0.0/0",
            description="to AWS",
            security_group_rule_id="sgr-1",
            **values,
        ),
        resource("aws_vpc_security_group_egress_rule", "new", cidr_ipv4="10.0.0.0/8", **values),
    )
    api = next(each for each in vpc(subject).security_groups if each.id == "security_group.api")
    assert [rule.description for rule in api.ingress] == ["inline"]
    assert [(rule.id, rule.description) for rule in api.egress] == [
        ("sgr-1", "to AWS"),
        ("aws_vpc_security_group_egress_rule.new", ""),
    ]


def test_interface_without_groups_is_in_the_default_group() -> None:
    subnet = f"subnet.shop-private-{ZONES[0]}"
    found = [
        resource("aws_vpc", "shop", cidr_block="10.9.0.0/16", default_security_group_id="sg-default"),
        *(resource("aws_network_interface", name, subnet_id=subnet) for name in ("one", "two")),
    ]
    subject = of(*found)
    one, two = (place(subject, f"aws_network_interface.{name}").ends[0] for name in ("one", "two"))
    assert described(Prover(subject.topology).path(one, two).permitted) == "all traffic"
    managed = of(*found, resource("aws_default_security_group", "this", id="sg-default", vpc_id="vpc.shop"))
    one, two = (place(managed, f"aws_network_interface.{name}").ends[0] for name in ("one", "two"))
    assert not Prover(managed.topology).path(one, two).permitted


def test_interface_has_secondary_and_public_addresses() -> None:
    subnet = f"subnet.shop-public-{ZONES[0]}"
    subject = of(
        resource(
            "aws_network_interface",
            "host",
            subnet_id=subnet,
            private_ip="10.9.0.30",
            private_ips=["10.9.0.40", "10.9.0.30"],
            ipv6_addresses=["2001:db8::5"],
        ),
        *(
            resource("aws_eip", name, public_ip=address)
            for name, address in (("a", "203.0.113.50"), ("b", "203.0.113.51"))
        ),
        resource(
            "aws_eip_association", "a", allocation_id="eip.a", network_interface_id="network_interface.host"
        ),
        resource(
            "aws_eip_association",
            "b",
            allocation_id="eip.b",
            network_interface_id="network_interface.host",
            private_ip_address="10.9.0.40",
        ),
    )
    host = next(each for each in vpc(subject).interfaces if each.id == "network_interface.host")
    assert [str(each) for each in (*host.addresses, *host.ipv6_addresses)] == [
        "10.9.0.30",
        "10.9.0.40",
        "2001:db8::5",
    ]
    assert str(host.public_address) == "203.0.113.50"
    assert [tuple(map(str, pair)) for pair in host.secondary_elastic_ips] == [("10.9.0.40", "203.0.113.51")]


def test_caches_have_the_ports_of_their_engines() -> None:
    subject = of(
        group("sessions"),
        *cache("sessions", [ZONES[0]], port=11300),
        resource("aws_elasticache_serverless_cache", "pages", name="pages", engine="valkey", subnet_ids=[]),
    )
    assert subject.ports == {"sessions/0001": 11300, "pages": 6379}


def changed(*changes: dict[str, Any]) -> Vpc:
    """Return the VPC of a plan with one existing subnet."""
    found = [
        unchanged("aws_vpc.shop", id="vpc-1", cidr_block="10.9.0.0/16", main_route_table_id="rtb-1"),
        unchanged("aws_subnet.x", id="subnet-1", vpc_id="vpc-1", cidr_block="10.9.1.0/24"),
    ]
    return vpc(terraform_network.network(plan(module(), *found, *changes)))


def test_rule_that_a_plan_deletes_is_closed_though_its_group_lists_it() -> None:
    everyone = {"security_group_id": "sg-1", "ip_protocol": "tcp", "from_port": 11211, "to_port": 11211}
    listed = [
        {"protocol": "tcp", "from_port": port, "to_port": port, "cidr_blocks": ["0.0.0.0/0"]}
        for port in (80, 11211)
    ]
    (found,) = changed(
        unchanged("aws_security_group.x", id="sg-1", vpc_id="vpc-1", ingress=listed),
        deleted("aws_vpc_security_group_ingress_rule.all", cidr_ipv4="0.0.0.0/0", **everyone),
    ).security_groups
    assert [rule.ports for rule in found.ingress] == [(80, 80)]
    assert isinstance(found.ingress[0], Rule)


def test_route_that_a_plan_deletes_is_gone_though_its_table_lists_it() -> None:
    routes = [{"cidr_block": cidr, "nat_gateway_id": "nat-1"} for cidr in ("0.0.0.0/0", "192.0.2.0/24")]
    (found,) = changed(
        unchanged("aws_route_table.x", id="rtb-1", vpc_id="vpc-1", route=routes),
        deleted(
            "aws_route.x", route_table_id="rtb-1", destination_cidr_block="0.0.0.0/0", nat_gateway_id="nat-1"
        ),
    ).route_tables
    assert [str(each.destination) for each in found.routes] == ["192.0.2.0/24"]


def test_undecided_references_are_said() -> None:
    document = plan(
        {"resources": [], "module_calls": {}},
        unchanged("aws_subnet.x", id="subnet-1", vpc_id="vpc-1", cidr_block="10.9.1.0/24"),
        created("aws_vpc_security_group_ingress_rule.x", "cidr_ipv4"),
    )
    document["configuration"]["root_module"]["resources"] = [
        {
            "mode": "managed",
            "type": "aws_vpc_security_group_ingress_rule",
            "name": "x",
            "expressions": {"cidr_ipv4": {"references": ["local.cidr"]}},
        }
    ]
    assert terraform_network.network(document).undecided == (
        "aws_vpc_security_group_ingress_rule.x: cidr_ipv4 is known after the apply",
    )


def test_subnet_without_cidr_block_is_refused() -> None:
    with pytest.raises(VpcacheError, match=r"^aws_subnet\.x has no CIDR block in this plan"):
        terraform_network.network(plan(module(), created("aws_subnet.x", "cidr_block", vpc_id="vpc-1")))
