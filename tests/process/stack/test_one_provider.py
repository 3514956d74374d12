"""When plans of a stack share one provider process, with programs in place of it and of Terraform."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.terraform.stand_in import stand_in, stand_in_provider
from vpcache.stack.stack import Plan, Stack
from vpcache.stack.target import AWS, LAB, TargetName, lab_target

TERRAFORM = """\
if [ "$1" = version ]; then
  echo '{"terraform_version": "1.11.4"}'
else
  echo "{\\"addresses\\": \\"$(echo "$TF_REATTACH_PROVIDERS" | tr -d '\\"')\\"}"
fi
"""
ATTACHED = "{aws:{}}"


@pytest.fixture
def new_stack(tmp_path: Path) -> Callable[..., Stack]:
    """Create a stack of a root module with `hcl`, whose data are those of an init."""
    bin_dir, root_module, work_dir = (tmp_path / name for name in ("bin", "infra", "work"))
    for folder in (bin_dir, root_module, work_dir):
        folder.mkdir()
    stand_in(bin_dir, TERRAFORM)
    stand_in_provider(work_dir / "terraform")
    environ = {"FOLDER": str(tmp_path), "PATH": f"{bin_dir}:{os.environ['PATH']}", "HOME": str(tmp_path)}

    def create(hcl: str = "", file: str = "main.tf", target_name: TargetName = LAB) -> Stack:
        (root_module / file).write_text(hcl)
        target = replace(lab_target("http://127.0.0.1:1", environ), name=target_name)
        return Stack(name="shop", environment_dir=root_module, target=target, work_dir=work_dir, variables={})

    return create


def addresses(stack: Stack) -> str:
    """Return the addresses of attached providers that `terraform show` gets."""
    plan = Plan(0, 0, 0, path=Path("plan.tfplan"), render=str)
    return str(stack.plan_json(plan)["addresses"])


def test_lab_is_planned_with_an_attached_provider(new_stack: Callable[..., Stack], tmp_path: Path) -> None:
    stack = new_stack('provider "aws" {}')
    assert addresses(stack) == ATTACHED
    first = (tmp_path / "pid").read_text()
    with stack.one_provider():
        assert addresses(stack) == addresses(stack) == ATTACHED
        second = (tmp_path / "pid").read_text()
        assert addresses(stack) == ATTACHED
        assert (tmp_path / "pid").read_text() == second != first


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"target_name": AWS}, id="AWS"),
        pytest.param({"hcl": 'provider "aws" {}\nprovider "aws" {\n  alias = "east"\n}\n'}, id="alias"),
        pytest.param(
            {"hcl": '{"provider": {"aws": [{}, {"alias": "east"}]}}', "file": "main.tf.json"}, id="JSON"
        ),
    ],
)
def test_terraform_starts_the_provider(new_stack: Callable[..., Stack], changes: dict[str, str]) -> None:
    stack = new_stack(**changes)
    with stack.one_provider():
        assert addresses(stack) == ""
