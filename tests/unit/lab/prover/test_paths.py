"""Paths through the source scenario's VPC, and through faulty variants of it."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from tests.support.network.scenario import (
    ANYWHERE,
    CACHE,
    CLIENTS,
    EGRESS,
    EVERYTHING_OUT,
    NATS,
    PORT,
    VPC,
    WEB,
    WEB_ADDRESS,
    interface,
    with_interfaces,
)
from vpcache.lab.addresses import SERVICE_ADDRESSES
from vpcache.lab.prover.ends import Attached, Internet
from vpcache.lab.prover.path import Path, Stage
from vpcache.lab.prover.prover import Prover
from vpcache.lab.prover.traffic import ALL, Flow, described
from vpcache.lab.topology import (
    AclEntry,
    NetworkAcl,
    Route,
    RouteTable,
    RouteTarget,
    Rule,
    SecurityGroup,
    Topology,
    Vpc,
)

HOST = Internet(IPv4Address("198.51.100.10"))
CACHED = Flow("tcp", PORT)
HTTPS = Flow("tcp", 443)
ALLOW_ALL = AclEntry(100, "all", None, ANYWHERE, allows=True)


def attached(each):
    return Attached(VPC.id, each, each.address)


def path(source, target, vpc: Vpc = VPC) -> Path:
    return Prover(Topology((vpc,))).path(
        *(each if isinstance(each, Internet) else attached(each) for each in (source, target))
    )


def with_tables(**routes: tuple[Route, ...]) -> Vpc:
    """Return the VPC with other routes in some of its route tables."""
    tables = {table.id: table for table in VPC.route_tables}
    changed = {f"rtb-{name}": RouteTable(f"rtb-{name}", value) for name, value in routes.items()}
    return replace(VPC, route_tables=tuple((tables | changed).values()))


def with_acl(subnet: str, ingress=(ALLOW_ALL,), egress=(ALLOW_ALL,)) -> Vpc:
    return replace(
        VPC, network_acls=(NetworkAcl("acl-1", frozenset({subnet}), tuple(ingress), tuple(egress)),)
    )


def first_obstacle(result: Path, flow: Flow) -> tuple[Stage, str]:
    step = result.obstacles(flow)[0]
    return step.stage, step.decide(flow)[1]


@pytest.mark.parametrize("zone", "ab")
def test_client_reaches_the_cache_at_its_port_only(zone):
    result = path(CLIENTS[zone], CACHE)
    assert described(result.permitted) == f"tcp {PORT}, udp {PORT}"
    assert result.seen_as == CLIENTS[zone].address


def test_interface_without_the_group_is_stopped_by_the_cache():
    other = interface("stranger", "10.0.0.161", "sg-web")
    result = path(other, CACHE, with_interfaces(VPC, other))
    assert first_obstacle(result, CACHED) == (
        Stage.GROUP_INGRESS,
        "no rule of sg-cache allows it from 10.0.0.161",
    )


@pytest.mark.parametrize("zone", "ab")
def test_zone_leaves_by_its_own_nat_gateway(zone):
    result = path(CLIENTS[zone], HOST)
    assert result.passes(HTTPS)
    assert str(result.seen_as) == EGRESS[zone]
    assert f"nat-{zone}" in [step.resource for step in result.steps if step.stage is Stage.NAT_GATEWAY]


def test_internet_reaches_the_web_interface_at_port_80_only():
    assert described(path(HOST, WEB).permitted) == "tcp 80, udp 80"
    assert WEB_ADDRESS in path(HOST, WEB).steps[0].decide(Flow("tcp", 80))[1]


@pytest.mark.parametrize("target", [CACHE, CLIENTS["a"], NATS["a"]], ids=lambda each: each.id)
def test_internet_reaches_no_private_interface_and_no_nat_gateway(target):
    assert not path(HOST, target).permitted


def test_service_behind_a_gateway_endpoint_starts_no_connection():
    service = Internet(SERVICE_ADDRESSES["s3"])
    to_endpoint = Route(IPv4Network(service.address), RouteTarget.GATEWAY_ENDPOINT, endpoint_id="vpce-1")
    public = Route(ANYWHERE, RouteTarget.INTERNET_GATEWAY)
    assert path(service, WEB, with_tables(public=(public,))).passes(Flow("tcp", 80))
    assert first_obstacle(path(service, WEB, with_tables(public=(public, to_endpoint))), Flow("tcp", 80)) == (
        Stage.ANSWER_ROUTE,
        "198.51.100.30/32 of rtb-public leads to vpce-1, which starts no connections",
    )


def test_gateway_endpoint_translates_no_address():
    service = Internet(SERVICE_ADDRESSES["s3"])
    to_endpoint = Route(IPv4Network(service.address), RouteTarget.GATEWAY_ENDPOINT, endpoint_id="vpce-1")
    assert path(CLIENTS["a"], service, with_tables(a=(to_endpoint,))).seen_as == CLIENTS["a"].address
    behind_nat_gateway = with_tables(public=(Route(ANYWHERE, RouteTarget.INTERNET_GATEWAY), to_endpoint))
    assert path(CLIENTS["a"], service, behind_nat_gateway).seen_as == NATS["a"].address
    assert path(CLIENTS["a"], HOST, behind_nat_gateway).seen_as == IPv4Address(EGRESS["a"])


@pytest.mark.parametrize(
    ("source", "target"), [(CLIENTS["a"], NATS["a"]), (NATS["a"], WEB), (NATS["a"], HOST)]
)
def test_nat_gateway_is_no_end_of_a_connection(source, target):
    assert not path(source, target).permitted
    assert (Stage.NAT_GATEWAY, "nat-a accepts no connections and opens none") in [
        (step.stage, step.decide(CACHED)[1]) for step in path(source, target).obstacles(CACHED)
    ]


def test_packets_between_the_addresses_of_an_interface_pass():
    prover = Prover(Topology((VPC,)))
    primary, secondary = (Attached(VPC.id, CACHE, address) for address in CACHE.addresses)
    assert prover.path(primary, secondary).permitted == ALL


def test_black_hole_is_named():
    vpc = with_tables(a=(Route(ANYWHERE, RouteTarget.BLACKHOLE),))
    assert first_obstacle(path(CLIENTS["a"], HOST, vpc), HTTPS) == (
        Stage.ROUTE,
        "0.0.0.0/0 of rtb-a is a black hole: its target does not exist",
    )


def test_longest_prefix_decides():
    more_specific = Route(IPv4Network("198.51.100.0/24"), RouteTarget.BLACKHOLE)
    vpc = with_tables(a=(Route(ANYWHERE, RouteTarget.INTERFACE, "eni-nat-a"), more_specific))
    assert "198.51.100.0/24" in first_obstacle(path(CLIENTS["a"], HOST, vpc), HTTPS)[1]
    assert path(CLIENTS["a"], Internet(IPv4Address("192.0.2.1")), vpc).passes(HTTPS)


def test_internet_gateway_requires_a_public_address():
    vpc = with_tables(a=(Route(ANYWHERE, RouteTarget.INTERNET_GATEWAY),))
    assert "eni-client-a has no public address" in first_obstacle(path(CLIENTS["a"], HOST, vpc), HTTPS)[1]


def test_acl_that_drops_answers_is_an_obstacle():
    vpc = with_acl("subnet-private-a", ingress=(AclEntry(100, "tcp", (443, 443), ANYWHERE, allows=True),))
    stage, reason = first_obstacle(path(CLIENTS["a"], HOST, vpc), HTTPS)
    assert stage is Stage.ANSWER_INBOUND
    assert reason == "acl-1 drops answers from 198.51.100.10: of these it allows tcp 443 only"


def test_acl_entry_with_the_lowest_number_decides():
    deny = AclEntry(50, "tcp", (PORT, PORT), IPv4Network("10.0.0.192/26"), allows=False)
    vpc = with_acl("subnet-private-a", ingress=(ALLOW_ALL, deny))
    result = path(CLIENTS["b"], CACHE, vpc)
    assert first_obstacle(result, CACHED) == (
        Stage.ACL_INBOUND,
        f"entry 50 of acl-1 denies tcp {PORT} from 10.0.0.192/26",
    )
    assert result.passes(Flow("udp", PORT))


def test_acl_does_not_apply_within_its_subnet():
    vpc = with_acl("subnet-private-a", ingress=(), egress=())
    assert path(CLIENTS["a"], CACHE, vpc).passes(CACHED)
    assert not path(CLIENTS["b"], CACHE, vpc).passes(CACHED)


def test_all_obstacles_are_named():
    mute = interface("mute", "10.0.0.201", "sg-mute")
    vpc = with_interfaces(with_acl("subnet-private-b", egress=()), mute)
    stages = [step.stage for step in path(mute, CACHE, vpc).obstacles(CACHED)]
    assert stages == [Stage.GROUP_EGRESS, Stage.ACL_OUTBOUND, Stage.GROUP_INGRESS]


def test_rule_for_everyone_opens_the_cache_to_the_whole_vpc():
    open_group = SecurityGroup("sg-cache", (Rule("tcp", (0, 65535), ANYWHERE),), EVERYTHING_OUT)
    groups = tuple(open_group if each.id == "sg-cache" else each for each in VPC.security_groups)
    vpc = replace(VPC, security_groups=groups)
    assert described(path(WEB, CACHE, vpc).permitted) == "tcp"
    assert not path(HOST, CACHE, vpc).permitted
