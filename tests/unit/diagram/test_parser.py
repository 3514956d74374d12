"""The model of a picture, from what Terraform prints of root modules of any shape."""

import pytest

from tests.support.terraform_documents import ZONES, cache, function, group, ingress, network, resource, state
from vpcache.diagram.model import Kind, Permission, Tier
from vpcache.diagram.parser import picture
from vpcache.diagram.placement import short
from vpcache.errors import VpcacheError

A, B, C = ZONES[:3]


def only_vpc(*resources):
    (vpc,) = picture(state(*resources)).vpcs
    return vpc


@pytest.mark.parametrize("zones", [1, 2, 3, 6])
def test_each_zone_has_the_way_out_that_its_routes_say(zones):
    vpc = only_vpc(*network(zones))
    assert vpc.zones == ZONES[:zones]
    private = [subnet for subnet in vpc.subnets if subnet.tier is Tier.PRIVATE]
    assert [subnet.way_out for subnet in private] == [f"nat_gateway.shop-{zone}" for zone in vpc.zones]
    public = [subnet for subnet in vpc.subnets if subnet.tier is Tier.PUBLIC]
    assert [gateway.public_address for subnet in public for gateway in subnet.nat_gateways] == [
        f"203.0.113.{10 + number}" for number in range(zones)
    ]


def test_a_way_out_by_another_zone_is_drawn_as_it_is():
    vpc = only_vpc(*network(2, own_way_out=False))
    assert {each.way_out for each in vpc.subnets if each.tier is Tier.PRIVATE} == {f"nat_gateway.shop-{A}"}


def test_a_subnet_without_a_default_route_is_isolated_and_the_main_table_is_the_one_of_the_rest():
    subnet = {"vpc_id": "vpc.v", "availability_zone": A}
    vpc = resource("aws_vpc", "v", cidr_block="10.0.0.0/16", main_route_table_id="main")
    gateway = resource("aws_internet_gateway", "g", vpc_id="vpc.v")
    route = resource(
        "aws_route",
        "r",
        route_table_id="main",
        destination_cidr_block="0.0.0.0/0",
        gateway_id=gateway["values"]["id"],
    )
    association = resource(
        "aws_route_table_association", "r", subnet_id="subnet.alone", route_table_id="route_table.empty"
    )
    made = only_vpc(
        vpc,
        gateway,
        route,
        association,
        resource("aws_route_table", "empty", vpc_id="vpc.v", route=[]),
        resource("aws_subnet", "alone", cidr_block="10.0.1.0/24", **subnet),
        resource("aws_subnet", "rest", cidr_block="10.0.2.0/24", **subnet),
    )
    assert {each.id: each.tier for each in made.subnets} == {
        "subnet.alone": Tier.ISOLATED,
        "subnet.rest": Tier.PUBLIC,
    }


def test_functions_and_nodes_live_in_their_subnets():
    vpc = only_vpc(*network(2), function("api", 2), function(f"probe-{B}", 2), *cache("kv", [A, B, B]))
    by_zone = {
        subnet.zone: [(each.kind, each.name) for each in subnet.residents]
        for subnet in vpc.subnets
        if subnet.tier is Tier.PRIVATE
    }
    assert by_zone[A] == [
        (Kind.FUNCTION, "api"),
        (Kind.FUNCTION, f"probe-{B}"),
        (Kind.CACHE_NODE, "memcached 0001"),
    ]
    assert by_zone[B] == [
        (Kind.FUNCTION, "api"),
        (Kind.FUNCTION, "probe"),
        (Kind.CACHE_NODE, "memcached 0002"),
        (Kind.CACHE_NODE, "memcached 0003"),
    ]


def nodes(vpc):
    return [
        (subnet.zone, each.name, each.detail)
        for subnet in vpc.subnets
        for each in subnet.residents
        if each.kind is Kind.CACHE_NODE
    ]


def test_planned_nodes_are_where_their_cluster_asks_for_them():
    parts = cache("kv", [A, B], preferred_availability_zones=[B, A], transit_encryption_enabled=True)
    parts[-1]["values"]["cache_nodes"] = []
    assert nodes(only_vpc(*network(2), *parts)) == [
        (A, "memcached 0002", "kv, cache.t4g.micro, TLS"),
        (B, "memcached 0001", "kv, cache.t4g.micro, TLS"),
    ]


def test_planned_nodes_that_ask_for_no_zone_say_so():
    parts = cache("kv", [A, B])
    parts[-1]["values"]["cache_nodes"] = []
    assert [detail for _, _, detail in nodes(only_vpc(*network(2), *parts))] == [
        "kv, cache.t4g.micro, zone to be chosen by AWS"
    ] * 2


@pytest.mark.parametrize(
    "rules",
    [
        [ingress("kv", "api")],
        [
            resource(
                "aws_security_group_rule",
                "r",
                type="ingress",
                security_group_id="security_group.kv",
                source_security_group_id="security_group.api",
                protocol="tcp",
                from_port=11211,
                to_port=11211,
            )
        ],
    ],
    ids=["rule resource", "older rule resource"],
)
def test_permissions_are_read_from_each_way_of_writing_them(rules):
    vpc = only_vpc(*network(1), group("api"), group("kv"), *rules)
    assert vpc.permissions == (Permission("security_group.api", "security_group.kv", "tcp 11211"),)


def test_permissions_are_read_from_blocks_within_a_group():
    blocks = [
        {"protocol": "tcp", "from_port": 1, "to_port": 9, "security_groups": ["security_group.api"]},
        {"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["10.0.0.0/8"], "self": True},
    ]
    vpc = only_vpc(*network(1), group("api"), group("kv", ingress=blocks))
    assert vpc.permissions == (Permission("security_group.api", "security_group.kv", "tcp 1-9"),)
    assert {each.name: each.open_to for each in vpc.groups} == {
        "api": (),
        "kv": ("all traffic from 10.0.0.0/8",),
    }


def test_hosts_come_from_urls_in_environments_without_their_secrets():
    found = picture(
        state(
            *network(1),
            function("api", 1, ORIGIN="https://me:secret@origin.example:8443/x", MODE="fast", BAD="http://["),
            function(f"probe-{A}", 1, WHERE="https://origin.example"),
        )
    )
    assert [(host.name, host.askers) for host in found.hosts] == [("origin.example", ("api", "probe"))]


def test_function_url_is_named_after_its_function():
    url = "https://abc.lambda-url.eu-west-3.on.aws/"
    found = picture(
        state(
            *network(1),
            function("api", 1, ORIGIN=url.rstrip("/")),
            resource("aws_lambda_function_url", "origin", function_name="shop-origin", function_url=url),
        )
    )
    assert [(host.name, host.askers) for host in found.hosts] == [("function URL of origin", ("api",))]


def test_endpoints_functions_without_vpc_and_a_second_vpc():
    found = picture(
        state(
            *network(1),
            *network(1, name="other"),
            resource("aws_vpc_endpoint", "s3", vpc_id="vpc.shop", service_name="com.amazonaws.eu-west-3.s3"),
            resource("aws_lambda_function", "lone", function_name="lone", vpc_config=[]),
        )
    )
    assert [(vpc.name, vpc.endpoints) for vpc in found.vpcs] == [("shop", ("s3",)), ("other", ())]
    assert found.without_vpc == ("lone",)


def test_a_plan_is_read_with_the_vpc_that_it_found_and_without_values_that_it_made_up():
    subnet = resource("aws_subnet", "s", vpc_id="vpc-1", availability_zone=A, cidr_block="10.0.0.0/26")
    gateway = resource("aws_nat_gateway", "n", subnet_id="subnet.s", public_ip="k3xq09az")
    vpc = resource("aws_vpc", "v", mode="data", id="vpc-1", cidr_block="10.0.0.0/24", tags={"Name": "found"})
    made = [
        {**each, "change": {"actions": ["create"], "after": each["values"]}} for each in (subnet, gateway)
    ]
    gone = {**subnet, "address": "aws_subnet.old", "change": {"actions": ["delete"], "after": None}}
    document = {
        "format_version": "1.2",
        "resource_changes": [*made, gone],
        "prior_state": {"values": {"root_module": {"resources": [vpc, subnet]}}},
    }
    (drawn,) = picture(document).vpcs
    assert (drawn.name, drawn.cidr, len(drawn.subnets)) == ("found", "10.0.0.0/24", 1)
    assert [each.public_address for each in drawn.subnets[0].nat_gateways] == [""]


def test_a_plan_that_knows_no_ids_yet_is_refused_as_it_would_be_drawn_wrong():
    parts = network(1)
    for part in parts:
        part["change"] = {"actions": ["create"], "after": part["values"] | {"id": None}}
    with pytest.raises(VpcacheError, match=r"aws_vpc\.shop has no id in this plan"):
        picture({"format_version": "1.2", "resource_changes": parts})


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"format_version": "1.0"}, "give what `terraform show -json` prints"),
        ({"format_version": "1.0", "values": {}}, "give what `terraform show -json` prints"),
        (state(resource("aws_s3_bucket", "b")), "no aws_subnet"),
    ],
)
def test_what_is_no_state_with_a_subnet_is_said(document, words):
    with pytest.raises(VpcacheError, match=words):
        picture(document)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("shop-api-eu-west-3a", "api"),
        ("shop", "shop"),
        ("eu-west-3a", "eu-west-3a"),
        ("shopping", "shopping"),
    ],
)
def test_names_are_shown_without_what_their_place_says(name, shown):
    assert short(name, "shop", suffix=A) == shown
