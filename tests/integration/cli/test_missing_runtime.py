"""A machine without the Python of a stack's functions: the tasks run them on another one, and say so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import Commands, own_lab
from tests.support.network.vpc_factory import zip_of
from tests.support.runtimes import HOST_PYTHON
from tests.support.small_project import HEAD, make_small_project
from vpcache.lab.client import Lab
from vpcache.lab.functions.python.interpreters import find_interpreter
from vpcache.testing.run import PytestRun

pytestmark = pytest.mark.lab

MAIN = (
    HEAD
    + """
resource "aws_iam_role" "this" {
  name = var.name
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }
    ]
  })
}

resource "aws_lambda_function" "this" {
  function_name = var.name
  role          = aws_iam_role.this.arn
  runtime       = "RUNTIME"
  handler       = "index.handler"
  filename      = "${path.module}/index.zip"
}

output "function" {
  value = aws_lambda_function.this.function_name
}
"""
)


@pytest.fixture
def bare_machine(tmp_path: Path) -> dict[str, str]:
    """Environment variables with which no pyenv and no uv is found."""
    return {"HOME": str(tmp_path), "PYENV_ROOT": "", "UV_PYTHON_INSTALL_DIR": "", "XDG_DATA_HOME": ""}


@pytest.fixture
def missing(bare_machine: dict[str, str]) -> str:
    """A runtime of Terraform's provider whose Python is missing."""
    environ = os.environ | bare_machine
    return next(f"python3.{minor}" for minor in range(13, 7, -1) if not find_interpreter((3, minor), environ))


@pytest.fixture
def commands(vpcache_run: PytestRun, tmp_path: Path, missing: str) -> Iterator[Commands]:
    """The tasks of a project with a function in this runtime."""
    root = make_small_project(tmp_path / "project")
    (root / "envs/small/main.tf").write_text(MAIN.replace("RUNTIME", missing))
    (root / "envs/small/index.zip").write_bytes(zip_of("def handler(event, context): pass"))
    with own_lab(vpcache_run) as own:
        yield Commands(own.port, root)


def test_apply_refuses_or_notices_the_missing_runtime(
    commands: Commands, bare_machine: dict[str, str], missing: str
) -> None:
    words = ("apply", "--env", "small")
    refused = commands.run(*words, **bare_machine)
    assert refused.returncode == 1
    remedy = f"`uv python install {missing.removeprefix('python')}`"
    assert f"The runtime {missing} is not supported" in refused.stderr and remedy in refused.stderr
    commands.succeed("lab.stop", "--yes")  # the failed stack is in its journal
    (commands.root / "pyproject.toml").write_text('[tool.vpcache.lab]\nmissing_runtime = "host"\n')
    applied = commands.run(*words, **bare_machine)
    assert applied.returncode == 0, applied.stderr
    note = f"functions with the runtime {missing} run on this machine's {HOST_PYTHON}: {remedy}"
    assert applied.stderr.splitlines() == [f"note: {note} installs theirs"]
    assert Lab(commands.port).settings().missing_runtime == "host"


def test_invalid_setting_of_a_project_is_one_line(commands: Commands) -> None:
    file = commands.root / "pyproject.toml"
    file.write_text('[tool.vpcache.lab]\nmissing_runtime = "other"\n')
    assert "setting missing_runtime is 'other': must be refuse or host" in commands.refuse("lab.start")
    file.write_text("[tool.vpcache.lab\n")
    assert "is not valid TOML" in commands.refuse("lab.start")
