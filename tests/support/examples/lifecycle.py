"""An example of a module on the lab: apply, an empty plan, its proof, destroy without leftovers."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from tests.support.examples.proofs import PROOFS, Applied, Proof
from tests.support.paths import MODULES
from tests.support.terraform.attached import attached
from vpcache.stack.stack import Stack
from vpcache.stack.target import Target
from vpcache.terraform.root_module import declared_variables


def examples(module: str = "*") -> list[Path]:
    """Return the root modules of a module's examples, by default of all modules."""
    return sorted(main.parent for main in MODULES.glob(f"{module}/examples/*/main.tf"))


def label(example: Path) -> str:
    """Return the module and the name of an example."""
    return f"{example.parents[1].name}-{example.name}"


def each_example(module: str) -> pytest.MarkDecorator:
    """Parametrize a test with the examples of a module. Each module has a file, so one worker runs it."""
    return pytest.mark.parametrize("example", examples(module), ids=label)


def apply_and_destroy(example: Path, target: Target, folder: Path) -> None:
    """Apply an example, plan it again, check its proof and destroy it. Its files are below `folder`."""
    proof = PROOFS.get(label(example), Proof())
    has_function = "bundle" in declared_variables(example)
    with attached(target, example) as with_provider:
        stack = Stack(
            name=f"ex-{secrets.token_hex(4)}",
            environment_dir=example,
            target=with_provider,
            work_dir=folder,
            variables={**proof.variables, **({"bundle": proof.bundle(folder)} if has_function else {})},
            temporary=True,
        )
        stack.init()
        try:
            stack.apply()
            plan = stack.plan()
            assert plan.is_empty, plan.text
            proof.check(Applied(stack, folder))
        finally:
            leftovers = stack.destroy()
    assert leftovers == []
