"""A long load with one fault after another, on a dedicated lab: its daemon leaks nothing."""

import pytest

from tests.support.network.cached_api import new_cached_api
from tests.support.network.vpc_factory import VpcFactory
from tests.support.paths import ROOT
from vpcache.drills.changes import lab_of
from vpcache.drills.context import DrillContext
from vpcache.drills.soak import SOAK_FAULTS, soak
from vpcache.lab.addresses import ORIGIN
from vpcache.stack.stack import Outputs, Stack
from vpcache.stack.state import ensure_bucket
from vpcache.stack.target import lab_target

pytestmark = [pytest.mark.lab, pytest.mark.drill]


@pytest.fixture
def context(vpcache_run, tmp_path):
    """The context of drills of a cached API in two zones, the only one in its lab."""
    with vpcache_run.own_lab() as lab:
        lab.start(tmp_path / "lab.log")
        lab.configure(iam_lag_ms=0)
        factory = VpcFactory(lab)
        factory.attach_internet_gateway()
        for zone in factory.zones:
            factory.new_nat_gateway(zone)
        name, endpoint = new_cached_api(factory, tmp_path, ORIGIN_URL=f"https://{ORIGIN}/api/v1")
        (cluster,) = factory.client("elasticache").describe_cache_clusters(
            CacheClusterId=factory.name, ShowCacheNodeInfo=True
        )["CacheClusters"]
        stack = Stack(
            name=factory.name,
            environment_dir=ROOT / "envs/dev",
            target=lab_target(lab.endpoint, {}),
            work_dir=tmp_path / "stack",
            variables={},
        )
        ensure_bucket(stack.target, stack.state)  # for the records of drills
        outputs = {
            "zones": list(factory.zones),
            "vpc_id": factory.vpc,
            "private_subnet_ids": factory.private,
            "cached_api": name,
            "configuration_endpoint": endpoint,
            "cache_nodes": [
                {"id": node["CacheNodeId"], "availability_zone": node["CustomerAvailabilityZone"]}
                for node in cluster["CacheNodes"]
            ],
        }
        yield DrillContext(stack, Outputs(outputs), factory.zones[0])


def test_soak_of_two_minutes_leaks_nothing(context):
    report = soak(context, rounds=len(SOAK_FAULTS), interval=16, rate=10)
    figures = report.figures()
    assert figures["wrong_answers"] == 0
    assert figures["faults"] == len(SOAK_FAULTS)
    assert figures["errors_on_known_keys"] <= 0.01 * len(report.samples), figures
    first, _, last = figures["descriptors"]
    assert last <= first + 100, figures
    before, _, after = figures["memory_mb"]
    assert after <= before + 32, figures
    assert lab_of(context.target).status().running
