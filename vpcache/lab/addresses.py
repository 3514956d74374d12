"""Fixed IP addresses of the lab: hosts of its internet by name, and the DNS resolvers of VPCs. Pure."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address

IpAddress = IPv4Address | IPv6Address

ORIGIN = "dummy.restapiexample.com"
CHECKIP = "checkip.amazonaws.com"
DUAL_STACK_CHECKIP = "checkip.global.api.aws"
HOSTS = {
    ORIGIN: IPv4Address("198.51.100.10"),
    CHECKIP: IPv4Address("198.51.100.20"),
    DUAL_STACK_CHECKIP: IPv4Address("198.51.100.21"),
}
"""The internet hosts that do not serve AWS's API. All addresses in this module are those of RFC 5737."""
IPV6_HOSTS = {DUAL_STACK_CHECKIP: IPv6Address("2001:db8::21")}
"""The addresses of the hosts with IPv6, in the documentation prefix of RFC 3849."""
SERVICE_ADDRESSES = {"s3": IPv4Address("198.51.100.30"), "dynamodb": IPv4Address("198.51.100.31")}
"""The services that have gateway endpoints: each has its own address."""
API_ADDRESS = IPv4Address("198.51.100.40")
"""The address of all other AWS services."""

ORIGIN_ADDRESSES = tuple(IPv4Address("198.51.100.41") + offset for offset in range(22))
"""The addresses of the origins that users add, one for each: 198.51.100.41 to 198.51.100.62."""
UNKNOWN_URL_ADDRESS = IPv4Address("198.51.100.63")
"""The address of all names of function URLs that do not exist."""
FUNCTION_URL_ADDRESSES = tuple(IPv4Address("198.51.100.64") + offset for offset in range(191))
"""The addresses of function URLs, one for each URL: 198.51.100.64 to 198.51.100.254."""

FUNCTIONS_ADDRESS = IPv4Address("203.0.113.1")
"""The address that the internet sees of functions outside a VPC. It is of AWS's pool, but no elastic IP."""
FUNCTIONS_RESOLVER = IPv4Address("169.254.78.1")
"""The address of the DNS resolver of functions outside a VPC."""

_RESOLVER_LINK_LOCAL = IPv4Address("169.254.169.253")  # the same in every VPC
_REGIONAL = re.compile(r"(?:[a-z0-9.-]+\.)?([a-z0-9-]+)\.[a-z]{2}(?:-[a-z]+)+-\d\.amazonaws\.com")
_FUNCTION_URL = re.compile(r"[a-z0-9]+\.lambda-url\.[a-z]{2}(?:-[a-z]+)+-\d\.on\.aws")
_GLOBAL = re.compile(r"(?:[a-z0-9.-]+\.)?(s3|iam|sts|cloudfront|route53)\.amazonaws\.com")


def public_addresses(name: str) -> tuple[IpAddress, ...] | None:
    """Return the addresses of a public host name in lower case, or None for an unknown name.

    The name of a service may have a bucket or an account as prefix: `bucket.s3.us-east-1.amazonaws.com`.
    A name of a function URL resolves even if there is no such URL.
    """
    if name in HOSTS:
        return (HOSTS[name], *([IPV6_HOSTS[name]] if name in IPV6_HOSTS else []))
    if _FUNCTION_URL.fullmatch(name):
        return (UNKNOWN_URL_ADDRESS,)
    service = _REGIONAL.fullmatch(name) or _GLOBAL.fullmatch(name)
    return (SERVICE_ADDRESSES.get(service[1], API_ADDRESS),) if service else None


def resolver_address(cidr: IPv4Network) -> IPv4Address:
    """Return the address of a VPC's DNS resolver: the base of the VPC's CIDR block plus two."""
    return cidr.network_address + 2


def resolver_addresses(cidr: IPv4Network) -> tuple[IPv4Address, IPv4Address]:
    """Return both addresses of a VPC's DNS resolver: the VPC's own, and the link-local one."""
    return resolver_address(cidr), _RESOLVER_LINK_LOCAL
