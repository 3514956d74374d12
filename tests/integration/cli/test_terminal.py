"""The tasks status, logs and call --body, for the shared stack on the lab and on an endpoint of AWS's API."""

from __future__ import annotations

import json
import secrets
import signal
from typing import Any

import pytest

from tests.support.commands import Commands
from tests.support.served.functions import eventually
from vpcache.functions import call_cached_api

pytestmark = pytest.mark.lab

ON_AWS = {"AWS_ACCESS_KEY_ID": "by-hand", "AWS_SECRET_ACCESS_KEY": "by-hand", "AWS_REGION": "us-east-1"}


@pytest.fixture
def commands(lab):
    return Commands(lab.port)


@pytest.fixture
def words(stack, outputs):
    """The options that select the shared stack; no drill runs during the test."""
    return ("--env", "dev", "--name", stack.name)


@pytest.fixture(params=["lab", "aws"])
def target_words(request, lab, monkeypatch):
    """The options of both targets: the lab, and the lab as an endpoint of AWS."""
    if request.param == "aws":
        for name, value in (ON_AWS | {"AWS_ENDPOINT_URL": lab.endpoint}).items():
            monkeypatch.setenv(name, value)
    return ("--target", request.param)


def _employee():
    return f"/employee/{secrets.randbelow(10**9)}"


def test_status_lists_the_stack_with_its_age(commands, stack, outputs, target_words):
    document = json.loads(commands.succeed("status", *target_words, "--name", stack.name, "--json"))
    (listed,) = document["stacks"]
    assert (listed["environment"], listed["region"], listed["state"]) == ("dev", "us-east-1", "applied")
    assert 0 <= listed["age_seconds"] < 3600 * 6
    assert (listed["protected"], listed["test_run"], listed["drift"]) == (False, True, None)


def test_status_shows_the_faults_and_fits_the_terminal(commands, stack, outputs, lab):
    with lab.faulted("origin", "checkip.amazonaws.com", "slow", seconds=0.001):
        lines = commands.succeed("status", "--env", "dev").splitlines()
    assert "fault: origin checkip.amazonaws.com: slow" in lines[-1]
    (row,) = (line.split() for line in lines if line.startswith(f"{stack.name} "))
    assert row[1:5] == ["dev", "lab", "us-east-1", "applied"]
    assert row[-3:] == ["use", "--drift", "no"]


def test_logs_are_merged_in_the_order_of_their_time(commands, words, target, outputs, target_words):
    call_cached_api(target, outputs["cached_api"], _employee())
    printed = commands.succeed("logs", *words, *target_words, "--since", "1h", "--json")
    lines = [json.loads(line) for line in printed.splitlines()]
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)
    assert len({line["id"] for line in lines}) == len(lines)
    assert {outputs["cached_api"], outputs["origin_function"]} <= {line["function"] for line in lines}


def test_logs_of_one_function_match_the_filter(commands, words, target, outputs):
    call_cached_api(target, outputs["cached_api"], _employee())
    command = ("logs", *words, "--function", "cached-api", "--filter", "REPORT")
    lines = eventually(lambda: commands.succeed(*command).splitlines())  # REPORT follows the response
    assert all(" cached-api " in line and "REPORT RequestId: " in line for line in lines)


def test_unknown_function_and_pattern_are_one_line(commands, words):
    line = commands.refuse("logs", *words, "--function", "moon")
    assert "unknown function 'moon' of " in line and line.endswith("origin")
    line = commands.refuse("logs", *words, "--filter", "{ $.level = 1 }")
    assert line.startswith("error: --filter is '{ $.level = 1 }': FilterLogEvents of logs is not emulated")


def test_following_prints_each_line_once_until_ctrl_c(commands, words, target, outputs):
    options = ("--function", outputs["cached_api"], "--since", "10m", "--follow", "--json")
    with commands.start("logs", *words, *options) as follower:
        assert follower.stdout is not None
        printed: list[dict[str, Any]] = []
        for path in (_employee() for _ in range(3)):
            call_cached_api(target, outputs["cached_api"], path)  # a miss is logged with its path
            for line in follower.stdout:
                printed.append(json.loads(line))
                if path in printed[-1]["message"]:
                    break
        follower.send_signal(signal.SIGINT)
        rest, err = follower.communicate(timeout=60)
    assert (follower.returncode, err) == (130, "")
    printed += map(json.loads, rest.splitlines())  # the last call's REPORT line, if it was in time
    ids = [line["id"] for line in printed]
    assert len(set(ids)) == len(ids)


def test_body_alone_is_on_stdout(commands, words):
    run = commands.run("call", *words, "--path", _employee(), "--body")
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["status"] == "success"
    assert "status 200" in run.stderr and "from the origin (MISS)" in run.stderr


def test_refused_path_names_no_source(commands, words):
    run = commands.run("call", *words, "--path", "/.hidden")
    assert run.returncode == 1
    assert " 101 bytes (BYPASS); " in run.stdout and "from the origin" not in run.stdout
