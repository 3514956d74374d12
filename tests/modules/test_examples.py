"""The modules' examples on the lab: apply, an empty second plan, destroy without leftovers."""

import secrets

import pytest

from tests.support.paths import ROOT
from vpcache.project import Project
from vpcache.stack.stack import Stack
from vpcache.terraform.root_module import declared_variables

EXAMPLES = sorted(main.parent for main in ROOT.glob("modules/*/examples/*/main.tf"))


@pytest.mark.lab
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: f"{path.parents[1].name}-{path.name}")
def test_example_applies_and_destroys(example, target, tmp_path):
    name = f"ex-{secrets.token_hex(4)}"
    bundle = Project(ROOT).bundles()["egress_probe"]
    stack = Stack(
        name=name,
        environment_dir=example,
        target=target,
        work_dir=tmp_path,
        variables={"bundle": bundle} if "bundle" in declared_variables(example) else {},
        temporary=True,
    )
    stack.init()
    try:
        stack.apply()
        plan = stack.plan()
        assert plan.is_empty, plan.text
    finally:
        leftovers = stack.destroy()
    assert leftovers == []


def test_each_module_has_an_example():
    modules = {path.name for path in (ROOT / "modules").iterdir()}
    assert {example.parents[1].name for example in EXAMPLES} == modules
