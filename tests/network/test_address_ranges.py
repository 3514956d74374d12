"""A VPC's secondary CIDR block, with real packets."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from tests.support.network.harness import (
    CACHE_ADDRESS,
    HOST,
    NetworkHarness,
    needs_namespaces,
    ns,
)
from tests.support.network.isolation import isolated
from tests.support.network.scenario import CLIENTS, EGRESS, PORT, SUBNETS, VPC, ZONES, with_interfaces
from vpcache.lab.network.naming import INTERNET
from vpcache.lab.topology import Subnet

pytestmark = needs_namespaces

FAR = Subnet("subnet-far", IPv4Network("100.64.0.0/24"), ZONES["a"], "rtb-a")
FAR_ADDRESS = IPv4Address("100.64.0.9")
CLIENT = replace(CLIENTS["a"], id="eni-far", subnet_id=FAR.id, address=FAR_ADDRESS)
TWO_RANGES = with_interfaces(
    replace(VPC, secondary_cidrs=(IPv4Network("100.64.0.0/16"),), subnets=(*SUBNETS, FAR)), CLIENT
)


@isolated
def test_subnet_of_a_secondary_range_reaches_the_primary_one() -> None:
    network = NetworkHarness(TWO_RANGES)
    network.serve(ns("cache"), CACHE_ADDRESS, PORT)
    assert network.call(ns("far"), CACHE_ADDRESS, PORT) == str(FAR_ADDRESS)
    network.serve(ns("far"), str(FAR_ADDRESS), PORT)
    assert network.is_silent(ns("cache"), str(FAR_ADDRESS), PORT)  # the client's group has no ingress rules


@isolated
def test_subnet_of_a_secondary_range_leaves_through_its_nat_gateway() -> None:
    network = NetworkHarness(TWO_RANGES)
    network.serve(INTERNET, HOST, 443)
    assert network.call(ns("far"), HOST, 443) == EGRESS["a"]
    assert network.call(ns("client-a"), HOST, 443) == EGRESS["a"]


@isolated
def test_unused_address_of_a_secondary_range_stays_in_the_vpc() -> None:
    network = NetworkHarness(TWO_RANGES)
    network.serve(INTERNET, HOST, 443)
    assert network.is_silent(ns("client-a"), "100.64.0.77", 443)
