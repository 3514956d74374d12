"""A serverless cache, used by functions of its VPC: TLS at one endpoint, and its security group."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.network.vpc_factory import VpcFactory
from tests.support.paths import ROOT
from tests.support.runtimes import HOST_PYTHON
from vpcache.bundle import bundle

CLIENT = """
import ssl
from types import SimpleNamespace

from memcached import lease
from memcached.cluster import Cluster
from memcached.discovery import Node

def handler(event, context):
    reports = []
    settings = SimpleNamespace(
        endpoint=Node(event["host"], 11211), connect_timeout=2, response_timeout=2, discovery_timeout=2
    )
    cluster = Cluster(settings, reports.append, ssl.create_default_context())
    claims = [cluster.run(lease.take, b"k", 5, True)[0].state.name for _ in range(2)]
    cluster.run(lambda connection, key: connection.store(key, b"value", 60), b"k")
    value, node = cluster.run(lambda connection, key: bytes(connection.read(key)), b"k")
    return {"claims": claims, "value": value.decode(), "node": [node.host, node.port], "reports": reports}
"""
"""A function with the cached API's own client of memcached."""


@pytest.fixture
def endpoint(vpc_factory: VpcFactory) -> str:
    """The host name of a serverless cache that admits members of its client's group."""
    group = vpc_factory.new_group("cache")
    vpc_factory.ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 11211,
                "ToPort": 11212,
                "UserIdGroupPairs": [{"GroupId": vpc_factory.group}],
            }
        ],
    )
    api = vpc_factory.client("elasticache")
    api.create_serverless_cache(
        ServerlessCacheName=vpc_factory.name,
        Engine="memcached",
        SubnetIds=[*vpc_factory.private.values()],
        SecurityGroupIds=[group],
    )
    (cache,) = api.describe_serverless_caches(ServerlessCacheName=vpc_factory.name)["ServerlessCaches"]
    return str(cache["Endpoint"]["Address"])


def client_function(vpc_factory: VpcFactory, folder: Path) -> str:
    """Create a function with the cached API's client, and return its name."""
    source = folder / "function"
    shutil.copytree(ROOT / "lambda/cached_api/memcached", source / "memcached")
    shutil.copy(ROOT / "lambda/cached_api/requirements.txt", source)
    (source / "handler.py").write_text(CLIENT)
    archive = Path(bundle(source, folder).path).read_bytes()
    name = f"{vpc_factory.name}-client"
    functions = vpc_factory.client("lambda")
    functions.create_function(
        FunctionName=name,
        Runtime=HOST_PYTHON,
        Role=vpc_factory.role,
        Handler="handler.handler",
        Code={"ZipFile": archive},
        Timeout=20,
        MemorySize=256,
        VpcConfig=vpc_factory.vpc_config(),
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.02})
    return name


def test_cached_apis_client_uses_a_serverless_cache_as_one_node(
    vpc_factory: VpcFactory, endpoint: str, tmp_path: Path
) -> None:
    result = vpc_factory.invoke(client_function(vpc_factory, tmp_path), host=endpoint)

    assert result == {
        "claims": ["WON", "HELD"],
        "value": "value",
        "node": [endpoint, 11211],
        "reports": [],
    }


def test_serverless_cache_admits_members_of_its_clients_group_only(
    vpc_factory: VpcFactory, endpoint: str
) -> None:
    stranger = vpc_factory.new_group("stranger")
    config = vpc_factory.vpc_config() | {"SecurityGroupIds": [stranger]}
    client, other = vpc_factory.new_function(), vpc_factory.new_function("other", VpcConfig=config)

    addresses = vpc_factory.invoke(client, name=endpoint)["answer"]
    outcomes = [
        vpc_factory.invoke(function, address=address, port=11211, timeout=1)
        for address in addresses
        for function in (client, other)
    ]

    assert len(addresses) == len(vpc_factory.zones)
    assert [each.get("answer") or each["error"] for each in outcomes] == ["connected", "TimeoutError"] * 2


def test_serverless_cache_is_consistent_and_has_a_place(vpc_factory: VpcFactory, endpoint: str) -> None:
    assert endpoint.startswith(f"{vpc_factory.name}-")
    assert vpc_factory.lab.differences() == []
    api = vpc_factory.client("elasticache")
    api.delete_serverless_cache(ServerlessCacheName=vpc_factory.name)
    assert vpc_factory.lab.differences() == []
