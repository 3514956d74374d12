"""The rules of findings: their IDs, which do not change, and their texts."""

from __future__ import annotations

from dataclasses import dataclass

_VPC = "https://docs.aws.amazon.com/vpc/latest/userguide"

OPEN_TO_ANY_ADDRESS = "open-to-any-address"
GROUP_NAMES_ITSELF = "group-names-itself"
ACL_DROPS_OUTBOUND_ANSWERS = "acl-drops-outbound-answers"
ACL_DROPS_INBOUND_ANSWERS = "acl-drops-inbound-answers"
NO_PUBLIC_ADDRESS = "internet-gateway-without-public-address"
SHARED_NAT_GATEWAY = "shared-nat-gateway"
BLACK_HOLE_ROUTE = "black-hole-route"
ENDPOINT_WITHOUT_ROUTE = "gateway-endpoint-without-route"
OVERLAPPING_ROUTE = "overlapping-route"
WRONG_PORT = "rule-on-wrong-port"
NO_WAY_OUT = "function-without-way-out"
CACHE_OPEN_TO_VPC = "cache-open-to-vpc"
EGRESS_ADDRESS_CHANGES = "egress-address-changes"


@dataclass(frozen=True)
class FindingRule:
    """The description of a rule: `summary` in a few words, `help` with the remedy, `url` of AWS's page."""

    id: str
    summary: str
    help: str
    url: str


RULES = (
    FindingRule(
        OPEN_TO_ANY_ADDRESS,
        "A security group with members allows traffic other than HTTP and HTTPS from any address",
        "Name the security group of the clients as the source, or the CIDR blocks from which they connect.",
        f"{_VPC}/security-group-rules.html",
    ),
    FindingRule(
        GROUP_NAMES_ITSELF,
        "A security group allows traffic from itself, so its members reach each other",
        "Give clients and servers a security group each, and name that of the clients as the source.",
        f"{_VPC}/security-group-rules.html#security-group-referencing",
    ),
    FindingRule(
        ACL_DROPS_OUTBOUND_ANSWERS,
        "A network ACL lets requests in and does not let their answers out",
        "Network ACLs are stateless: add an outbound entry for the clients' ephemeral ports, 1024-65535.",
        f"{_VPC}/custom-network-acl.html#nacl-ephemeral-ports",
    ),
    FindingRule(
        ACL_DROPS_INBOUND_ANSWERS,
        "A network ACL lets requests out and does not let their answers in",
        "Network ACLs are stateless: add an inbound entry for ephemeral ports, 1024-65535.",
        f"{_VPC}/custom-network-acl.html#nacl-ephemeral-ports",
    ),
    FindingRule(
        NO_PUBLIC_ADDRESS,
        "The route to the internet leads interfaces without a public address to an internet gateway",
        "Route the subnet to a NAT gateway in a public subnet. Functions never have a public address.",
        f"{_VPC}/VPC_Internet_Gateway.html",
    ),
    FindingRule(
        SHARED_NAT_GATEWAY,
        "Zones leave by the NAT gateway of another zone",
        "Create a NAT gateway and a route table in each zone, so that an outage stays in its zone.",
        f"{_VPC}/vpc-nat-gateway.html",
    ),
    FindingRule(
        BLACK_HOLE_ROUTE,
        "A route leads to a target that does not exist",
        "Route the destination to an existing target, or remove the route. Until then its packets are lost.",
        f"{_VPC}/VPC_Route_Tables.html",
    ),
    FindingRule(
        ENDPOINT_WITHOUT_ROUTE,
        "A gateway endpoint is in no route table, or not in that of a subnet with functions",
        "Associate the gateway endpoint with the route tables of all subnets that use the service.",
        "https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html#gateway-endpoint-routing",
    ),
    FindingRule(
        OVERLAPPING_ROUTE,
        "A more specific route leads a part of the internet elsewhere than the default route",
        "The route with the longest prefix decides. Remove the more specific route, or lead it the same way.",
        f"{_VPC}/route-tables-priority.html",
    ),
    FindingRule(
        WRONG_PORT,
        "Rules open a cache at other ports than that at which it listens",
        "Allow the port of the cache in the rules of its security group and of its clients' groups.",
        "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/elasticache-vpc-accessing.html",
    ),
    FindingRule(
        NO_WAY_OUT,
        "A function is in a subnet that has no way out of the VPC",
        "Route the subnet to a NAT gateway in a public subnet, or create endpoints for what it calls.",
        "https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-internet.html",
    ),
    FindingRule(
        CACHE_OPEN_TO_VPC,
        "Rules open a cache to all addresses of its VPC",
        "Name the security group of the clients as the source instead of the VPC's CIDR block.",
        "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/elasticache-vpc-accessing.html",
    ),
    FindingRule(
        EGRESS_ADDRESS_CHANGES,
        "A change gives a zone another address on the internet, or none",
        "Keep the elastic IP, or give the new address to those who allow the old one before the change.",
        f"{_VPC}/vpc-nat-gateway.html",
    ),
)
"""All rules, in the order in which SARIF lists them."""
