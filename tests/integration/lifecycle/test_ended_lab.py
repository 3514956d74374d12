"""An apply whose lab ends during the run."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.support.commands import Commands, own_lab
from tests.support.small_project import make_small_project

pytestmark = pytest.mark.lab


def test_apply_ends_at_once_and_names_the_next_command(tmp_path, vpcache_run):
    with own_lab(vpcache_run) as own:
        commands = Commands(own.port, make_small_project(tmp_path / "project"))
        with commands.start("apply", "--env", "small", "--name", "ended") as apply:
            assert apply.stdout is not None
            next(line for line in apply.stdout if "/17 created" in line)
            daemon = commands.lab_pid()
            assert daemon is not None
            os.kill(daemon, signal.SIGKILL)
            killed = time.monotonic()
            _, error = apply.communicate(timeout=120)
        assert time.monotonic() - killed < 30  # the provider would retry for more than a minute
        assert apply.returncode == 1
        assert error.startswith(f"error: the lab at http://127.0.0.1:{own.port} ended during the command")
        assert error.rstrip().endswith("; the next `./inv apply` starts a new lab")
        assert error.count("\n") == 1
        assert not (commands.root / "envs/small/errored.tfstate").exists()
