"""Faults of the lab and their effect on functions and cache nodes."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from tests.support.network.vpc_factory import ZONES, VpcFactory
from vpcache.lab.addresses import CHECKIP, ORIGIN
from vpcache.lab.client import Lab
from vpcache.lab.errors import LabError
from vpcache.lab.faults import Fault, FaultKind, Mode

HERE, THERE = ZONES
ORIGIN_URL = f"https://{ORIGIN}/api/v1/employee/1"
CHECKIP_URL = f"http://{CHECKIP}/"
SHORT = 0.5  # seconds until a function gives up


@pytest.fixture
def online(vpc_factory: VpcFactory) -> VpcFactory:
    vpc_factory.attach_internet_gateway()
    vpc_factory.new_nat_gateway(HERE)
    return vpc_factory


def test_origin_faults_affect_functions_until_recovery(online: VpcFactory) -> None:
    function = online.new_function("probe", HERE)

    def outcome() -> str:
        answer = online.invoke(function, url=ORIGIN_URL, timeout=SHORT)
        return str(answer.get("message", "success"))

    assert outcome() == "success"
    for mode, message in (
        (Mode.DOWN, "timed out"),
        (Mode.SLOW, "timed out"),
        (Mode.ERRORING, "HTTP Error 500"),
        (Mode.INVALID_TLS, "CERTIFICATE_VERIFY_FAILED"),
    ):
        with online.lab.faulted("origin", ORIGIN, mode):
            assert message in outcome()
        assert outcome() == "success"


def test_dns_faults_prevent_name_resolution(online: VpcFactory) -> None:
    function = online.new_function("probe", HERE)
    assert online.invoke(function, name=ORIGIN)["answer"] == ["198.51.100.10"]
    with online.lab.faulted("dns", online.vpc, "erroring"):
        assert online.invoke(function, name=ORIGIN)["error"] == "gaierror"
    with online.lab.faulted("dns", online.vpc):
        slow = online.new_function("slow", HERE, Timeout=1)
        assert "timed out" in online.invoke(slow, name=ORIGIN)["errorMessage"]
    assert online.invoke(function, name=ORIGIN)["answer"] == ["198.51.100.10"]


def test_function_leaves_a_failed_zone_not_a_failed_interface(online: VpcFactory) -> None:
    function = online.new_function()
    alone = online.new_function("alone", HERE, Timeout=2)

    def has_egress(name: str) -> bool:
        return "answer" in online.invoke(name, url=CHECKIP_URL, timeout=SHORT)

    assert has_egress(alone)
    with online.lab.faulted("interface", online.interface_of(alone, HERE)):
        assert not has_egress(alone)
    subnets = {zone: IPv4Network(cidr) for zone, cidr in ((HERE, "10.0.0.128/26"), (THERE, "10.0.0.192/26"))}
    for _ in range(2):
        address = IPv4Address(online.invoke(function)["answer"])
        (zone,) = (zone for zone, subnet in subnets.items() if address in subnet)
        with online.lab.faulted("zone", zone):
            elsewhere = IPv4Address(online.invoke(function)["answer"])
            assert elsewhere not in subnets[zone]


@pytest.mark.parametrize(
    ("mode", "outcome", "is_empty"),
    [
        (Mode.OUT, "timeout", False),
        (Mode.DEAD, "refused", True),
        (Mode.HUNG, "connected", False),
        (Mode.RESTARTED, "connected", True),
    ],
)
def test_cache_node_fault_affects_one_node_until_recovery(
    vpc_factory: VpcFactory, mode: Mode, outcome: str, is_empty: bool
) -> None:
    lab, cluster = vpc_factory.lab, vpc_factory.new_cluster()
    nodes = vpc_factory.client("elasticache").describe_cache_clusters(
        CacheClusterId=cluster, ShowCacheNodeInfo=True
    )["CacheClusters"][0]["CacheNodes"]
    function = vpc_factory.new_function("cache", HERE, code=_CACHE_CODE)
    one, other = (node["Endpoint"]["Address"] for node in nodes)

    def send(host: str, command: str) -> str:
        return str(vpc_factory.invoke(function, host=host, command=command))

    for host in (one, other):
        assert "STORED" in send(host, "set k 0 0 1\r\nv\r\n")
    with lab.faulted("cache_node", f"{cluster}/{nodes[0]['CacheNodeId']}", mode):
        address = vpc_factory.invoke(vpc_factory.new_function(), name=one)["answer"][0]
        interface = vpc_factory.interface_of(function, HERE)
        probe = {"interface": interface, "address": address, "port": nodes[0]["Endpoint"]["Port"]}
        assert lab.ask("POST", "connect", probe)["outcome"] == outcome
        assert "VALUE" in send(other, "get k\r\n")
        assert send(one, "get k\r\n") == ("END" if mode is Mode.RESTARTED else "silence")
    assert send(one, "get k\r\n").startswith("END" if is_empty else "VALUE")


_CACHE_CODE = """
    import socket

    def handler(event, context):
        try:
            with socket.create_connection((event["host"], 11211), 0.5) as connection:
                connection.sendall(event["command"].encode())
                return connection.recv(100).decode().strip()
        except OSError:
            return "silence"
"""


def test_faults_are_listed_replaced_and_cleared(vpc_factory: VpcFactory) -> None:
    lab = vpc_factory.lab
    zone, slow = Fault.create(FaultKind.ZONE, HERE), Fault.create(FaultKind.ORIGIN, ORIGIN, Mode.SLOW, 0.5)
    assert lab.fault("zone", HERE) == (zone,)
    lab.fault("origin", ORIGIN)
    assert lab.fault("origin", ORIGIN, "slow", seconds=0.5) == (zone, slow)
    assert lab.status().faults == lab.faults() == (zone, slow)
    assert lab.clear_faults("zone", HERE) == (slow,)
    assert lab.clear_faults("zone", HERE) == (slow,)
    assert lab.clear_faults() == ()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("zone", "moon"), "unknown zone 'moon'; choose from .*us-east-1a, us-east-1b"),
        (("comet", "moon"), "unknown fault kind 'comet'; choose from zone, nat_gateway"),
        (("zone", HERE, "slow"), "unknown mode 'slow' of zone faults; choose from out"),
        (("cache_node", "moon", "restarted"), "unknown cache_node 'moon'"),
    ],
)
def test_invalid_fault_request_is_rejected_in_one_line(
    vpc_factory: VpcFactory, arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(LabError, match=message):
        vpc_factory.lab.fault(*arguments)
    assert vpc_factory.lab.faults() == ()


@pytest.mark.parametrize("body", [{"kind": "zone"}, {"kind": "zone", "target": HERE, "colour": "red"}, 5])
def test_malformed_request_body_is_rejected(own_lab: Lab, body: object) -> None:
    for method in ("PUT", "DELETE"):
        if method == "PUT" or "colour" not in str(body):
            with pytest.raises(LabError, match=r"kind|object"):
                own_lab.ask(method, "faults", body)
