"""The lifecycle of a stack and its lab: apply, use, destroy, stop."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support.commands import (
    Commands,
    host_state,
    interrupt_when,
    namespace_processes,
    own_lab,
    wait_until_gone,
)
from tests.support.nightly.role import allowed_actions, needed_actions
from vpcache.lab.client import Lab
from vpcache.stack.target import lab_target

pytestmark = pytest.mark.lab


@dataclass(frozen=True)
class AppliedStack:
    """A stack on a dedicated lab."""

    commands: Commands
    name: str
    host_before: dict[str, list[str]]
    output: str

    @property
    def options(self) -> tuple[str, ...]:
        """The options that select the stack."""
        return ("--env", "dev", "--name", self.name)

    def succeed(self, task: str, *words: str) -> str:
        """Run a task of the stack and return its output."""
        return self.commands.succeed(task, *self.options, *words)

    def header(self, task: str) -> str:
        """Return the first line of a task's output: environment, target, account, region."""
        return f"{task} dev on lab as {self.name}, account 123456789012, us-east-1\n"


@dataclass(frozen=True)
class DestroyedStack:
    """A stack that was destroyed; `processes` are those of its lab."""

    stack: AppliedStack
    output: str
    processes: set[int]


@pytest.fixture(scope="module")
def applied(vpcache_run) -> Iterator[AppliedStack]:
    """A stack, applied once for the tests of this file."""
    host_before = host_state()
    with own_lab(vpcache_run) as commands:
        name = f"life-{commands.port}"
        output = commands.succeed("apply", "--env", "dev", "--name", name)
        yield AppliedStack(commands, name, host_before, output)


@pytest.fixture(scope="module")
def destroyed(applied) -> DestroyedStack:
    """The stack after its destroy. Tests that use `applied` are above those that use this."""
    applied.succeed("call")
    processes = namespace_processes(applied.commands.lab_pid())
    assert len(processes) >= 5, "the daemon, two memcached nodes and workers should be in its namespace"
    output = applied.succeed("destroy")
    return DestroyedStack(applied, output, processes | namespace_processes(applied.commands.lab_pid()))


@pytest.fixture
def commands(vpcache_run):
    with own_lab(vpcache_run) as commands:
        yield commands


def test_apply_prints_header_and_summary(applied):
    assert applied.output.startswith(applied.header("apply"))
    assert "egress IP 203.0.113." in applied.output


def test_plan_after_apply_has_no_changes(applied):
    assert applied.succeed("plan") == f"{applied.header('plan')}no changes\n"
    counts, lists = dict.fromkeys(("add", "change", "remove"), 0), ("replaces", "destroys", "leftovers")
    unchanged = {**counts, "changes": {}, **{name: [] for name in lists}}
    assert json.loads(applied.succeed("plan", "--json")) == unchanged


def test_first_call_misses_and_later_calls_hit(applied):
    calls = [json.loads(applied.succeed("call", "--json")) for _ in range(4)]
    assert [call["source"] for call in calls] == ["origin", "cache", "cache", "cache"]
    miss, *hits = (call["function_ms"] for call in calls)
    assert min(hits) <= miss / 10  # one hit may wait for the processor


@pytest.mark.parametrize("task", ["outputs", "call", "verify"])
def test_tasks_print_environment_target_and_account(applied, task):
    assert applied.succeed(task).startswith(applied.header(task))


def test_unlock_prints_target_and_account(applied):
    output = applied.commands.succeed("unlock", "--name", applied.name)
    assert output.startswith(f"unlock {applied.name} on lab, account 123456789012, us-east-1\n")


def test_live_diagram_marks_every_probe_as_passed(applied, tmp_path):
    verdict = json.loads(applied.succeed("verify", "--json"))
    assert verdict["passed"], verdict
    svg = tmp_path / "life.svg"
    report = json.loads(applied.succeed("diagram", "--live", "--svg", str(svg), "--json"))
    assert report == {"drawn_from": "state", "svg": str(svg)}
    text = svg.read_text()
    assert text.count('class="mark passed"') > len(verdict["probes"])  # below the diagram and on it
    assert 'class="mark failed"' not in text


def test_destroy_leaves_nothing(destroyed):
    assert destroyed.output.startswith(destroyed.stack.header("destroy"))
    assert f"nothing is left of {destroyed.stack.name}" in destroyed.output
    assert "applied" in destroyed.stack.commands.refuse("call", *destroyed.stack.options)


def test_diagram_after_destroy_is_of_the_plan(destroyed, tmp_path):
    svg = tmp_path / "life.svg"
    report = json.loads(destroyed.stack.succeed("diagram", "--svg", str(svg), "--json"))
    assert report["drawn_from"] == "plan"


def test_nightly_role_allows_all_calls_of_a_lifecycle(destroyed):
    calls = Lab(destroyed.stack.commands.port).calls()
    assert needed_actions(calls) <= allowed_actions(), "the role in examples/nightly-role lacks something"


def test_memory_of_the_daemon_is_small_after_a_lifecycle(destroyed):
    assert Lab(destroyed.stack.commands.port).daemon_stats().memory_mb <= 150  # MiB


def test_lab_stop_leaves_nothing_on_the_host(destroyed):
    destroyed.stack.commands.succeed("lab.stop")
    wait_until_gone(destroyed.processes)
    assert host_state() == destroyed.stack.host_before


def test_interrupted_apply_can_be_destroyed(commands):
    stack = ("--env", "dev", "--name", f"cut-{commands.port}")
    with commands.start("apply", *stack) as process:
        out, err = interrupt_when(process, "aws_iam_role.this")
    assert process.returncode == 130, out + err
    assert len(err.splitlines()) == 1
    assert "interrupted by SIGINT" in err
    assert "nothing is left" in commands.succeed("destroy", *stack)


def test_kernel_cleans_up_after_a_killed_daemon(commands):
    before = host_state()
    commands.succeed("lab.start")
    _create_network(lab_target(Lab(commands.port).endpoint, os.environ))
    pid = commands.lab_pid()
    lab_processes = namespace_processes(pid)
    assert len(lab_processes) > 2, "a memcached node should be in its namespace"
    os.kill(pid, signal.SIGKILL)
    wait_until_gone(lab_processes)
    assert host_state() == before
    assert commands.lab_pid() is None


def _create_network(target):
    """Create a VPC with one cache node."""
    ec2, cache = target.client("ec2"), target.client("elasticache")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/25", AvailabilityZone="us-east-1a")["Subnet"][
        "SubnetId"
    ]
    cache.create_cache_subnet_group(
        CacheSubnetGroupName="kv", CacheSubnetGroupDescription="kv", SubnetIds=[subnet]
    )
    cache.create_cache_cluster(
        CacheClusterId="kv",
        Engine="memcached",
        CacheNodeType="cache.t4g.micro",
        NumCacheNodes=1,
        CacheSubnetGroupName="kv",
    )
