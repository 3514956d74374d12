"""The environment dev with one NAT gateway for both zones: probes, drill, price of a zone's loss."""

import secrets

import pytest

from tests.support.paths import ROOT
from vpcache.drills.context import DrillContext
from vpcache.drills.faults import fault_named, shared_gateway
from vpcache.drills.injection import injected
from vpcache.probes import Probes, verify
from vpcache.project import Project

pytestmark = pytest.mark.lab

ZONES = ["us-east-1a", "us-east-1b"]
SINGLE = {"mode": "single", "single_zone": "b"}


@pytest.fixture
def single(target):
    """A stack of dev whose only NAT gateway is in zone b."""
    name = f"vpcache-ci-nat-{secrets.token_hex(3)}"
    stack = Project(ROOT).stack("dev", target, name, temporary=True).with_variables(nat=SINGLE)
    stack.init()
    stack.apply()
    yield stack
    assert stack.destroy() == []


def test_one_gateway_serves_both_zones_and_its_drill_cuts_both(single, target):
    outputs = single.outputs()
    probes = Probes(target, outputs)
    assert len(set(outputs["egress_ips"].values())) == 1
    results = {result.name: result for result in verify(target, outputs)}
    assert [str(result) for result in results.values() if not result] == []
    assert "the loss of us-east-1b would take the egress" in results["egress address is shared"].evidence

    plan = single.plan()
    assert plan.is_empty, plan.text

    fault, context = fault_named("nat-gateway"), DrillContext(single, outputs, ZONES[0])
    assert shared_gateway(fault, context) is not None
    with injected(fault, context, 60, lambda _: None):
        assert [zone for zone in ZONES if probes.egress(zone)] == []
    assert [zone for zone in ZONES if probes.egress(zone)] == ZONES
