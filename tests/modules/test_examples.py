"""The modules' examples on the lab: apply, proof by packets, an empty plan, destroy without leftovers."""

import secrets
from pathlib import Path

import pytest

from tests.support.examples.proofs import PROOFS, Applied, Proof
from tests.support.paths import ROOT
from vpcache.stack.stack import Stack
from vpcache.terraform.root_module import declared_variables

EXAMPLES = sorted(main.parent for main in ROOT.glob("modules/*/examples/*/main.tf"))


def label(example: Path) -> str:
    """Return the module and the name of an example."""
    return f"{example.parents[1].name}-{example.name}"


@pytest.mark.lab
@pytest.mark.parametrize("example", EXAMPLES, ids=label)
def test_example_applies_and_destroys(example, attached_target, tmp_path):
    proof = PROOFS.get(label(example), Proof())
    has_function = "bundle" in declared_variables(example)
    stack = Stack(
        name=f"ex-{secrets.token_hex(4)}",
        environment_dir=example,
        target=attached_target,
        work_dir=tmp_path,
        variables={**proof.variables, **({"bundle": proof.bundle(tmp_path)} if has_function else {})},
        temporary=True,
    )
    stack.init()
    try:
        stack.apply()
        plan = stack.plan()
        assert plan.is_empty, plan.text
        proof.check(Applied(stack, tmp_path))
    finally:
        leftovers = stack.destroy()
    assert leftovers == []


def test_each_module_has_an_example():
    modules = {path.name for path in (ROOT / "modules").iterdir()}
    assert {example.parents[1].name for example in EXAMPLES} == modules


def test_proved_examples_exist():
    assert {label(example) for example in EXAMPLES} >= PROOFS.keys()
