"""What rules about traffic may say: protocols, ports and ranges that mean something on a network. Pure."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from moto.ec2.exceptions import EC2ClientError

_NAMES = ("tcp", "udp", "icmp", "icmpv6", "-1")
_PORTED = ("tcp", "udp", "6", "17")
_NOT_FOR_VPCS = tuple(map(IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4")))
"""https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html"""
_MAX_PORT = 65535
_MAX_ICMP = 255  # of types and of codes
_MAX_PROTOCOL = 255


def invalid(name: str, value: object) -> EC2ClientError:
    """Return the error about a parameter that means nothing."""
    return EC2ClientError("InvalidParameterValue", f"Value ({value}) for parameter {name} is invalid.")


def check_protocol(protocol: Any) -> None:
    """Raise unless it is the name or the number of a protocol."""
    text = str(protocol)
    if text not in _NAMES and not (text.isdecimal() and int(text) <= _MAX_PROTOCOL):
        raise invalid("Protocol", protocol)


def check_ports(protocol: Any, first: Any, last: Any) -> None:
    """Raise unless a protocol can have these ports, or, for ICMP, this type and code. None is all of them."""
    most = _MAX_PORT if str(protocol) in _PORTED else _MAX_ICMP
    if str(protocol) in (*_PORTED, "icmp", "1"):
        for each in (first, last):
            if each not in (None, "") and not -1 <= int(each) <= most:
                raise invalid("PortRange", each)
    if str(protocol) in _PORTED and _number(first) > _number(last):
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Invalid TCP/UDP port range ({first}:{last}): the first port is the lower one.",
        )


def check_range(cidr: Any) -> None:
    """Raise unless it is a range of IPv4."""
    _check(cidr, IPv4Network)


def check_range_of_ipv6(cidr: Any) -> None:
    """Raise unless it is a range of IPv6."""
    _check(cidr, IPv6Network)


def check_vpc_range(cidr: str) -> None:
    """Raise unless it is a range that a VPC can have."""
    check_range(cidr)
    if any(IPv4Network(cidr, strict=False).overlaps(each) for each in _NOT_FOR_VPCS):
        raise EC2ClientError("InvalidVpc.Range", f"The CIDR '{cidr}' is invalid.")


def check_prefix(cidr: Any) -> None:
    """Raise unless it is a range of either."""
    _check(cidr, ip_network)


def _check(cidr: Any, kind: Callable[..., Any]) -> None:
    try:
        kind(cidr, strict=False)
    except ValueError as error:
        raise EC2ClientError("InvalidParameterValue", f"CIDR block {cidr} is malformed") from error


def canonical(cidr: str) -> str:
    """Return a range as AWS shows it, without the bits of a host; unchanged if it is none."""
    try:
        return str(IPv4Network(cidr, strict=False))
    except ValueError:
        return cidr


def _number(port: Any) -> int:
    return -1 if port in (None, "") else int(port)
