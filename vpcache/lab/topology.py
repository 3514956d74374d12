"""The desired topology of the lab as frozen data: the only input of the planner and of the servers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

IpNetwork = IPv4Network | IPv6Network


class InterfaceKind(StrEnum):
    """The use of an interface; the values are those of EC2's `InterfaceType` where it has one."""

    PLAIN = "interface"
    NAT_GATEWAY = "nat_gateway"
    FUNCTION = "lambda"
    CACHE_NODE = "cache_node"
    ENDPOINT = "vpc_endpoint"


class RouteTarget(StrEnum):
    """The target of a route; a route whose target does not exist any more is a black hole."""

    INTERNET_GATEWAY = "internet_gateway"
    EGRESS_ONLY_GATEWAY = "egress_only_gateway"
    INTERFACE = "interface"
    GATEWAY_ENDPOINT = "gateway_endpoint"
    BLACKHOLE = "blackhole"
    UNMODELED = "unmodeled"  # a peering connection or transit gateway, which the lab refuses


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a security group; `protocol` is tcp, udp, icmp, icmpv6, a protocol number, or all.

    `ports` is an inclusive range for tcp and udp; for icmp and icmpv6 it is the message's type and code, -1
    for any.
    """

    protocol: str
    ports: tuple[int, int] | None
    peer: IpNetwork | str  # a CIDR block, or the ID of a security group
    id: str = field(default="", compare=False)  # "sgr-0123", or the address of its Terraform resource
    description: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """A security group; its members are the interfaces that have it in `security_groups`."""

    id: str
    ingress: tuple[Rule, ...]
    egress: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class AclEntry:
    """An entry of a network ACL; `cidr` is the peer's, `protocol` and `ports` are as in `Rule`.

    The matching entry with the lowest number decides.
    """

    number: int
    protocol: str
    ports: tuple[int, int] | None
    cidr: IpNetwork
    allows: bool


@dataclass(frozen=True, slots=True)
class NetworkAcl:
    """A network ACL and its subnets. Packets that match no entry are dropped."""

    id: str
    subnet_ids: frozenset[str]
    ingress: tuple[AclEntry, ...]
    egress: tuple[AclEntry, ...]


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface (ENI). `public_address` is the elastic IP associated with `address`, if any.

    `secondary_elastic_ips` has the pairs of secondary address and elastic IP.
    """

    id: str
    kind: InterfaceKind
    subnet_id: str
    zone: str
    address: IPv4Address
    secondary_addresses: tuple[IPv4Address, ...] = ()
    security_groups: frozenset[str] = frozenset()
    public_address: IPv4Address | None = None
    secondary_elastic_ips: tuple[tuple[IPv4Address, IPv4Address], ...] = ()
    source_dest_check: bool = True
    ipv6_addresses: tuple[IPv6Address, ...] = ()

    @property
    def addresses(self) -> tuple[IPv4Address, ...]:
        """All private IPv4 addresses, the primary one first."""
        return (self.address, *self.secondary_addresses)


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet with its effective route table: an associated one, or the VPC's main route table."""

    id: str
    cidr: IPv4Network
    zone: str
    route_table_id: str
    zone_id: str = ""  # "use1-az1", the same zone in all accounts


@dataclass(frozen=True, slots=True)
class Route:
    """A route other than the local one; `interface_id` is set if the target has an interface."""

    destination: IpNetwork
    target: RouteTarget
    interface_id: str | None = None
    endpoint_id: str | None = None  # of a gateway endpoint
    unmodeled: str = ""  # the target that the model does not contain: "VPC peering connection pcx-0123"


@dataclass(frozen=True, slots=True)
class RouteTable:
    """A route table without its local route."""

    id: str
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class NatGateway:
    """A NAT gateway and its interface."""

    id: str
    interface_id: str


@dataclass(frozen=True, slots=True)
class GatewayEndpoint:
    """A gateway endpoint; `service` is "s3" or "dynamodb"."""

    id: str
    service: str


@dataclass(frozen=True, slots=True)
class InterfaceEndpoint:
    """An interface endpoint: all `names` resolve to its interfaces, where AWS's API is served."""

    id: str
    names: tuple[str, ...]
    interface_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CacheNode:
    """One memcached process. It listens on the primary address of its interface; the configuration endpoint
    listens on the first secondary address, at the same port."""

    id: str  # "0001"
    interface_id: str
    zone: str
    address: IPv4Address
    endpoint_address: IPv4Address
    hostname: str
    port: int
    arguments: tuple[str, ...] = ()  # of the memcached process, from the parameter group and node type
    boots: int = 0  # each boot has its own process


@dataclass(frozen=True, slots=True)
class CacheCluster:
    """A memcached cluster; `version` counts changes of its membership for auto discovery."""

    id: str  # unique within its region
    region: str
    vpc_id: str
    configuration_hostname: str
    version: int
    nodes: tuple[CacheNode, ...]
    is_encrypted: bool = False  # clients must use TLS for nodes and configuration endpoint

    def node_name(self, node: CacheNode) -> str:
        """Return the name of a node that is unique in the lab: "us-east-1/cluster/0001"."""
        return f"{self.region}/{self.id}/{node.id}"


@dataclass(frozen=True, slots=True)
class ServerlessCache:
    """A serverless cache: one memcached process behind the interfaces of its VPC endpoint.

    `endpoints` has the ID and the address of each interface. Clients must use TLS.
    """

    name: str  # unique within its region
    region: str
    hostname: str
    ports: tuple[int, ...]
    endpoints: tuple[tuple[str, IPv4Address], ...]
    memory_mb: int

    @property
    def full_name(self) -> str:
        """The name that is unique in the lab: "us-east-1/cache"."""
        return f"{self.region}/{self.name}"


@dataclass(frozen=True, slots=True)
class FlowLog:
    """A flow log of a VPC, of a subnet or of an interface, which `resource_id` identifies.

    `traffic` is "ACCEPT", "REJECT" or "ALL". `fields` are those of the record format.
    """

    id: str
    resource_id: str
    traffic: str
    interval_seconds: int
    fields: tuple[str, ...]

    def covers(self, interface: Interface, vpc_id: str) -> bool:
        """Return whether the flow log records the traffic of an interface in a VPC."""
        return self.resource_id in (vpc_id, interface.subnet_id, interface.id)


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC with its contents. Each tuple is sorted by ID, so that equal models give equal values."""

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
    serverless_caches: tuple[ServerlessCache, ...] = ()
    network_acls: tuple[NetworkAcl, ...] = ()
    gateway_endpoints: tuple[GatewayEndpoint, ...] = ()
    interface_endpoints: tuple[InterfaceEndpoint, ...] = ()
    secondary_cidrs: tuple[IPv4Network, ...] = ()
    ipv6_cidrs: tuple[IPv6Network, ...] = ()
    has_egress_only_gateway: bool = False
    has_dns: bool = True  # EC2's enableDnsSupport
    has_hostnames: bool = False  # EC2's enableDnsHostnames
    flow_logs: tuple[FlowLog, ...] = ()

    @property
    def cidrs(self) -> tuple[IPv4Network, ...]:
        """All IPv4 CIDR blocks, the primary one first."""
        return (self.cidr, *self.secondary_cidrs)

    def subnets_by_id(self) -> dict[str, Subnet]:
        """Return the subnets by their IDs."""
        return {subnet.id: subnet for subnet in self.subnets}

    def interfaces_with_accepted_traffic_logged(self) -> tuple[Interface, ...]:
        """Return the interfaces of which a flow log records accepted traffic."""
        logs = [each for each in self.flow_logs if each.traffic != "REJECT"]
        return tuple(each for each in self.interfaces if any(log.covers(each, self.id) for log in logs))

    @property
    def has_gateway(self) -> bool:
        """Whether an internet gateway or an egress-only internet gateway connects the VPC to the internet."""
        return self.internet_gateway_id is not None or self.has_egress_only_gateway


@dataclass(frozen=True, slots=True)
class FunctionUrl:
    """The host of a function URL on the internet; each request to it invokes the function."""

    hostname: str
    address: IPv4Address


@dataclass(frozen=True, slots=True)
class InternetHost:
    """A host that a user adds to the lab's internet."""

    hostname: str
    address: IPv4Address


@dataclass(frozen=True, slots=True, order=True)
class PublicFunction:
    """A function of which a version is in no VPC, and so sees AWS's API and the internet only."""

    region: str
    name: str


@dataclass(frozen=True, slots=True)
class Topology:
    """All VPCs of all regions, sorted by ID, all function URLs, sorted by host name, all functions outside
    VPCs, sorted by region and name, and the user's origins, sorted by host name."""

    vpcs: tuple[Vpc, ...] = ()
    function_urls: tuple[FunctionUrl, ...] = ()
    public_functions: tuple[PublicFunction, ...] = ()
    origins: tuple[InternetHost, ...] = ()
