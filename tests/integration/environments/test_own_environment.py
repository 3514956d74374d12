"""A new environment in eu-west-1 with an origin on this machine, and one NAT gateway for both zones."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator

import pytest

from tests.support.paths import ROOT
from tests.support.terraform.attached import attached
from vpcache.drills.context import DrillContext
from vpcache.drills.faults import fault_named, shared_gateway
from vpcache.drills.injection import injected
from vpcache.environments.creation import create, new_environment
from vpcache.functions import call_cached_api
from vpcache.lab.client import Lab
from vpcache.probes import Probes, verify
from vpcache.project import Project
from vpcache.stack.stack import Stack
from vpcache.stack.target import lab_target

pytestmark = pytest.mark.lab

ZONES = ["eu-west-1a", "eu-west-1b"]
SINGLE = {"mode": "single", "single_zone": "b"}
API = "orders.example.com"


@pytest.fixture(scope="module")
def origin(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an API on the lab's internet, which serves /orders and nothing else."""
    folder = tmp_path_factory.mktemp("api")
    (folder / "orders.json").write_text('{"orders": [1, 2]}')
    lab.serve_origin(API, folder=folder)
    yield f"https://{API}"
    lab.remove_origin(API)


@pytest.fixture(scope="module")
def stack(lab: Lab, origin: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of a new environment, whose only NAT gateway is in zone b."""
    project = Project(tmp_path_factory.mktemp("project"))
    shutil.copytree(ROOT / "envs", project.root / "envs", ignore=shutil.ignore_patterns(".terraform"))
    (project.root / "modules").symlink_to(ROOT / "modules")
    new = new_environment(
        project, "staging", like="dev", region="eu-west-1", zones="a,b", cidr="", origin_url=origin
    )
    create(project, new, "dev")
    target = lab_target(lab.endpoint, os.environ, pinned_region=project.values("staging").region)
    name = f"vpcache-ci-own-{secrets.token_hex(3)}"
    with attached(target, project.environment_dir("staging")) as with_provider:
        own = project.stack("staging", with_provider, name, temporary=True)
        own = own.with_variables(nat=SINGLE, bundles=Project(ROOT).bundles())
        own.init()
        own.apply()
        yield own
        assert own.destroy() == []


def test_calls_reach_the_origin_from_the_elastic_ip(stack: Stack, lab: Lab) -> None:
    outputs = stack.outputs()
    answers = [call_cached_api(stack.target, outputs["cached_api"], "/orders") for _ in range(2)]
    assert [answer.source for answer in answers] == ["origin", "cache"]
    assert "[1, 2]" in answers[0].body
    callers = {request.caller for request in lab.origin_requests(API)}
    assert callers == set(outputs["egress_ips"].values())


def test_probes_pass_with_a_path_of_the_origin(stack: Stack) -> None:
    outputs = stack.outputs()
    assert outputs["zones"] == ZONES
    results = {result.name: result for result in verify(stack.target, outputs, path="/orders")}
    assert [str(result) for result in results.values() if not result] == []
    assert "the loss of eu-west-1b would take the egress" in results["egress address is shared"].evidence
    assert Probes(stack.target, outputs).cache_hit(path="/invoices").evidence == "status 404 for /invoices"

    plan = stack.plan()
    assert plan.is_empty, plan.text


def test_drill_of_the_shared_gateway_cuts_both_zones(stack: Stack) -> None:
    outputs = stack.outputs()
    assert len(set(outputs["egress_ips"].values())) == 1
    probes, fault = Probes(stack.target, outputs), fault_named("nat-gateway")
    context = DrillContext(stack, outputs, ZONES[0])
    assert shared_gateway(fault, context) is not None
    with injected(fault, context, 60, lambda _: None):
        assert [zone for zone in ZONES if probes.egress(zone)] == []
    assert [zone for zone in ZONES if probes.egress(zone)] == ZONES


def test_region_is_that_of_the_environment(stack: Stack) -> None:
    subnets = stack.target.client("ec2").describe_subnets(
        Filters=[{"Name": "vpc-id", "Values": [stack.outputs()["vpc_id"]]}]
    )["Subnets"]
    assert {subnet["AvailabilityZone"] for subnet in subnets} == set(ZONES)
    assert {subnet["CidrBlock"] for subnet in subnets} == {
        "10.2.0.0/26",
        "10.2.0.64/26",
        "10.2.4.0/23",
        "10.2.6.0/23",
    }
