"""The network that an AWS model means, as frozen data: the one description from which everything is made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network


class InterfaceKind(StrEnum):
    """What an interface serves, in the words of EC2's `InterfaceType` where it has one."""

    PLAIN = "interface"
    NAT_GATEWAY = "nat_gateway"
    FUNCTION = "lambda"
    CACHE_NODE = "cache_node"
    ENDPOINT = "vpc_endpoint"


class RouteTarget(StrEnum):
    """Where a route leads; a route whose target is gone is a black hole."""

    INTERNET_GATEWAY = "internet_gateway"
    INTERFACE = "interface"
    GATEWAY_ENDPOINT = "gateway_endpoint"
    BLACKHOLE = "blackhole"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a security group allows: tcp, udp, icmp, another protocol's number, or all.

    `ports` is inclusive, for tcp and udp; for icmp it is the message's type and code, -1 for any.
    """

    protocol: str
    ports: tuple[int, int] | None
    peer: IPv4Network | str  # a range, or the id of a security group


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group; its members are the interfaces that name it."""

    id: str
    ingress: tuple[Rule, ...]
    egress: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class AclEntry:
    """What a network ACL says of packets to or from a range, in the terms of a `Rule`; the lowest number
    that fits decides."""

    number: int
    protocol: str
    ports: tuple[int, int] | None
    cidr: IPv4Network
    allows: bool


@dataclass(frozen=True, slots=True)
class NetworkAcl:
    """A network ACL and the subnets that it guards; what no entry fits is dropped."""

    id: str
    subnet_ids: frozenset[str]
    ingress: tuple[AclEntry, ...]
    egress: tuple[AclEntry, ...]


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface (ENI). `public_address` is the elastic IP mapped to `address`, if any."""

    id: str
    kind: InterfaceKind
    subnet_id: str
    zone: str
    address: IPv4Address
    secondary_addresses: tuple[IPv4Address, ...] = ()
    security_groups: frozenset[str] = frozenset()
    public_address: IPv4Address | None = None
    source_dest_check: bool = True


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet with the route table in force for it, its own or the VPC's main one."""

    id: str
    cidr: IPv4Network
    zone: str
    route_table_id: str


@dataclass(frozen=True, slots=True)
class Route:
    """A route other than the local one; `interface_id` is set if it leads to one, a NAT gateway's too."""

    destination: IPv4Network
    target: RouteTarget
    interface_id: str | None = None
    endpoint_id: str | None = None  # of a gateway endpoint


@dataclass(frozen=True, slots=True)
class RouteTable:
    """A route table without its local route."""

    id: str
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class NatGateway:
    """A NAT gateway and the interface it lives on."""

    id: str
    interface_id: str


@dataclass(frozen=True, slots=True)
class GatewayEndpoint:
    """A gateway endpoint; `service` is "s3" or "dynamodb"."""

    id: str
    service: str


@dataclass(frozen=True, slots=True)
class InterfaceEndpoint:
    """An interface endpoint: all `names` mean its interfaces, where AWS's API answers."""

    id: str
    names: tuple[str, ...]
    interface_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CacheNode:
    """One memcached process: it listens on its interface's primary address; the configuration
    endpoint answers on the interface's first secondary address, same port."""

    id: str  # "0001"
    interface_id: str
    zone: str
    address: IPv4Address
    endpoint_address: IPv4Address
    hostname: str
    port: int
    arguments: tuple[str, ...] = ()  # of the memcached process, from the parameter group and node type
    boots: int = 0  # a process serves for one boot


@dataclass(frozen=True, slots=True)
class CacheCluster:
    """A memcached cluster; `version` counts changes of its membership for auto discovery."""

    id: str  # unique within its region
    region: str
    vpc_id: str
    configuration_hostname: str
    version: int
    nodes: tuple[CacheNode, ...]
    is_encrypted: bool = False  # clients must speak TLS, to the nodes and the configuration endpoint

    def node_name(self, node: CacheNode) -> str:
        """Return the name that no other node of the lab has: "us-east-1/cluster/0001"."""
        return f"{self.region}/{self.id}/{node.id}"


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC with all that stands in it. Each tuple is sorted by id: equal models, equal values."""

    id: str
    region: str
    cidr: IPv4Network
    internet_gateway_id: str | None
    subnets: tuple[Subnet, ...]
    route_tables: tuple[RouteTable, ...]
    security_groups: tuple[SecurityGroup, ...]
    interfaces: tuple[Interface, ...]
    nat_gateways: tuple[NatGateway, ...]
    cache_clusters: tuple[CacheCluster, ...]
    network_acls: tuple[NetworkAcl, ...] = ()
    gateway_endpoints: tuple[GatewayEndpoint, ...] = ()
    interface_endpoints: tuple[InterfaceEndpoint, ...] = ()
    has_dns: bool = True  # EC2's enableDnsSupport
    has_hostnames: bool = False  # EC2's enableDnsHostnames


@dataclass(frozen=True, slots=True)
class FunctionUrl:
    """The host of a function URL on the internet; requests to it are the function's events."""

    hostname: str
    address: IPv4Address


@dataclass(frozen=True, slots=True)
class Topology:
    """All VPCs of all regions, sorted by id, and all function URLs, sorted by host."""

    vpcs: tuple[Vpc, ...] = ()
    function_urls: tuple[FunctionUrl, ...] = ()
