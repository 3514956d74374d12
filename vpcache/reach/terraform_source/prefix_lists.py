"""Prefix lists, and the CIDR blocks of the services behind gateway endpoints. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from ipaddress import IPv4Network, ip_network

from vpcache.lab.topology import IpNetwork
from vpcache.terraform.resources import Resource, Resources

STAND_INS = {"s3": IPv4Network("192.0.2.10/32"), "dynamodb": IPv4Network("192.0.2.11/32")}
"""The CIDR blocks of services in plans, which do not have AWS's: of RFC 5737's TEST-NET-1, by service."""
_OTHER = IPv4Network("192.0.2.12/32")


def is_gateway(endpoint: Resource) -> bool:
    """Return whether an aws_vpc_endpoint is a gateway endpoint, which is the default."""
    return endpoint.text("vpc_endpoint_type") in ("", "Gateway")


def service_of(endpoint: Resource) -> str:
    """Return the service of an endpoint: "s3" of com.amazonaws.us-east-1.s3."""
    return endpoint.text("service_name").rpartition(".")[2]


def service_blocks(state: Resources, endpoint: Resource) -> list[IpNetwork]:
    """Return the CIDR blocks of the service of a gateway endpoint.

    A new endpoint has none in the plan: a prefix list that the plan has read has them, else they are those of
    `STAND_INS`.
    """
    if known := endpoint.texts("cidr_blocks"):
        return [ip_network(each) for each in known]
    name = endpoint.text("service_name")
    read = (_blocks(each) for each in state.of(*_READ) if each.text("name") == name)
    return next((each for each in read if each), [STAND_INS.get(service_of(endpoint), _OTHER)])


def prefix_lists(state: Resources) -> Mapping[str, list[IpNetwork]]:
    """Return the CIDR blocks of all prefix lists by ID, of the services of gateway endpoints too."""
    lists = defaultdict[str, list[IpNetwork]](list)
    for each in state.of(*_READ):
        lists[each.id] += _blocks(each)
    for entry in state.of("aws_ec2_managed_prefix_list_entry"):
        lists[entry.text("prefix_list_id")].append(ip_network(entry.text("cidr")))
    for endpoint in state.of("aws_vpc_endpoint"):
        if is_gateway(endpoint):
            lists[endpoint.text("prefix_list_id") or endpoint.id] = service_blocks(state, endpoint)
    return lists


_READ = ("aws_ec2_managed_prefix_list", "aws_prefix_list")


def _blocks(prefix_list: Resource) -> list[IpNetwork]:
    """Return the blocks of a resource, or of one of the two data sources."""
    entries = [*prefix_list.blocks("entry"), *prefix_list.blocks("entries")]
    texts = [*(str(each["cidr"]) for each in entries), *prefix_list.texts("cidr_blocks")]
    return [ip_network(each) for each in texts]
