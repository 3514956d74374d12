"""The model of a diagram: its contents without positions."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Tier(StrEnum):
    """The kind of a subnet, by its default route."""

    PUBLIC = "public"  # to an internet gateway
    PRIVATE = "private"  # to a NAT gateway
    ISOLATED = "isolated"  # none


class ResourceKind(StrEnum):
    """The kind of a resource in a subnet."""

    FUNCTION = "function"
    CACHE_NODE = "cache node"
    ENDPOINT = "interface endpoint"


class Change(StrEnum):
    """What a plan does with traffic that security groups allow."""

    NONE = "unchanged"
    OPENED = "opened"
    CLOSED = "closed"


@dataclass(frozen=True)
class AttachedResource:
    """A resource with a network interface in a subnet; `groups` are the IDs of its security groups.

    `is_new` is whether a plan creates it, as for NAT gateways and subnets.
    """

    kind: ResourceKind
    name: str
    detail: str
    groups: frozenset[str]
    is_new: bool = False


@dataclass(frozen=True)
class NatGatewayView:
    """A NAT gateway; its public address is empty while it is unknown."""

    id: str
    public_address: str
    is_new: bool = False


@dataclass(frozen=True)
class SubnetView:
    """A subnet, its resources, and the ID of the NAT gateway of its default route."""

    id: str
    zone: str
    cidr: str
    tier: Tier
    nat_gateway_id: str | None
    nat_gateways: tuple[NatGatewayView, ...]
    resources: tuple[AttachedResource, ...]
    is_new: bool = False


@dataclass(frozen=True)
class SecurityGroupView:
    """A security group; `open_to` are its rules for other sources than groups: `tcp 443 from ::/0`.

    `opened` and `closed` are those that a plan adds and removes.
    """

    id: str
    name: str
    open_to: tuple[str, ...] = ()
    opened: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Permission:
    """A rule that allows traffic such as `tcp 11211` from one security group to another, by their IDs."""

    source: str
    target: str
    traffic: str
    change: Change = Change.NONE


@dataclass(frozen=True)
class VpcView:
    """A VPC; `endpoints` are the services of its gateway endpoints."""

    id: str
    name: str
    cidr: str
    has_internet_gateway: bool
    subnets: tuple[SubnetView, ...]
    groups: tuple[SecurityGroupView, ...]
    permissions: tuple[Permission, ...]
    endpoints: tuple[str, ...] = ()

    @property
    def zones(self) -> list[str]:
        """The names of its availability zones."""
        return sorted({subnet.zone for subnet in self.subnets})

    @property
    def new_zones(self) -> set[str]:
        """The zones of which all subnets are new."""
        return set(self.zones) - {subnet.zone for subnet in self.subnets if not subnet.is_new}


@dataclass(frozen=True)
class Host:
    """A host on the internet, and the names of the functions that call it."""

    name: str
    callers: tuple[str, ...]


@dataclass(frozen=True)
class Diagram:
    """An environment; `without_vpc` are the functions that are not in a VPC."""

    vpcs: tuple[VpcView, ...]
    hosts: tuple[Host, ...]
    without_vpc: tuple[str, ...] = field(default=())
