"""Invalid input and missing requirements: one clear line, a non-zero exit status, no traceback."""

import json
import os
import shutil
import socket

import pytest

from tests.support.commands import own_lab
from vpcache.lab.host import PROGRAMS, search_path


@pytest.fixture
def commands(vpcache_run):
    with own_lab(vpcache_run) as commands:
        yield commands


def test_lab_not_running(commands):
    for task in ("call", "verify", "outputs"):
        line = commands.refuse(task, "--env", "dev")
        assert f"the lab is not running at http://127.0.0.1:{commands.port}" in line


def test_nothing_to_destroy_without_a_lab(commands):
    assert "nothing to destroy: the lab is not running" in commands.succeed("destroy", "--env", "dev")
    assert "nothing to sweep: the lab is not running" in commands.succeed("sweep")


def test_status_without_a_lab_starts_nothing(commands):
    line = f"the lab is not running at http://127.0.0.1:{commands.port}: no stacks\n"
    assert commands.succeed("status") == line
    document = json.loads(commands.succeed("status", "--json"))
    assert (document["running"], document["stacks"]) == (False, [])
    assert commands.lab_pid() is None


def test_lab_port_in_use(commands):
    with socket.create_server(("127.0.0.1", commands.port)) as taken:
        taken.settimeout(0)
        line = commands.refuse("lab.start")
    assert f"port {commands.port}" in line
    assert "VPCACHE_LAB_PORT" in line


def test_terraform_missing(commands, tmp_path):
    for program in PROGRAMS:
        (tmp_path / program).symlink_to(shutil.which(program, path=search_path(os.environ)))
    environment = {"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    assert "terraform is not on PATH" in commands.refuse("plan", "--env", "dev", **environment)


def test_no_credentials_for_aws(commands, tmp_path):
    environment = {
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": None,
        "AWS_SECRET_ACCESS_KEY": None,
        "AWS_PROFILE": None,
    }
    line = commands.refuse("apply", "--env", "dev", "--target", "aws", **environment)
    assert "no credentials" in line


def test_stack_not_applied(commands):
    commands.succeed("lab.start")
    line = commands.refuse("call", "--env", "dev", "--name", "absent")
    assert "stack absent is not applied on lab" in line
