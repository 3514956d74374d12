"""The CIDR blocks of a new environment: of its VPC, and of the subnets of up to six zones. Pure.

A VPC has eight equal slots. The first has the public subnets, the second the isolated ones, and each of the
others is the private subnet of a zone. A zone keeps its place among the zones of its region, so that a zone
can be added later without a change of the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from vpcache.errors import VpcacheError

MAX_ZONES = 6
DEFAULT_PREFIX = 20
MIN_PREFIX, MAX_PREFIX = 16, 22
"""The VPC's prefix. AWS allows /16 to /28 for a VPC and for a subnet; a /22 has public subnets of /28.

https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#vpc-sizing-ipv4
"""

_RESERVED = 5  # addresses that AWS reserves in each subnet
_PRIVATE_BITS, _SMALL_BITS = (
    3,
    6,
)  # added to the VPC's prefix: for private subnets, for public and isolated ones
_PRIVATE_RANGES = tuple(
    map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))  # RFC 1918, RFC 6598
)


@dataclass(frozen=True)
class ZoneSubnets:
    """The CIDR blocks of the subnets of a zone."""

    public: IPv4Network
    private: IPv4Network
    isolated: IPv4Network


@dataclass(frozen=True)
class AddressPlan:
    """The CIDR block of a VPC, the subnets of its zones by letter, and those of zones that may be added."""

    vpc: IPv4Network
    zones: Mapping[str, ZoneSubnets]
    spare: Mapping[str, ZoneSubnets]


def address_plan(vpc: IPv4Network, letters: Iterable[str], region_letters: Sequence[str]) -> AddressPlan:
    """Return the subnets of the zones with these letters. `region_letters` are those of the region, in order.

    Raises VpcacheError if the region has more than six zones.
    """
    if len(region_letters) > MAX_ZONES:
        raise VpcacheError(
            f"the region has {len(region_letters)} zones: write the CIDR blocks of more than {MAX_ZONES} "
            "by hand"
        )
    subnets = dict(zip(region_letters, divided(vpc), strict=False))
    chosen = set(letters)
    return AddressPlan(
        vpc,
        {letter: subnets[letter] for letter in region_letters if letter in chosen},
        {letter: subnets[letter] for letter in region_letters if letter not in chosen},
    )


def divided(vpc: IPv4Network) -> tuple[ZoneSubnets, ...]:
    """Return the subnets of six zones in the CIDR block of a VPC, whose prefix must be /22 or shorter."""
    public_slot, isolated_slot, *private = vpc.subnets(prefixlen_diff=_PRIVATE_BITS)
    bits = _SMALL_BITS - _PRIVATE_BITS
    small = zip(
        public_slot.subnets(prefixlen_diff=bits), isolated_slot.subnets(prefixlen_diff=bits), strict=True
    )
    return tuple(
        ZoneSubnets(public, private, isolated)
        for private, (public, isolated) in zip(private, small, strict=False)
    )


def usable(subnet: IPv4Network) -> int:
    """Return the number of addresses in a subnet that interfaces can have.

    https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
    """
    return subnet.num_addresses - _RESERVED


def free_block(taken: Mapping[str, Sequence[IPv4Network]], prefix: int = DEFAULT_PREFIX) -> IPv4Network:
    """Return the first block of the first 10.N.0.0/16 in which no environment has a CIDR block.

    The rest of the /16 is room for secondary CIDR blocks. `taken` has the CIDR blocks by environment. Raises
    VpcacheError if there is no such block.
    """
    for sixteen in _PRIVATE_RANGES[0].subnets(new_prefix=16):
        if overlapping(sixteen, taken) is None:
            return next(sixteen.subnets(new_prefix=prefix))
    raise VpcacheError("each 10.N.0.0/16 has CIDR blocks of environments: choose a free block with --cidr")


def overlapping(
    block: IPv4Network, taken: Mapping[str, Sequence[IPv4Network]]
) -> tuple[str, IPv4Network] | None:
    """Return an environment and its CIDR block that overlaps `block`, None if there is none."""
    return next(
        ((name, other) for name, blocks in taken.items() for other in blocks if block.overlaps(other)), None
    )


def chosen_block(text: str, taken: Mapping[str, Sequence[IPv4Network]]) -> IPv4Network:
    """Return the CIDR block in --cidr, or a free one for an empty `text`.

    Raises VpcacheError if it is invalid, has no room for six zones, is not private, or overlaps a block of
    another environment. The message has a block that can be used.
    """
    if not text:
        return free_block(taken)
    block = _parsed(text, taken)
    if not MIN_PREFIX <= block.prefixlen <= MAX_PREFIX:
        reason = (
            f"is too small for the subnets of {MAX_ZONES} zones"
            if block.prefixlen > MAX_PREFIX
            else "is too large for a VPC"
        )
        raise _unusable(text, f"{reason}: must have a prefix of /{MIN_PREFIX} to /{MAX_PREFIX}", taken)
    if not any(block.subnet_of(private) for private in _PRIVATE_RANGES):
        raise _unusable(text, f"is public: must be in {', '.join(map(str, _PRIVATE_RANGES))}", taken)
    if overlap := overlapping(block, taken):
        name, other = overlap
        raise _unusable(
            text, f"overlaps {other} of environment {name}, so the two could not be peered", taken
        )
    return block


def _parsed(text: str, taken: Mapping[str, Sequence[IPv4Network]]) -> IPv4Network:
    try:
        block = IPv4Network(text, strict=False)
    except ValueError:
        block = None
    if block is None or "/" not in text:
        raise _unusable(text, "is not an IPv4 CIDR block", taken)
    if str(block) != text:
        raise VpcacheError(f"--cidr is '{text}': must be a network with its prefix; use {block}")
    return block


def _unusable(text: str, problem: str, taken: Mapping[str, Sequence[IPv4Network]]) -> VpcacheError:
    return VpcacheError(f"--cidr is '{text}', which {problem}; use {free_block(taken)}")
