"""A memcached cluster of two nodes as a topology, and commands of its protocol."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

from vpcache.lab.topology import CacheCluster, CacheNode

NODES = tuple(
    CacheNode(
        id=f"000{n}",
        interface_id=f"eni-{n}",
        zone="us-east-1a",
        address=IPv4Address(f"10.0.0.{n}"),
        endpoint_address=IPv4Address(f"10.0.0.10{n}"),
        hostname=f"kv.0ab.000{n}.use1.cache.amazonaws.com",
        port=11211,
    )
    for n in (1, 2)
)

DISCOVER = b"config get cluster\r\n"


def cluster(*nodes: CacheNode, version: int = 1, arguments: tuple[str, ...] = ("-m", "16")) -> CacheCluster:
    """Return a cluster of `nodes` with these arguments."""
    configured = tuple(replace(node, arguments=arguments) for node in nodes)
    return CacheCluster(
        "kv", "us-east-1", "vpc-1", "kv.0ab.cfg.use1.cache.amazonaws.com", version, configured
    )


def store(key: bytes, value: bytes) -> bytes:
    """Return the command that stores a value."""
    return b"set %s 0 0 %d\r\n%s\r\n" % (key, len(value), value)
