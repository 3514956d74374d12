"""Validation of protocols, ports and CIDR blocks in rules and networks. Pure."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from moto.ec2.exceptions import EC2ClientError

_PROTOCOL_NAMES = ("tcp", "udp", "icmp", "icmpv6", "-1")
_PROTOCOLS_WITH_PORTS = ("tcp", "udp", "6", "17")
_ICMP = ("icmp", "1", "icmpv6", "58")
_NEEDED_IN_RULES = dict.fromkeys(_PROTOCOLS_WITH_PORTS, "from and to ports with TCP/UDP") | dict.fromkeys(
    ("icmp", "1"), "type and code with ICMP"
)
_NOT_FOR_VPCS = tuple(map(IPv4Network, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4")))
"""https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html"""
_PREFIX_LENGTHS = range(16, 29)  # of subnets
_MAX_PORT = 65535
_MAX_ICMP = 255  # of types and of codes
_MAX_PROTOCOL = 255


def invalid_parameter(name: str, value: object) -> EC2ClientError:
    """Return the error for an invalid value of a parameter."""
    return EC2ClientError("InvalidParameterValue", f"Value ({value}) for parameter {name} is invalid.")


def check_protocol(protocol: Any) -> None:
    """Raise EC2ClientError if a value is not the name or the number of a protocol."""
    text = str(protocol)
    if text not in _PROTOCOL_NAMES and not (text.isdecimal() and int(text) <= _MAX_PROTOCOL):
        raise invalid_parameter("Protocol", protocol)


def check_ports(protocol: Any, first: Any, last: Any) -> None:
    """Raise EC2ClientError for invalid ports or, for ICMP, an invalid type and code. None means all."""
    has_ports = str(protocol) in _PROTOCOLS_WITH_PORTS
    maximum = _MAX_PORT if has_ports else _MAX_ICMP
    if has_ports or str(protocol) in ("icmp", "1"):
        for number in (first, last):
            if number not in (None, "") and not -1 <= int(number) <= maximum:
                raise invalid_parameter("PortRange", number)
    if has_ports and _port_number(first) > _port_number(last):
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Invalid TCP/UDP port range ({first}:{last}): the first port must not be greater than the last.",
        )


def check_rule_ports(protocol: Any, first: Any, last: Any) -> None:
    """Raise EC2ClientError for invalid ports of a security group rule; TCP, UDP and ICMP need them.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
    """
    needed = _NEEDED_IN_RULES.get(str(protocol))
    if needed and None in (first, last):
        raise EC2ClientError(
            "InvalidParameterValue", f"Invalid value for portRange. Must specify both {needed}."
        )
    check_ports(protocol, first, last)


def rule_ports(protocol: str, first: Any, last: Any) -> tuple[int | None, int | None]:
    """Return the ports of a security group rule, or the type and code of ICMP; None means all.

    The ports of other protocols are ignored.
    """
    if protocol not in _PROTOCOLS_WITH_PORTS + _ICMP:
        return None, None
    return _optional(first), _optional(last)


def _optional(number: Any) -> int | None:
    return None if number is None else int(number)


def check_cidr(cidr: Any) -> None:
    """Raise EC2ClientError if a value is not an IPv4 CIDR block."""
    _check(cidr, IPv4Network)


def check_ipv6_cidr(cidr: Any) -> None:
    """Raise EC2ClientError if a value is not an IPv6 CIDR block."""
    _check(cidr, IPv6Network)


def check_vpc_cidr(cidr: str) -> None:
    """Raise EC2ClientError if a VPC cannot have a CIDR block."""
    check_cidr(cidr)
    if any(IPv4Network(cidr, strict=False).overlaps(each) for each in _NOT_FOR_VPCS):
        raise EC2ClientError("InvalidVpc.Range", f"The CIDR '{cidr}' is invalid.")


def check_subnet_cidr(cidr: str) -> None:
    """Raise EC2ClientError if a subnet cannot have a CIDR block.

    https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
    """
    if "/" not in cidr:
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Value ({cidr}) for parameter cidrBlock is invalid. This is not a valid CIDR block.",
        )
    check_cidr(cidr)
    if IPv4Network(cidr, strict=False).prefixlen not in _PREFIX_LENGTHS:
        raise EC2ClientError("InvalidSubnet.Range", f"The CIDR '{cidr}' is invalid.")


def check_prefix_cidr(cidr: Any) -> None:
    """Raise EC2ClientError if a value is not an IPv4 or IPv6 CIDR block."""
    _check(cidr, ip_network)


def _check(cidr: Any, parse: Callable[..., Any]) -> None:
    try:
        parse(cidr, strict=False)
    except ValueError as error:
        raise EC2ClientError("InvalidParameterValue", f"CIDR block {cidr} is malformed") from error


def canonical_cidr(cidr: str) -> str:
    """Return a CIDR block as AWS shows it, with the host bits cleared; other text is returned unchanged."""
    try:
        return str(IPv4Network(cidr, strict=False))
    except ValueError:
        return cidr


def _port_number(port: Any) -> int:
    return -1 if port in (None, "") else int(port)


def is_true(attribute: Any) -> bool:
    """Return the value of a boolean attribute. moto keeps some as the text of the request."""
    return str(attribute).lower() == "true"
