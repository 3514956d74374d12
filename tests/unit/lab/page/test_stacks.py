"""The picture of the page: stacks with their VPCs, and what faults hit, from a topology."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from tests.support.network.scenario import EGRESS, NATS, VPC
from vpcache.lab.daemon.live.fault_view import choices, described, faulty
from vpcache.lab.daemon.live.model import ElasticIpEntry, FunctionEntry, Model
from vpcache.lab.daemon.live.stacks import elastic_ips, outside, stacks
from vpcache.lab.faults import Fault
from vpcache.lab.topology import GatewayEndpoint, Route, RouteTable, RouteTarget, Topology

ARN = "arn:aws:lambda:us-east-1:123456789012:function:"
TOPOLOGY = Topology((replace(VPC, gateway_endpoints=(GatewayEndpoint("vpce-s3", "s3"),)),))
MODEL = Model(
    tags={
        "vpc-1": {"Stack": "shop", "Environment": "dev", "Name": "shop-network"},
        "eipalloc-a": {"Stack": "shop"},
        "nat-a": {"Name": "shop-a"},
    },
    group_names={"sg-cache": "shop-cache"},
    endpoint_services={"vpce-s3": "s3"},
    functions=(
        FunctionEntry(f"{ARN}api", "api", "us-east-1", "python3.13", ("eni-client-a", "eni-client-b")),
        FunctionEntry(f"{ARN}origin", "origin", "us-east-1", "python3.13", (), {"Stack": "shop"}),
    ),
    elastic_ips=(
        ElasticIpEntry(EGRESS["a"], "eipalloc-a", "us-east-1", NATS["a"].id),
        ElasticIpEntry("203.0.113.9", "eipalloc-z", "us-east-1", None),
    ),
)


def the_vpc(topology: Topology = TOPOLOGY, model: Model = MODEL) -> Any:
    (stack,) = stacks(topology, model)
    (vpc,) = stack["vpcs"]
    return vpc


def test_stack_has_the_tags_of_its_vpc() -> None:
    (stack,) = stacks(TOPOLOGY, MODEL)
    assert {key: stack[key] for key in ("name", "environment", "region")} == {
        "name": "shop",
        "environment": "dev",
        "region": "us-east-1",
    }


def test_vpc_without_the_tag_has_a_separate_stack() -> None:
    second = replace(VPC, id="vpc-2")
    named = Model(tags={"vpc-1": {"Name": "mine"}})
    assert [each["name"] for each in stacks(Topology((VPC, second)), named)] == ["mine", "vpc-2"]


def test_vpcs_of_one_stack_are_together_by_region() -> None:
    vpcs = (VPC, replace(VPC, id="vpc-2"), replace(VPC, id="vpc-3", region="eu-west-1"))
    model = Model(tags={vpc.id: {"Stack": "shop"} for vpc in vpcs})
    found = [(each["region"], [vpc["id"] for vpc in each["vpcs"]]) for each in stacks(Topology(vpcs), model)]
    assert found == [("eu-west-1", ["vpc-3"]), ("us-east-1", ["vpc-1", "vpc-2"])]


def test_zones_have_public_and_private_subnets_with_their_routes() -> None:
    zone = the_vpc()["zones"][0]
    public, private = zone["subnets"]
    assert zone["name"] == "us-east-1a"
    assert (public["cidr"], public["is_public"]) == ("10.0.0.0/26", True)
    assert (private["cidr"], private["is_public"]) == ("10.0.0.128/26", False)
    assert private["routes"] == [
        {"destination": "10.0.0.0/24", "target": "local", "is_blackhole": False},
        {"destination": "0.0.0.0/0", "target": "nat-a", "is_blackhole": False},
    ]


def test_black_hole_makes_no_subnet_of_a_vpc_without_gateway_public() -> None:
    hole = tuple(
        RouteTable(table.id, tuple(Route(each.destination, RouteTarget.BLACKHOLE) for each in table.routes))
        for table in VPC.route_tables
    )
    vpc = the_vpc(Topology((replace(VPC, internet_gateway_id=None, route_tables=hole),)))
    subnets = [subnet for zone in vpc["zones"] for subnet in zone["subnets"]]
    assert not any(subnet["is_public"] for subnet in subnets)
    assert all(subnet["routes"][1] == {**subnet["routes"][1], "is_blackhole": True} for subnet in subnets)


def test_nat_gateway_has_its_elastic_ip_and_the_subnets_that_it_serves() -> None:
    assert the_vpc()["nat_gateways"][0] == {
        "id": "nat-a",
        "name": "shop-a",
        "zone": "us-east-1a",
        "subnet": "subnet-public-a",
        "interface": "eni-nat-a",
        "address": "10.0.0.10",
        "elastic_ip": EGRESS["a"],
        "serves": ["subnet-private-a"],
    }


def test_interfaces_name_what_uses_them() -> None:
    users = {each["id"]: each["users"] for each in the_vpc()["interfaces"]}
    assert users["eni-client-a"] == ["api"]
    assert users["eni-cache"] == ["kv/0001"]
    assert users["eni-nat-b"] == ["nat-b"]
    assert users["eni-other"] == []


def test_functions_nodes_endpoints_and_groups_are_in_their_vpc() -> None:
    vpc = the_vpc()
    assert [(each["name"], each["interfaces"]) for each in vpc["functions"]] == [
        ("api", ["eni-client-a", "eni-client-b"])
    ]
    assert [(each["id"], each["address"], each["port"]) for each in vpc["cache_nodes"]] == [
        ("us-east-1/kv/0001", "10.0.0.150", 11211)
    ]
    assert [(each["id"], each["type"], each["service"]) for each in vpc["endpoints"]] == [
        ("vpce-s3", "gateway", "s3")
    ]
    assert {"id": "sg-cache", "name": "shop-cache"} in vpc["security_groups"]


def test_function_in_no_vpc_is_outside() -> None:
    assert [(each["name"], each["stack"]) for each in outside(MODEL)] == [("origin", "shop")]


def test_elastic_ips_name_the_nat_gateway_that_uses_them() -> None:
    assert [(each["address"], each["stack"], each["used_by"]) for each in elastic_ips(TOPOLOGY, MODEL)] == [
        (EGRESS["a"], "shop", "nat-a"),
        ("203.0.113.9", None, None),
    ]


def test_fault_of_a_zone_hits_all_that_is_in_it() -> None:
    found = faulty(TOPOLOGY, [Fault.create("zone", "us-east-1a")])
    assert {"us-east-1a", "nat-a", "eni-nat-a", "eni-cache", "us-east-1/kv/0001"} <= found.keys()
    assert set(found.values()) == {"out"}
    assert not found.keys() & {"nat-b", "eni-client-b"}


def test_fault_of_a_process_does_not_hit_its_interface() -> None:
    assert faulty(TOPOLOGY, [Fault.create("cache_node", "us-east-1/kv/0001", "hung")]) == {
        "us-east-1/kv/0001": "hung"
    }


def test_faults_to_choose_from_have_modes_and_targets() -> None:
    found = choices(TOPOLOGY)
    assert found["cache_node"] == {
        "modes": ["out", "dead", "hung", "restarted"],
        "targets": ["us-east-1/kv/0001"],
    }
    assert found["zone"]["targets"] == ["us-east-1a", "us-east-1b"]


def test_picture_and_faults_are_json() -> None:
    parts = [stacks(TOPOLOGY, MODEL), described([Fault.create("origin", "dummy.restapiexample.com", "slow")])]
    assert json.loads(json.dumps(parts)) == parts
