"""A lab that keeps its state is killed at random moments: it comes back, and the plan is right."""

from __future__ import annotations

import json
import random
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import Commands, kill_lab
from tests.support.small_project import HEAD, make_small_project
from vpcache.lab.client import Lab
from vpcache.testing.run import PytestRun

pytestmark = pytest.mark.lab

MAIN = (
    HEAD
    + """
locals {
  generation = jsondecode(file("${path.module}/generation.json"))
}

resource "aws_vpc" "this" {
  cidr_block = "10.9.0.0/24"
}

resource "aws_security_group" "this" {
  count = 1 + local.generation % 4

  name   = "${var.name}-${count.index}"
  vpc_id = aws_vpc.this.id
}

resource "aws_eip" "this" {
  count = 1 + local.generation % 3

  domain = "vpc"
}

resource "aws_iam_role" "this" {
  count = 1 + local.generation % 2

  name               = "${var.name}-${count.index}"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_cloudwatch_log_group" "this" {
  count = 2

  name = "${var.name}-${local.generation}-${count.index}"
}
"""
)
IN_FLIGHT = ("Plan:", "to add", "to destroy", "interrupted", "lock", "is running", "+ ", "- ")
"""What a plan says about what was in flight, if it is not empty."""

_REPAIRED = 5
"""After as many rounds an apply is not interrupted. The others continue from what a killed lab has left."""


@pytest.fixture
def persistent(tmp_path: Path, vpcache_run: PytestRun, monkeypatch: pytest.MonkeyPatch) -> Iterator[Commands]:
    """A small project whose tasks start a lab that keeps its state."""
    monkeypatch.setenv("VPCACHE_LAB_PERSIST", str(tmp_path / "state"))
    root = make_small_project(tmp_path / "project")
    (root / "envs/small/main.tf").write_text(MAIN)
    with vpcache_run.own_lab() as lab:
        yield Commands(lab.port, root)


@pytest.mark.parametrize("rounds", [2, pytest.param(20, marks=pytest.mark.long)])
def test_killed_lab_comes_back_with_its_stack(persistent: Commands, rounds: int) -> None:
    seed = secrets.randbits(32)
    generator = random.Random(seed)
    stack = ("--env", "small", "--name", "killed")
    lab = Lab(persistent.port)
    _set_generation(persistent, 0)
    persistent.succeed("apply", *stack, "--yes")
    _set_generation(persistent, 1)
    duration = _duration(persistent, "apply", *stack, "--yes")

    for number in range(2, rounds + 2):
        moment = generator.uniform(0, duration)
        _set_generation(persistent, number)
        with persistent.start("apply", *stack, "--yes") as process:
            time.sleep(moment)  # the random moment
            kill_lab(lab)
            _, err = process.communicate(timeout=180)
        assert "Traceback" not in err

        started = time.monotonic()
        persistent.succeed("lab.start")
        seconds = time.monotonic() - started
        assert lab.differences() == []
        planned = persistent.run("plan", *stack)
        text = planned.stdout + planned.stderr
        is_empty = "no changes" in text
        summary = " | ".join(text.strip().splitlines()[-2:])
        print(
            f"round {number - 1}: killed after {moment:.1f} of {duration:.1f} s, apply ended with "
            f"{process.returncode}, "
            f"started in {seconds:.1f} s, plan: {'empty' if is_empty else summary}",
            flush=True,
        )
        assert is_empty or any(each in text for each in IN_FLIGHT), f"seed {seed}: {text}"
        assert "Traceback" not in planned.stderr
        if number % _REPAIRED == 0 or number > rounds:
            duration = _duration(persistent, "apply", *stack, "--yes")
            assert "no changes" in persistent.succeed("plan", *stack), f"seed {seed}, round {number}"

    persistent.succeed("destroy", *stack, "--yes")
    assert lab.differences() == []


def _duration(commands: Commands, *words: str) -> float:
    """Run a task, and return how many seconds it took."""
    began = time.monotonic()
    commands.succeed(*words)
    return time.monotonic() - began


def _set_generation(commands: Commands, number: int) -> None:
    (commands.root / "envs/small/generation.json").write_text(json.dumps(number))
