"""Each module's examples on the lab: they apply, a second plan is empty, destroy leaves nothing."""

import secrets

import pytest

from tests.support.paths import ROOT
from vpcache.project import Project
from vpcache.stack.stack import Stack

EXAMPLES = sorted(main.parent for main in ROOT.glob("modules/*/examples/*/main.tf"))


@pytest.mark.lab
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: f"{path.parents[1].name}-{path.name}")
def test_applies_stays_and_goes(example, target, tmp_path):
    name = f"ex-{secrets.token_hex(4)}"
    bundle = Project(ROOT).bundles()["egress_probe"]
    takes_bundle = 'variable "bundle"' in (example / "main.tf").read_text()
    stack = Stack(
        name=name,
        environment_dir=example,
        target=target,
        work_dir=tmp_path,
        variables={"bundle": bundle} if takes_bundle else {},
        temporary=True,
    )
    stack.init()
    try:
        stack.apply()
        plan = stack.plan()
        assert plan.is_empty, plan.text
    finally:
        left = stack.destroy()
    assert left == []


def test_every_module_has_an_example():
    modules = {path.name for path in (ROOT / "modules").iterdir()}
    assert {example.parents[1].name for example in EXAMPLES} == modules
