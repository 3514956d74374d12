"""The whole way as a user goes it, on a lab of the test's own."""

import json
import os
import signal

import pytest

from tests.support.commands import inhabitants, interrupt_when, machine, own_lab, wait_until_gone
from tests.support.nightly.role import allowed_actions, needed_actions
from vpcache.lab.client import Lab
from vpcache.stack.target import lab_target

pytestmark = pytest.mark.lab


@pytest.fixture
def commands(vpcache_run):
    with own_lab(vpcache_run) as commands:
        yield commands


def test_from_apply_to_nothing_left(commands, tmp_path):
    before = machine()
    name = f"life-{commands.port}"
    stack = ("--env", "dev", "--name", name)

    summary = commands.succeed("apply", *stack)
    assert summary.startswith(_header("apply", name))
    assert "egress by 203.0.113." in summary
    assert commands.succeed("plan", *stack) == f"{_header('plan', name)}no changes\n"
    unchanged = {"add": 0, "change": 0, "remove": 0, "changes": {}, "leftovers": []}
    assert json.loads(commands.succeed("plan", *stack, "--json")) == unchanged
    assert commands.succeed("outputs", *stack).startswith(_header("outputs", name))
    calls = [json.loads(commands.succeed("call", *stack, "--json")) for _ in range(4)]
    assert [call["source"] for call in calls] == ["origin", "cache", "cache", "cache"]
    miss, *hits = (call["function_ms"] for call in calls)
    assert min(hits) <= miss / 10  # one hit may wait for the processor
    verdict = json.loads(commands.succeed("verify", *stack, "--json"))
    assert verdict["passed"], verdict
    for task in ("call", "verify"):
        assert commands.succeed(task, *stack).startswith(_header(task, name))
    unlocked = commands.succeed("unlock", "--name", name)
    assert unlocked.startswith(f"unlock on lab of {name}, account 123456789012, us-east-1\n")
    svg = tmp_path / "life.svg"
    drawn = json.loads(commands.succeed("diagram", *stack, "--live", "--svg", str(svg), "--json"))
    assert drawn == {"drawn_from": "state", "svg": str(svg)}
    assert svg.read_text().count('class="mark passed"') == 12  # seven probes, five of them on the picture too
    lab_processes = inhabitants(commands.lab_pid())
    assert len(lab_processes) >= 5, "the daemon, two memcached nodes and workers should live in there"

    destroyed = commands.succeed("destroy", *stack)
    assert destroyed.startswith(_header("destroy", name))
    assert f"nothing is left of {name}" in destroyed
    assert "applied" in commands.refuse("call", *stack)
    drawn = json.loads(commands.succeed("diagram", *stack, "--svg", str(svg), "--json"))
    assert drawn["drawn_from"] == "plan"
    called = Lab(commands.port).calls()
    assert needed_actions(called) <= allowed_actions(), "the role in examples/nightly-role lacks something"
    lab_processes |= inhabitants(commands.lab_pid())
    commands.succeed("lab.stop")
    wait_until_gone(lab_processes)
    assert machine() == before


def _header(task: str, name: str) -> str:
    """Return the first line of a task that acts on a stack: environment, target, account."""
    return f"{task} dev on lab as {name}, account 123456789012, us-east-1\n"


def test_an_interrupted_apply_can_be_destroyed(commands):
    stack = ("--env", "dev", "--name", f"cut-{commands.port}")
    with commands.start("apply", *stack) as process:
        out, err = interrupt_when(process, "aws_iam_role.this")
    assert process.returncode == 130, out + err
    assert len(err.splitlines()) == 1
    assert "interrupted by SIGINT" in err
    assert "nothing is left" in commands.succeed("destroy", *stack)


def test_the_kernel_takes_all_away_when_the_daemon_is_killed(commands):
    before = machine()
    commands.succeed("lab.start")
    _make_network(lab_target(Lab(commands.port).endpoint, os.environ))
    pid = commands.lab_pid()
    lab_processes = inhabitants(pid)
    assert len(lab_processes) > 2, "a memcached node should live in there"
    os.kill(pid, signal.SIGKILL)
    wait_until_gone(lab_processes)
    assert machine() == before
    assert commands.lab_pid() is None


def _make_network(target):
    """Make a VPC with one cache node in it."""
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
