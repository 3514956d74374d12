"""The cached API as a function in a VPC, with a cluster."""

from __future__ import annotations

from pathlib import Path

from tests.support.network.vpc_factory import VpcFactory
from tests.support.paths import LAMBDA
from tests.support.runtimes import HOST_PYTHON
from vpcache.bundle import bundle


def new_cached_api(factory: VpcFactory, work: Path, *zones: str, **variables: str) -> tuple[str, str]:
    """Create the cached API in the private subnets of `zones`, all by default, and its cluster of two nodes.

    Returns the function's name and the cluster's configuration endpoint. `work` is a folder for the bundle.
    """
    cluster = factory.new_cluster()
    described = factory.client("elasticache").describe_cache_clusters(CacheClusterId=cluster)
    address = described["CacheClusters"][0]["ConfigurationEndpoint"]
    endpoint = f"{address['Address']}:{address['Port']}"
    name = f"{factory.name}-cached-api"
    functions = factory.client("lambda")
    functions.create_function(
        FunctionName=name,
        Runtime=HOST_PYTHON,
        Role=factory.role,
        Handler="handler.handler",
        Code={"ZipFile": bundle(LAMBDA / "cached_api", work).path.read_bytes()},
        Timeout=15,
        MemorySize=512,
        VpcConfig=factory.vpc_config(*zones),
        Environment={"Variables": {"CACHE_ENDPOINT": endpoint, **variables}},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0.05})
    return name, endpoint
