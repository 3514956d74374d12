"""Changes of a protected stack that lose something, and changes that are refused in any stack."""

from __future__ import annotations

import pytest

from tests.support.commands import Commands
from vpcache.stack.leftovers import leftovers

pytestmark = pytest.mark.lab

SECOND_ZONE = '    us-east-1b = { public_cidr = "10.7.0.64/26", private_cidr = "10.7.0.192/26" },'
SUBNET = """
resource "aws_subnet" "more" {
  vpc_id     = module.vpc.vpc_id
  cidr_block = "CIDR"
}
"""
PROTECTION = 'variable "protected" {\n  type = bool\n}\n'


def test_destroy_of_a_protected_stack_needs_its_name(small, name, stack, target):
    _protect(small)
    line = small.refuse("destroy", *stack, "--yes")
    assert f"./inv destroy --env small --name {name} --yes --confirm {name}" in line
    assert "--confirm is 'other'" in small.refuse("destroy", *stack, "--confirm", "other")
    assert "VPC" in {item.kind for item in leftovers(target, name)}
    assert f"nothing is left of {name}" in small.succeed("destroy", *stack, "--confirm", name)


def test_sweep_of_a_protected_stack_needs_its_name(small, name, stack, target):
    _protect(small)
    small.succeed("apply", *stack)  # writes the protection into the journal
    (small.root / "envs/small/terraform.tfvars").write_text("protected = false\n")
    assert f"--confirm {name}" in small.refuse("sweep", "--name", name, "--yes")
    assert "VPC" in {item.kind for item in leftovers(target, name)}


def test_protected_subnets_need_the_name_to_be_deleted(small, name, stack, target):
    main = small.root / "envs/small/main.tf"
    before = main.read_text()
    main.write_text(before.replace("zones      = {", f"zones      = {{\n{SECOND_ZONE}"))
    _protect(small)
    small.succeed("apply", *stack, "--yes")
    main.write_text(before)
    line = small.refuse("apply", *stack, "--yes")
    assert "delete module.vpc.aws_subnet.private" in line
    assert f"{name} is protected" in line
    small.succeed("apply", *stack, "--confirm", name)


def test_subnet_replacement_is_refused(small, name, stack, target):
    """The modules reject this themselves; another root module may not."""
    more = small.root / "envs/small/more.tf"
    more.write_text(SUBNET.replace("CIDR", "10.7.0.64/27"))
    small.succeed("apply", *stack)
    more.write_text(SUBNET.replace("CIDR", "10.7.0.96/27"))
    line = small.refuse("apply", *stack, "--yes")
    assert "replace aws_subnet.more" in line
    assert "remove the zone from the environment, apply, and add it again" in line
    assert f"--confirm {name}" in line


def _protect(small: Commands) -> None:
    (small.root / "envs/small/terraform.tfvars").write_text("protected = true\n")
    (small.root / "envs/small/protected.tf").write_text(PROTECTION)
