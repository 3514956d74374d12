"""A stack belongs to the environment that it was applied from."""

import secrets
import shutil

import pytest

from tests.support.commands import Commands
from tests.support.small_project import apply_small_stack, make_small_project
from vpcache.stack.state import read_state, state_location

pytestmark = pytest.mark.lab


@pytest.fixture
def name():
    return f"env-{secrets.token_hex(3)}"


@pytest.fixture
def small(tmp_path, lab):
    project = make_small_project(tmp_path / "project")
    shutil.copytree(project / "envs/small", project / "envs/other")
    shutil.copytree(project / "envs/small", project / "elsewhere/small")
    return Commands(lab.port, project)


def test_stack_is_changed_by_its_environment_only(small, name, target):
    apply_small_stack(small.root, target, name)
    location = state_location(target, target.account(), name)
    before = read_state(target, location)
    for environment in ("other", "elsewhere/small"):
        for task in ("plan", "apply", "destroy", "drill"):
            fault = ("--fault", "nat-gateway") if task == "drill" else ()
            line = small.refuse(task, "--env", environment, "--name", name, *fault)
            assert f"stack {name} is of environment small, not {environment}: use --env small" in line
    assert read_state(target, location) == before
    assert "no changes" in small.succeed("plan", "--env", "envs/small/", "--name", name)

    # the environment was renamed
    (small.root / "envs/small").rename(small.root / "envs/renamed")
    line = small.refuse("destroy", "--env", "renamed", "--name", name)
    assert "small is not in this project: use another --name, or destroy the stack with" in line
    assert f"sweep --name {name}" in line
    (small.root / "envs/renamed").rename(small.root / "envs/small")
    assert f"nothing is left of {name}" in small.succeed("destroy", "--env", "small", "--name", name)
