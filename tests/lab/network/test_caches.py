"""Memcached clusters, used by a function in their VPC: real processes behind AWS's API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.network.vpc_factory import VpcFactory

CODE = """
    import socket, ssl

    def handler(event, context):
        connection = socket.create_connection((event["address"], event.get("port", 11211)), 5)
        if event.get("tls"):
            trust = ssl.create_default_context()
            connection = trust.wrap_socket(connection, server_hostname=event["address"])
        with connection:
            connection.sendall(event["command"].encode() + b"\\r\\nquit\\r\\n")
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode()
"""


class Cache:
    """A cluster, and a function in its VPC that sends commands to it."""

    def __init__(self, vpc_factory: VpcFactory, **options: Any) -> None:
        self.vpc_factory = vpc_factory
        self.id = vpc_factory.new_cluster(**options)
        self.api = vpc_factory.client("elasticache")
        self._function = vpc_factory.new_function("client", code=CODE)

    def change(self, call: str, **change: Any) -> None:
        """Change the cluster and wait until it is available."""
        getattr(self.api, call)(CacheClusterId=self.id, **change)
        waiter = self.api.get_waiter("cache_cluster_available")
        waiter.wait(CacheClusterId=self.id, WaiterConfig={"Delay": 0.1})

    def describe(self) -> dict[str, Any]:
        response = self.api.describe_cache_clusters(CacheClusterId=self.id, ShowCacheNodeInfo=True)
        return dict(response["CacheClusters"][0])

    def send(self, address: str, command: str, **options: Any) -> str:
        answer = self.vpc_factory.invoke(self._function, address=address, command=command, **options)
        assert isinstance(answer, str), answer
        return answer

    def discover(self) -> tuple[int, list[str]]:
        """Return the version of the configuration and the names of the nodes."""
        reply = self.send(self.describe()["ConfigurationEndpoint"]["Address"], "config get cluster")
        _, version, nodes, *_ = reply.splitlines()
        return int(version), [node.split("|")[0] for node in nodes.split()]

    def settings(self, address: str) -> dict[str, str]:
        lines = self.send(address, "stats settings").splitlines()
        return {name: value for _, name, value in (line.split(" ", 2) for line in lines if " " in line)}

    def names(self) -> list[str]:
        return [each["Endpoint"]["Address"] for each in self.describe()["CacheNodes"]]


@pytest.fixture
def cache(vpc_factory: VpcFactory) -> Cache:
    return Cache(vpc_factory)


def test_functions_trust_certificates_of_an_encrypted_cluster(vpc_factory: VpcFactory) -> None:
    cache = Cache(vpc_factory, TransitEncryptionEnabled=True)

    for address in (*cache.names(), cache.describe()["ConfigurationEndpoint"]["Address"]):
        assert cache.send(address, "version", tls=True).startswith("VERSION ")
    discovered = cache.send(
        cache.describe()["ConfigurationEndpoint"]["Address"], "config get cluster", tls=True
    )
    assert discovered.startswith("CONFIG cluster 0 ")


def test_scaling_updates_discovery_and_keeps_remaining_nodes(cache: Cache) -> None:
    first, names = cache.discover()
    assert names == cache.names()
    assert len(names) == 2
    cache.send(names[0], "set k 0 0 1\r\nv")

    cache.change("modify_cache_cluster", NumCacheNodes=4, ApplyImmediately=True)

    second, grown = cache.discover()
    assert second > first
    assert grown == cache.names()
    assert len(grown) == 4
    assert cache.send(grown[3], "version").startswith("VERSION ")

    cache.change(
        "modify_cache_cluster",
        NumCacheNodes=2,
        CacheNodeIdsToRemove=["0002", "0003"],
        ApplyImmediately=True,
    )

    third, shrunk = cache.discover()
    assert third > second
    assert shrunk == cache.names() == [grown[0], grown[3]]
    assert cache.send(names[0], "get k").startswith("VALUE k 0 1\r\nv")


def test_parameters_apply_when_a_node_is_rebooted(vpc_factory: VpcFactory) -> None:
    api = vpc_factory.client("elasticache")
    api.create_cache_parameter_group(
        CacheParameterGroupName=vpc_factory.name, CacheParameterGroupFamily="memcached1.6", Description="big"
    )
    cache = Cache(vpc_factory, CacheParameterGroupName=vpc_factory.name)
    api.modify_cache_parameter_group(
        CacheParameterGroupName=vpc_factory.name,
        ParameterNameValues=[{"ParameterName": "max_item_size", "ParameterValue": "4194304"}],
    )
    names = cache.names()
    for name in names:
        cache.send(name, "set k 0 0 1\r\nv")

    cache.change("reboot_cache_cluster", CacheNodeIdsToReboot=["0001"])

    assert [cache.settings(name)["item_size_max"] for name in names] == ["4194304", "1048576"]
    assert [cache.send(name, "get k").startswith("VALUE") for name in names] == [False, True]
    assert cache.describe()["CacheParameterGroup"]["CacheNodeIdsToReboot"] == ["0002"]

    cache.change("reboot_cache_cluster", CacheNodeIdsToReboot=["0002"])

    assert cache.settings(names[1])["item_size_max"] == "4194304"
    assert cache.describe()["CacheParameterGroup"]["ParameterApplyStatus"] == "in-sync"
