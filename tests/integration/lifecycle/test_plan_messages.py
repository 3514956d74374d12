"""What `plan` and `apply` say of values, warnings and losses, in an environment that applies in seconds."""

import json
import secrets

import pytest

from tests.support.commands import Commands
from tests.support.small_project import make_small_project

pytestmark = pytest.mark.lab

TINY = """
terraform {
  backend "s3" {}
}

variable "name" {}

variable "settings" {
  type = object({ version = optional(number, 1), parts = optional(set(string), []) })
}

resource "terraform_data" "this" {
  triggers_replace = var.settings.version
}

resource "terraform_data" "part" {
  for_each = var.settings.parts
}

check "freshness" {
  assert {
    condition     = var.settings.version > 1
    error_message = "The version is old."
  }
}
"""
WARNING = "note: Terraform warns: Check block assertion failed: The version is old. (envs/tiny/main.tf:22)"


@pytest.fixture
def name():
    return f"tiny-{secrets.token_hex(3)}"


@pytest.fixture
def tiny(tmp_path, lab):
    project = make_small_project(tmp_path / "project")
    folder = project / "envs/tiny"
    folder.mkdir()
    (folder / "main.tf").write_text(TINY)
    return Commands(lab.port, project)


def test_plan_reports_warnings_losses_and_misspelt_values(tiny, name):
    values = tiny.root / "envs/tiny/terraform.tfvars"
    stack = ("--env", "tiny", "--name", name)
    values.write_text("setings = {}\n")
    line = tiny.refuse("plan", *stack)
    misspelt = '1: the root module has no variable "setings": did you mean settings?'
    assert line == f"error: {values}:{misspelt}"
    values.write_text('settings = { version = "one" }\n')
    assert "(envs/tiny/terraform.tfvars:1) (full log: " in tiny.refuse("plan", *stack)

    values.write_text('settings = { parts = ["a", "b"] }\n')
    applied = tiny.run("apply", *stack)
    assert applied.returncode == 0, applied.stderr
    assert applied.stderr.splitlines().count(WARNING) == 1, applied.stderr
    assert tiny.succeed("outputs", *stack, "--json") == "{}\n"  # the root module has no outputs

    values.write_text("settings = { version = 2 }\n")
    lost = {
        "replaces": ["terraform_data.this"],
        "destroys": ['terraform_data.part["a"]', 'terraform_data.part["b"]'],
    }
    line = f"replaces 1: {lost['replaces'][0]}; destroys 2: {', '.join(lost['destroys'])}"
    planned = tiny.run("plan", *stack)
    assert planned.stdout.splitlines()[-1] == line
    assert "warns" not in planned.stderr
    document = json.loads(tiny.succeed("plan", *stack, "--json"))
    assert {key: document[key] for key in lost} == lost
    tiny.succeed("destroy", *stack)
    assert f"nothing is left of {name}" in tiny.succeed("destroy", *stack)
    assert f"run `./inv apply --env tiny --name {name}`" in tiny.refuse("outputs", *stack)
