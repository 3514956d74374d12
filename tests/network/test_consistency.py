"""Drift detection between the kernel and the applied network, with real namespaces."""

from __future__ import annotations

import subprocess

import pytest

from tests.support.network.isolation import isolated
from tests.support.network.scenario import VPC
from vpcache.lab.network.consistency import differences
from vpcache.lab.network.kernel import Kernel
from vpcache.lab.network.naming import interface_namespace, router_namespace
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.network.planner import plan
from vpcache.lab.network.steps import Network
from vpcache.lab.topology import Topology

ROUTER = router_namespace(VPC.id)
CACHE = interface_namespace("eni-cache")


def apply_network() -> tuple[Namespaces, Network]:
    namespaces, network = Namespaces(), plan(Topology((VPC,)))
    Kernel(namespaces).apply(network)
    return namespaces, network


@isolated
def test_applied_network_has_no_drift() -> None:
    namespaces, network = apply_network()
    assert differences(namespaces, network) == []
    assert differences(namespaces, network) == []


@pytest.mark.parametrize(
    ("command", "difference"),
    [
        ("ip netns add foreign", "namespaces: foreign is unexpected"),
        (f"ip netns del {CACHE}", f"namespaces: {CACHE} is missing"),
        (f"ip -n {CACHE} link set eth0 down", f"devices of {CACHE}: eth0 is missing"),
        (f"ip -n {CACHE} address del 10.0.0.151/26 dev eth0", "address 10.0.0.151/26 dev eth0 is missing"),
        (f"ip -n {ROUTER} route del blackhole 10.0.0.0/24 table 100", "route blackhole 10.0.0.0/24"),
        (f"ip -n {ROUTER} rule del priority 100", "rule priority 100 fwmark any table 100 is missing"),
        (f"ip -n {ROUTER} route add 8.8.8.8 dev lo", "route unicast 8.8.8.8/32"),
        (f"ip netns exec {ROUTER} nft flush chain inet lab forward", f"nft ruleset of {ROUTER}"),
        (f"ip netns exec {ROUTER} nft add element inet lab members_sg-client {{ 10.9.9.9 }}", "10.9.9.9"),
        (f"ip netns exec {CACHE} nft add table inet lab", f"nft ruleset of {CACHE}"),
        (f"ip netns exec {ROUTER} sysctl -q net.ipv4.ip_forward=0", f"sysctls of {ROUTER}"),
    ],
)
@isolated
def test_drift_is_reported(command: str, difference: str) -> None:
    namespaces, network = apply_network()
    subprocess.run(command.split(), check=True)
    assert difference in "\n".join(differences(namespaces, network))
