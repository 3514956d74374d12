"""Changes of a stack that serves: what one apply can do, and what the plan refuses because AWS would."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import ROOT
from vpcache.drills.load import Load, LoadSize
from vpcache.lab.client import Lab
from vpcache.stack.stack import Stack
from vpcache.stack.target import Target, lab_target
from vpcache.terraform.runner import TerraformError

pytestmark = pytest.mark.lab

LINGER_SECONDS = 20  # for which a function's interfaces outlive their use; on AWS up to 45 minutes

A, B, C = (f"us-east-1{letter}" for letter in "abc")
RANGES = {
    A: {"public_cidr": "10.0.0.0/26", "private_cidr": "10.0.0.128/26"},
    B: {"public_cidr": "10.0.0.64/26", "private_cidr": "10.0.0.192/26"},
    C: {"public_cidr": "10.0.1.0/26", "private_cidr": "10.0.1.128/26"},
}


@dataclass
class Standing:
    """A stack as it was last applied."""

    stack: Stack
    values: dict[str, Any] = field(default_factory=dict)

    def change(self, **values: Any) -> dict[str, tuple[str, ...]]:
        """Apply the stack with some values changed, and return what the plan does to each address.

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

    def refusal(self, **values: Any) -> str:
        """Return why a plan with some values changed is refused."""
        with pytest.raises(TerraformError) as refused:
            self.stack.with_variables(**self.values | values).plan()
        return str(refused.value)


@contextmanager
def callers(target: Target, stack: Stack) -> Iterator[None]:
    """Call the cached API meanwhile. Raises AssertionError if a call for a known key fails or is wrong."""
    with Load(target, stack.outputs()["cached_api"], size=LoadSize(10), keys=12) as load:
        yield
    samples = [sample for sample in load.samples() if sample.is_known]
    assert samples
    assert [sample for sample in samples if sample.failed] == []


@pytest.fixture
def lab(vpcache_run, tmp_path) -> Iterator[Lab]:
    with vpcache_run.own_lab() as lab:
        lab.start(tmp_path / "lab.log")
        lab.configure(interface_linger_seconds=LINGER_SECONDS)
        yield lab


@pytest.fixture
def target(lab) -> Target:
    return lab_target(lab.endpoint, os.environ)


@pytest.fixture
def standing(target, tmp_path, stack_variables) -> Iterator[Standing]:
    stack = Stack(
        name="vpcache-changes",
        environment_dir=ROOT / "envs/dev",
        target=target,
        work_dir=tmp_path / "work",
        variables=stack_variables,
        temporary=True,
    )
    yield Standing(stack)
    assert stack.destroy() == []


def zones(*names: str) -> dict[str, dict[str, str]]:
    return {name[-1]: RANGES[name] for name in names}


def cache(*zones: str, **others: Any) -> dict[str, Any]:
    return {
        "zones": [zone[-1] for zone in zones],
        "node_type": "cache.t4g.micro",
        "transit_encryption": False,
    } | others


def node_zones(stack: Stack) -> list[str]:
    return [node["availability_zone"] for node in stack.outputs()["cache_nodes"]]


def test_changes_are_applied_under_load_or_refused(standing, target, bundle, tmp_path):
    stack = standing.stack
    standing.change(cidr_block="10.0.0.0/23", zones=zones(A, B), cache=cache(A, B))

    # a zone with a cache node, and all of a function that may change
    with callers(target, stack):
        changes = standing.change(
            zones=zones(A, B, C),
            cache=cache(A, B, C),
            memory_size=512,
            bundles=stack.variables["bundles"] | {"cached_api": another_bundle(bundle, tmp_path)},
            address_service_url="https://checkip.amazonaws.com/",
        )
    assert all(C in address for address, actions in changes.items() if actions == ("create",))
    assert not [address for address, actions in changes.items() if "delete" in actions]
    assert node_zones(stack) == [A, B, C]

    # ranges do not change
    moved = zones(A, B) | {C[-1]: RANGES[C] | {"private_cidr": "10.0.1.192/26"}}
    assert f"remove {C} from zones, apply, then add it again" in standing.refusal(zones=moved)
    moved = zones(A, B) | {C[-1]: RANGES[C] | {"public_cidr": "10.0.1.64/26"}}
    assert f"remove {C} from zones, apply, then add it again" in standing.refusal(zones=moved)
    assert "apply a second stack under another name" in standing.refusal(cidr_block="10.0.0.0/22")

    # a zone goes in two steps: first its cache nodes, then the rest
    said = standing.refusal(zones=zones(A, B), cache=cache(A, B))
    assert f"has nodes in {C}: the zones" in said and "Remove the zone from nodes, apply, then" in said
    with callers(target, stack):
        standing.change(cache=cache(A, B, parameters={"max_item_size": "2097152"}))
        changes = standing.change(zones=zones(A, B))
    gone = {address for address, actions in changes.items() if actions == ("delete",)}
    assert len(gone) == 15, gone  # subnets, routes, gateway, address and the probe with all that is its own
    assert all(C in address for address in gone)
    assert all(changes[address] == ("update",) for address in changes.keys() - gone)
    assert stack.outputs()["zones"] == [A, B]

    # two zones to one node, which AWS can do by another cluster only; node type and TLS replace it too
    assert "change node_type in the same apply" in standing.refusal(cache=cache(A))
    with callers(target, stack):
        changes = standing.change(cache=cache(A, node_type="cache.t4g.small", transit_encryption=True))
    assert changes["module.elasticache_memcached.aws_elasticache_cluster.this"] == ("delete", "create")
    assert node_zones(stack) == [A]


def another_bundle(bundle, tmp_path: Path) -> dict[str, str]:
    """Return a bundle of the cached API that differs by a comment."""
    folder = tmp_path / "cached_api"
    shutil.copytree(ROOT / "lambda/cached_api", folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "handler.py").write_text((folder / "handler.py").read_text() + "\n# changed\n")
    return bundle(folder)
