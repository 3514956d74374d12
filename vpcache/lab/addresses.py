"""The public services outside every VPC, by name: the internet's DNS, in a range of RFC 5737."""

from __future__ import annotations

import re
from ipaddress import IPv4Address

ORIGIN = "dummy.restapiexample.com"
CHECKIP = "checkip.amazonaws.com"
HOSTS = {ORIGIN: IPv4Address("198.51.100.10"), CHECKIP: IPv4Address("198.51.100.20")}
"""The hosts that are not AWS's API."""
SERVICE_ADDRESSES = {"s3": IPv4Address("198.51.100.30"), "dynamodb": IPv4Address("198.51.100.31")}
"""The services that a gateway endpoint can lead to: each has an address of its own."""
API_ADDRESS = IPv4Address("198.51.100.40")
"""All other services' API."""

FUNCTION_URL_ADDRESSES = tuple(IPv4Address("198.51.100.64") + at for at in range(191))
"""The hosts of function URLs: each has one of these, until 198.51.100.254."""

_REGIONAL = re.compile(r"(?:[a-z0-9.-]+\.)?([a-z0-9-]+)\.[a-z]{2}(?:-[a-z]+)+-\d\.amazonaws\.com")
_GLOBAL = re.compile(r"(?:[a-z0-9.-]+\.)?(s3|iam|sts|cloudfront|route53)\.amazonaws\.com")


def public_addresses(name: str) -> tuple[IPv4Address, ...] | None:
    """Return the addresses of a public name in lower case, None if there is none.

    A bucket's or an account's name may stand before a service's: `bucket.s3.us-east-1.amazonaws.com`.
    """
    if name in HOSTS:
        return (HOSTS[name],)
    found = _REGIONAL.fullmatch(name) or _GLOBAL.fullmatch(name)
    return (SERVICE_ADDRESSES.get(found[1], API_ADDRESS),) if found else None
