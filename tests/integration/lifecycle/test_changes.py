"""Changes of a stack under load: possible ones, and those that the plan rejects because AWS would."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import ROOT
from tests.support.terraform.attached import attached
from vpcache.drills.load import Load, LoadSize
from vpcache.lab.client import Lab
from vpcache.stack.stack import Stack
from vpcache.stack.target import Target, lab_target
from vpcache.terraform.runner import TerraformError

pytestmark = pytest.mark.lab

LINGER_SECONDS = 20  # until unused interfaces of a function are deleted; on AWS up to 45 minutes

A, B, C = (f"us-east-1{letter}" for letter in "abc")
CIDRS = {
    A: {"public_cidr": "10.0.0.0/26", "private_cidr": "10.0.0.128/26"},
    B: {"public_cidr": "10.0.0.64/26", "private_cidr": "10.0.0.192/26"},
    C: {"public_cidr": "10.0.1.0/26", "private_cidr": "10.0.1.128/26"},
}


@dataclass
class DeployedStack:
    """A stack and its current variables."""

    stack: Stack
    values: dict[str, Any] = field(default_factory=dict)

    def change(self, **values: Any) -> dict[str, tuple[str, ...]]:
        """Apply the stack with changed variables; return the plan's actions by address.

        Raises AssertionError if a second plan is not empty.
        """
        self.values |= values
        changed = self.stack.with_variables(**self.values)
        changed.init()
        plan = changed.plan()
        changes = changed.changes(plan)
        changed.apply(plan)
        second = changed.plan()
        assert second.is_empty, second.text
        return changes

    def plan_error(self, **values: Any) -> str:
        """Return the error message of a plan with changed variables."""
        with pytest.raises(TerraformError) as raised:
            self.stack.with_variables(**self.values | values).plan()
        return str(raised.value)


@contextmanager
def under_load(target: Target, stack: Stack) -> Iterator[None]:
    """Load the cached API. Raises AssertionError if a call for a known key fails or has a wrong answer.

    With four connections, at most four sandboxes start at once after a change. With more, the starts on a
    busy machine take longer than the origin's time limit.
    """
    with Load(target, stack.outputs()["cached_api"], size=LoadSize(10, connections=4), keys=12) as load:
        yield
    samples = [sample for sample in load.samples() if sample.is_known]
    assert samples
    assert [sample for sample in samples if sample.failed] == []


@pytest.fixture
def lab(vpcache_run, tmp_path) -> Iterator[Lab]:
    with vpcache_run.own_lab() as lab:
        lab.start(tmp_path / "lab.log")
        lab.configure(interface_linger_seconds=LINGER_SECONDS, missing_runtime="host")
        yield lab


@pytest.fixture
def target(lab) -> Iterator[Target]:
    with attached(lab_target(lab.endpoint, os.environ), ROOT / "envs/dev") as with_provider:
        yield with_provider


@pytest.fixture
def deployed(target, tmp_path, stack_variables) -> Iterator[DeployedStack]:
    stack = Stack(
        name="vpcache-changes",
        environment_dir=ROOT / "envs/dev",
        target=target,
        work_dir=tmp_path / "work",
        variables=stack_variables,
        temporary=True,
    )
    yield DeployedStack(stack)
    assert stack.destroy() == []


def zones(*names: str) -> dict[str, dict[str, str]]:
    return {name[-1]: CIDRS[name] for name in names}


def cache(*zones: str, **others: Any) -> dict[str, Any]:
    return {
        "zones": [zone[-1] for zone in zones],
        "node_type": "cache.t4g.micro",
        "transit_encryption": False,
    } | others


def node_zones(stack: Stack) -> list[str]:
    return [node["availability_zone"] for node in stack.outputs()["cache_nodes"]]


def test_changes_are_applied_under_load_or_refused(deployed, target, bundle, tmp_path):
    stack = deployed.stack
    deployed.change(zones=zones(A, B), cache=cache(A, B))

    # add a zone with a cache node in a secondary CIDR block, as the VPC's is full, and change a function
    with under_load(target, stack):
        changes = deployed.change(
            secondary_cidr_blocks=["10.0.1.0/24"],
            zones=zones(A, B, C),
            cache=cache(A, B, C),
            memory_size=512,
            bundles=stack.variables["bundles"] | {"cached_api": another_bundle(bundle, tmp_path)},
            address_service_url="https://checkip.amazonaws.com/",
        )
    created = {address for address, actions in changes.items() if actions == ("create",)}
    of_block = {address for address in created if "10.0.1.0/24" in address}
    assert len(of_block) == 4, of_block  # the block, and a rule of each zone's probe
    assert all(C in address for address in created - of_block)
    assert not [address for address, actions in changes.items() if "delete" in actions]
    assert node_zones(stack) == [A, B, C]

    # CIDR blocks cannot change
    moved = zones(A, B) | {C[-1]: CIDRS[C] | {"private_cidr": "10.0.1.192/26"}}
    assert f"remove {C} from zones, apply, then add it again" in deployed.plan_error(zones=moved)
    moved = zones(A, B) | {C[-1]: CIDRS[C] | {"public_cidr": "10.0.1.64/26"}}
    assert f"remove {C} from zones, apply, then add it again" in deployed.plan_error(zones=moved)
    message = deployed.plan_error(cidr_block="10.0.0.0/22", secondary_cidr_blocks=[])
    assert "apply a second stack under another name" in message

    # a zone is removed in two steps: first its cache nodes, then the rest
    message = deployed.plan_error(zones=zones(A, B), cache=cache(A, B))
    assert f"has nodes in {C}: the zones" in message and "Remove the zone from nodes, apply, then" in message
    with under_load(target, stack):
        deployed.change(cache=cache(A, B, parameters={"max_item_size": "2097152"}))
        changes = deployed.change(zones=zones(A, B))
    deleted = {address for address, actions in changes.items() if actions == ("delete",)}
    assert len(deleted) == 16, deleted  # subnets, routes, NAT gateway, elastic IP and the zone's probe
    assert all(C in address for address in deleted)
    assert all(changes[address] == ("update",) for address in changes.keys() - deleted)
    assert stack.outputs()["zones"] == [A, B]

    # AWS requires another cluster for one node instead of two zones, for another node type and for TLS
    assert "change node_type in the same apply" in deployed.plan_error(cache=cache(A))
    with under_load(target, stack):
        changes = deployed.change(cache=cache(A, node_type="cache.t4g.small", transit_encryption=True))
    assert changes["module.elasticache_memcached.aws_elasticache_cluster.this[0]"] == ("delete", "create")
    assert node_zones(stack) == [A]


def another_bundle(bundle: Callable[[Path], dict[str, str]], tmp_path: Path) -> dict[str, str]:
    """Return a bundle of the cached API with another comment."""
    folder = tmp_path / "cached_api"
    shutil.copytree(ROOT / "lambda/cached_api", folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "handler.py").write_text((folder / "handler.py").read_text() + "\n# changed\n")
    return bundle(folder)
