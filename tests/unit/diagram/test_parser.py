"""The model of a diagram, from Terraform's JSON of various root modules."""

import pytest

from tests.support.terraform_documents import ZONES, cache, function, group, ingress, network, resource, state
from vpcache.diagram.model import Permission, ResourceKind, Tier
from vpcache.diagram.parser import parse
from vpcache.diagram.placement import short
from vpcache.errors import VpcacheError

A, B, C = ZONES[:3]


def only_vpc(*resources):
    (vpc,) = parse(state(*resources)).vpcs
    return vpc


@pytest.mark.parametrize("zones", [1, 2, 3, 6])
def test_each_zone_has_the_default_route_of_its_table(zones):
    vpc = only_vpc(*network(zones))
    assert vpc.zones == ZONES[:zones]
    private = [subnet for subnet in vpc.subnets if subnet.tier is Tier.PRIVATE]
    assert [subnet.nat_gateway_id for subnet in private] == [f"nat_gateway.shop-{zone}" for zone in vpc.zones]
    public = [subnet for subnet in vpc.subnets if subnet.tier is Tier.PUBLIC]
    assert [gateway.public_address for subnet in public for gateway in subnet.nat_gateways] == [
        f"203.0.113.{10 + number}" for number in range(zones)
    ]


def test_default_route_via_another_zone():
    vpc = only_vpc(*network(2, one_gateway_per_zone=False))
    assert {each.nat_gateway_id for each in vpc.subnets if each.tier is Tier.PRIVATE} == {
        f"nat_gateway.shop-{A}"
    }


def test_main_table_applies_to_unassociated_subnets():
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
    parsed = only_vpc(
        vpc,
        gateway,
        route,
        association,
        resource("aws_route_table", "empty", vpc_id="vpc.v", route=[]),
        resource("aws_subnet", "alone", cidr_block="10.0.1.0/24", **subnet),
        resource("aws_subnet", "rest", cidr_block="10.0.2.0/24", **subnet),
    )
    assert {each.id: each.tier for each in parsed.subnets} == {
        "subnet.alone": Tier.ISOLATED,
        "subnet.rest": Tier.PUBLIC,
    }


def test_functions_and_nodes_are_in_their_subnets():
    vpc = only_vpc(*network(2), function("api", 2), function(f"probe-{B}", 2), *cache("kv", [A, B, B]))
    by_zone = {
        subnet.zone: [(each.kind, each.name) for each in subnet.resources]
        for subnet in vpc.subnets
        if subnet.tier is Tier.PRIVATE
    }
    assert by_zone[A] == [
        (ResourceKind.FUNCTION, "api"),
        (ResourceKind.FUNCTION, f"probe-{B}"),
        (ResourceKind.CACHE_NODE, "memcached 0001"),
    ]
    assert by_zone[B] == [
        (ResourceKind.FUNCTION, "api"),
        (ResourceKind.FUNCTION, "probe"),
        (ResourceKind.CACHE_NODE, "memcached 0002"),
        (ResourceKind.CACHE_NODE, "memcached 0003"),
    ]


def test_serverless_cache_is_in_each_of_its_subnets():
    parts = network(2)
    subnets = [each["values"]["id"] for each in parts if "private" in each["values"].get("id", "")]
    serverless = resource(
        "aws_elasticache_serverless_cache",
        "c",
        engine="memcached",
        name="shop-kv",
        subnet_ids=subnets,
        security_group_ids=["sg"],
    )
    found = [
        (subnet.zone, each.name, each.detail, each.groups)
        for subnet in only_vpc(*parts, serverless).subnets
        for each in subnet.resources
    ]
    assert found == [(zone, "memcached", "kv, serverless, TLS", frozenset({"sg"})) for zone in (A, B)]


def nodes(vpc):
    return [
        (subnet.zone, each.name, each.detail)
        for subnet in vpc.subnets
        for each in subnet.resources
        if each.kind is ResourceKind.CACHE_NODE
    ]


def test_planned_nodes_are_in_the_preferred_zones():
    parts = cache("kv", [A, B], preferred_availability_zones=[B, A], transit_encryption_enabled=True)
    parts[-1]["values"]["cache_nodes"] = []
    assert nodes(only_vpc(*network(2), *parts)) == [
        (A, "memcached 0002", "kv, cache.t4g.micro, TLS"),
        (B, "memcached 0001", "kv, cache.t4g.micro, TLS"),
    ]


def test_planned_nodes_without_preferred_zones():
    parts = cache("kv", [A, B])
    parts[-1]["values"]["cache_nodes"] = []
    assert [detail for _, _, detail in nodes(only_vpc(*network(2), *parts))] == [
        "kv, cache.t4g.micro, AWS chooses the zone"
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
def test_permissions_are_read_from_rule_resources(rules):
    vpc = only_vpc(*network(1), group("api"), group("kv"), *rules)
    assert vpc.permissions == (Permission("security_group.api", "security_group.kv", "tcp 11211"),)


def test_permissions_are_read_from_inline_blocks():
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


def test_hosts_are_read_from_variables_without_secrets():
    diagram = parse(
        state(
            *network(1),
            function("api", 1, ORIGIN="https://me:secret@origin.example:8443/x", MODE="fast", BAD="http://["),
            function(f"probe-{A}", 1, WHERE="https://origin.example"),
        )
    )
    assert [(host.name, host.callers) for host in diagram.hosts] == [("origin.example", ("api", "probe"))]


def test_function_url_is_named_after_its_function():
    url = "https://abc.lambda-url.eu-west-3.on.aws/"
    diagram = parse(
        state(
            *network(1),
            function("api", 1, ORIGIN=url.rstrip("/")),
            resource("aws_lambda_function_url", "origin", function_name="shop-origin", function_url=url),
        )
    )
    assert [(host.name, host.callers) for host in diagram.hosts] == [("function URL of origin", ("api",))]


def test_endpoints_functions_without_vpc_and_second_vpc():
    diagram = parse(
        state(
            *network(1),
            *network(1, name="other"),
            resource("aws_vpc_endpoint", "s3", vpc_id="vpc.shop", service_name="com.amazonaws.eu-west-3.s3"),
            resource("aws_lambda_function", "lone", function_name="lone", vpc_config=[]),
        )
    )
    assert [(vpc.name, vpc.endpoints) for vpc in diagram.vpcs] == [("shop", ("s3",)), ("other", ())]
    assert diagram.without_vpc == ("lone",)


def test_plan_is_read_with_data_sources_without_mock_values():
    subnet = resource("aws_subnet", "s", vpc_id="vpc-1", availability_zone=A, cidr_block="10.0.0.0/26")
    gateway = resource("aws_nat_gateway", "n", subnet_id="subnet.s", public_ip="k3xq09az")
    vpc = resource("aws_vpc", "v", mode="data", id="vpc-1", cidr_block="10.0.0.0/24", tags={"Name": "found"})
    created = [
        {**each, "change": {"actions": ["create"], "after": each["values"]}} for each in (subnet, gateway)
    ]
    deleted = {**subnet, "address": "aws_subnet.old", "change": {"actions": ["delete"], "after": None}}
    document = {
        "format_version": "1.2",
        "resource_changes": [*created, deleted],
        "prior_state": {"values": {"root_module": {"resources": [vpc, subnet]}}},
    }
    (drawn,) = parse(document).vpcs
    assert (drawn.name, drawn.cidr, len(drawn.subnets)) == ("found", "10.0.0.0/24", 1)
    assert [each.public_address for each in drawn.subnets[0].nat_gateways] == [""]


def test_plan_with_undecided_references_is_refused():
    parts = [*network(1), function("api", 1)]
    for part in parts:
        part["change"] = {"actions": ["create"], "after": part["values"] | {"id": None}}
    parts[-1]["change"] |= {
        "after": {"vpc_config": [{}]},
        "after_unknown": {"vpc_config": [{"subnet_ids": True}]},
    }
    with pytest.raises(VpcacheError, match=r"aws_vpc\.shop has no ID in this plan"):
        parse({"format_version": "1.2", "resource_changes": parts})


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"format_version": "1.0"}, "use the output of `terraform show -json`"),
        ({"format_version": "1.0", "values": {}}, "use the output of `terraform show -json`"),
        (state(resource("aws_s3_bucket", "b")), "no aws_subnet"),
    ],
)
def test_document_without_subnets_is_refused(document, message):
    with pytest.raises(VpcacheError, match=message):
        parse(document)


@pytest.mark.parametrize(
    ("name", "short_name"),
    [
        ("shop-api-eu-west-3a", "api"),
        ("shop", "shop"),
        ("eu-west-3a", "eu-west-3a"),
        ("shopping", "shopping"),
    ],
)
def test_short_names_omit_vpc_and_zone(name, short_name):
    assert short(name, "shop", suffix=A) == short_name
