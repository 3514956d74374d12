"""Ten failures of NAT gateways in a row, under enforced IAM: each changes a route twice, and no other one."""

import os
import secrets
from itertools import cycle, islice

import pytest

from tests.support.examples.nat_failover import LAB_TARGETS, drill
from tests.support.paths import MODULES, ROOT
from vpcache.project import Project
from vpcache.stack.stack import Stack
from vpcache.stack.target import lab_target

pytestmark = [pytest.mark.lab, pytest.mark.drill, pytest.mark.long]

FAULTS = 10


@pytest.fixture
def enforcing_lab(vpcache_run, tmp_path):
    with vpcache_run.own_lab() as lab:
        lab.start(tmp_path / "lab.log")
        lab.configure(iam="enforce", missing_runtime="host", interface_linger_seconds=0)
        yield lab


@pytest.fixture
def stack(enforcing_lab, tmp_path):
    stack = Stack(
        name=f"ex-{secrets.token_hex(4)}",
        environment_dir=MODULES / "nat_per_az/examples/failover",
        target=lab_target(enforcing_lab.endpoint, os.environ),
        work_dir=tmp_path / "stack",
        variables={"bundle": Project(ROOT).bundles()["egress_probe"], "targets": LAB_TARGETS},
        temporary=True,
    )
    stack.init()
    try:
        stack.apply()
        yield stack
    finally:
        leftovers = stack.destroy()
    assert leftovers == []


def test_ten_gateway_failures_change_routes_twice_each(enforcing_lab, stack):
    outputs = stack.outputs()
    for zone in islice(cycle(outputs["egress_ips"]), FAULTS):
        own = outputs["egress_ips"][zone]
        (other,) = set(outputs["egress_ips"].values()) - {own}
        figures = drill(stack.target, enforcing_lab, outputs, zone)
        assert figures.addresses == (own, other, own), figures
        assert figures.failed_elsewhere == 0, figures
    replaced = enforcing_lab.calls()["ec2:ReplaceRoute"]
    assert replaced == 2 * FAULTS
    plan = stack.plan()
    assert plan.is_empty, plan.text
