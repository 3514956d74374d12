"""The modules in a VPC of another stack, by IDs alone."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import ROOT
from tests.support.terraform.attached import attached
from vpcache.probes import Probes
from vpcache.project import Project
from vpcache.stack.stack import Stack
from vpcache.stack.target import Target

PLAIN_VPC = Path(__file__).with_name("plain_vpc")
EXAMPLE = ROOT / "examples/byo-vpc"


@pytest.fixture
def network_target(target: Target) -> Iterator[Target]:
    with attached(target, PLAIN_VPC) as with_provider:
        yield with_provider


@pytest.fixture
def example_target(target: Target) -> Iterator[Target]:
    with attached(target, EXAMPLE) as with_provider:
        yield with_provider


@pytest.fixture
def network(network_target: Target, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """Yield the outputs of a VPC of plain resources, with the names of terraform-aws-modules/vpc."""
    stack = Stack(
        name=f"net-{secrets.token_hex(4)}",
        environment_dir=PLAIN_VPC,
        target=network_target,
        work_dir=tmp_path / "network",
        variables={},
        temporary=True,
    )
    stack.init()
    try:
        stack.apply()
        yield dict(stack.outputs())
    finally:
        leftovers = stack.destroy()
    assert leftovers == []


@pytest.mark.lab
def test_modules_work_in_an_existing_vpc(
    network: dict[str, Any], example_target: Target, tmp_path: Path
) -> None:
    stack = Stack(
        name=f"byo-{secrets.token_hex(4)}",
        environment_dir=EXAMPLE,
        target=example_target,
        work_dir=tmp_path / "stack",
        variables={"bundle": Project(ROOT).bundles()["egress_probe"], **network},
        temporary=True,
    )
    stack.init()
    try:
        stack.apply()
        outputs = stack.outputs()
        probes = Probes(example_target, outputs)
        assert sorted(outputs["egress_probes"]) == network["azs"]
        for zone, function in outputs["egress_probes"].items():
            assert probes.egress(zone)
            event = {"connect": outputs["configuration_endpoint"]}
            assert probes.invoke(function, event, "outcome") == "connected"
        assert len(set(outputs["egress_ips"].values())) == len(network["azs"])
        plan = stack.plan()
        assert plan.is_empty, plan.text
    finally:
        leftovers = stack.destroy()
    assert leftovers == []
