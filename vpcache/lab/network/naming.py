"""Names of namespaces and devices, and the addresses of the links between the lab's namespaces."""

from __future__ import annotations

from hashlib import blake2b
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path

INTERNET = "internet"
"""The namespace of the internet: everything outside the VPCs."""
FUNCTIONS = "functions"
"""The namespace of functions outside a VPC, and the internet's device towards it."""
INTERNET_HOSTS = IPv4Network("198.51.100.0/24")
"""The CIDR block of the internet's hosts: a server may bind any of these addresses."""
INTERNET_CLIENT = INTERNET_HOSTS.network_address + 1
"""The default source address of connections from the internet to an elastic IP."""
INTERNET_IPV6_HOSTS = IPv6Network("2001:db8::/32")
"""The same for IPv6: the documentation prefix of RFC 3849."""
INTERNET_IPV6_CLIENT = INTERNET_IPV6_HOSTS.network_address + 1
"""The default source address of IPv6 connections from the internet."""

WORK_DIR = Path("/run/vpcache")
"""The folder of the lab's files, on the lab's own tmpfs, which ends with the lab."""
CA_FILE = WORK_DIR / "ca.pem"
"""The certificate of the lab's certificate authority."""

ETHERNET = "eth0"  # an interface's device in its own namespace
GATEWAY = "gateway"  # the router's device towards the internet gateway
INSIDE, OUTSIDE = "vpc", "internet"  # a gateway's devices
GATEWAY_ADDRESS = IPv4Address("169.254.0.2")  # of a gateway on all its links
PEER_ADDRESS = IPv4Address("169.254.0.1")  # of the other end of such a link
GATEWAY_IPV6, PEER_IPV6 = IPv6Address("fe80::2"), IPv6Address("fe80::1")
LINK_LOCAL = IPv4Network("169.254.0.0/16")
LOG_GROUP = 1  # of the kernel's NFLOG, in each router's namespace
LOGGED_BYTES = 80  # of each logged packet: the headers of IP and TCP
_FIRST_TABLE = 1000  # lower numbers are those of the kernel and of the router


def router_namespace(vpc_id: str) -> str:
    """Return the namespace of a VPC's router, where the VPC's DNS resolver listens."""
    return f"router-{vpc_id}"


def gateway_namespace(vpc_id: str) -> str:
    """Return the namespace of the internet gateway attached to a VPC."""
    return f"gateway-{vpc_id}"


def endpoint_namespace(endpoint_id: str) -> str:
    """Return the namespace of a gateway endpoint, where its service listens."""
    return f"endpoint-{endpoint_id}"


def interface_namespace(interface_id: str) -> str:
    """Return the namespace of a network interface, where the processes that use it run."""
    return f"interface-{interface_id}"


def digest(identity: str, size: int) -> bytes:
    """Return a digest of `size` bytes, for places where the kernel accepts no long names."""
    return blake2b(identity.encode(), digest_size=size).digest()


def device(interface_id: str) -> str:
    """Return the router's device towards an interface; the kernel allows 15 characters."""
    return f"e-{digest(interface_id, 6).hex()}"


def endpoint_device(endpoint_id: str) -> str:
    """Return the router's device towards a gateway endpoint."""
    return f"v-{digest(endpoint_id, 6).hex()}"


def uplink(vpc_id: str) -> str:
    """Return the internet's device towards a VPC's internet gateway."""
    return f"g-{digest(vpc_id, 6).hex()}"


def table_number(route_table_id: str) -> int:
    """Return the number of a route table: the kernel's table and the mark of packets under it."""
    return _FIRST_TABLE + int.from_bytes(digest(route_table_id, 4)) % (2**31 - _FIRST_TABLE)
