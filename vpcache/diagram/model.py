"""What the picture of an environment shows, without where."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Tier(StrEnum):
    """What kind a subnet is, by its default route."""

    PUBLIC = "public"  # to an internet gateway
    PRIVATE = "private"  # to a NAT gateway
    ISOLATED = "isolated"  # none


class Kind(StrEnum):
    """What kind of thing lives in a subnet."""

    FUNCTION = "function"
    CACHE_NODE = "cache node"
    ENDPOINT = "interface endpoint"


@dataclass(frozen=True)
class Resident:
    """Something with a network interface in a subnet, and the ids of the security groups that it is in."""

    kind: Kind
    name: str
    detail: str
    groups: frozenset[str]


@dataclass(frozen=True)
class NatGateway:
    """A NAT gateway; the address that the internet sees is empty as long as nobody knows it."""

    id: str
    public_address: str


@dataclass(frozen=True)
class Subnet:
    """A subnet, who lives there, and the id of the NAT gateway that its default route leads to."""

    id: str
    zone: str
    cidr: str
    tier: Tier
    way_out: str | None
    nat_gateways: tuple[NatGateway, ...]
    residents: tuple[Resident, ...]


@dataclass(frozen=True)
class SecurityGroup:
    """A security group, and what it lets in that does not come from another group: `tcp 443 from ::/0`."""

    id: str
    name: str
    open_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class Permission:
    """A rule that lets traffic such as `tcp 11211` from one security group into another, by their ids."""

    source: str
    target: str
    traffic: str


@dataclass(frozen=True)
class Vpc:
    """A VPC; `endpoints` are the services that its route tables reach by a gateway endpoint."""

    id: str
    name: str
    cidr: str
    has_internet_gateway: bool
    subnets: tuple[Subnet, ...]
    groups: tuple[SecurityGroup, ...]
    permissions: tuple[Permission, ...]
    endpoints: tuple[str, ...] = ()

    @property
    def zones(self) -> list[str]:
        """The names of its availability zones."""
        return sorted({subnet.zone for subnet in self.subnets})


@dataclass(frozen=True)
class Host:
    """A host of the internet, and the names of the functions that are told to ask it."""

    name: str
    askers: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """VPCs below the internet; `without_vpc` are the functions that live in none."""

    vpcs: tuple[Vpc, ...]
    hosts: tuple[Host, ...]
    without_vpc: tuple[str, ...] = field(default=())
