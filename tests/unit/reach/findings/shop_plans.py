"""Small plans of a shop: a function and a cache in two zones, each with its NAT gateway."""

from __future__ import annotations

from typing import Any

from tests.support.terraform_documents import ZONES, cache, function, group, network, plan, resource
from vpcache.reach.findings.checks import findings
from vpcache.reach.findings.finding import Finding
from vpcache.reach.network import Network
from vpcache.reach.terraform_source import network as terraform_network

ALL_OUT = {"protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"]}
A, B = ZONES[:2]


def rule(port: int, **source: Any) -> dict[str, Any]:
    """Return a rule for a TCP port."""
    return {"protocol": "tcp", "from_port": port, "to_port": port, **source}


FROM_API = rule(11211, security_groups=["security_group.api"])


def shop(*more: dict[str, Any], ingress: tuple[dict[str, Any], ...] = (FROM_API,)) -> Network:
    """Return the network after a plan; `more` replaces resources of the same address.

    `ingress` are the rules of the cache's group.
    """
    found = [
        *network(2),
        group("api", egress=[ALL_OUT]),
        group("cache", ingress=list(ingress), egress=[ALL_OUT]),
        function("api", 2),
        *cache("cache", [A, B]),
    ]
    by_address = {each["address"]: each for each in (*found, *more)}
    return terraform_network.network(plan(*by_address.values()))


def routes(zone: str, *found: dict[str, Any]) -> dict[str, Any]:
    """Return the route table of a zone's private subnet with other routes."""
    return resource("aws_route_table", f"shop-{zone}", vpc_id="vpc.shop", route=list(found))


def nat(zone: str, destination: str = "0.0.0.0/0") -> dict[str, Any]:
    """Return a route to the NAT gateway of a zone."""
    return {"cidr_block": destination, "gateway_id": "", "nat_gateway_id": f"nat_gateway.shop-{zone}"}


def internet_gateway(destination: str = "0.0.0.0/0") -> dict[str, Any]:
    """Return a route to the internet gateway."""
    return {"cidr_block": destination, "gateway_id": "internet_gateway.shop", "nat_gateway_id": ""}


def lines(found: Network | tuple[Finding, ...]) -> list[str]:
    """Return findings as the lines that are printed: those given, or all of a network."""
    return [str(each) for each in (findings(found) if isinstance(found, Network) else found)]
