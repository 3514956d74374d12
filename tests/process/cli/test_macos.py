"""What is typed on a Mac and what it prints, on a machine that has a Mac's commands and Python's view of it.

PATH has no package manager, no `ip`, `nft` and `memcached`; `tests/support/darwin` takes Linux's own system
calls away from Python. Not simulated: the kernel, bash 3.2 and the file system of macOS.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.clean_machine import installed_inv
from tests.support.paths import ROOT, TESTS
from vpcache.testing.run import free_port

COMPOSE = "docker compose --file containers/compose.yaml"


class Mac:
    """A machine without Linux's commands and system calls, and without a running lab."""

    def __init__(self, folder: Path) -> None:
        commands = folder / "bin"
        commands.mkdir()
        for name in ("bash", "cksum", "dirname", "env", "sed", "terraform"):
            if found := shutil.which(name):
                (commands / name).symlink_to(found)
        uname = commands / "uname"
        uname.write_text("#!/bin/sh\necho Darwin\n")
        uname.chmod(0o755)
        self._command = installed_inv() or [sys.executable, "-m", "invoke"]  # in .venv/bin, as of ./inv
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "VPCACHE_"))}
        self._environment = kept | {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "HOME": os.environ["HOME"],
            "PATH": str(commands),
            "PYTHONPATH": str(TESTS / "support/darwin"),
            "VPCACHE_LAB_PORT": str(free_port()),
        }

    def type(self, words: str) -> subprocess.CompletedProcess[str]:
        """Type `./inv` with some words."""
        return subprocess.run(
            [*self._command, *shlex.split(words)],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )


@pytest.fixture(scope="module")
def mac(tmp_path_factory: pytest.TempPathFactory) -> Mac:
    return Mac(tmp_path_factory.mktemp("mac"))


@pytest.mark.parametrize("words", ["--list", "--help apply", "lab.status", "destroy --env dev"])
def test_task_without_a_lab_works_on_a_mac(mac: Mac, words: str) -> None:
    done = mac.type(words)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize(
    "words",
    [
        "apply --env dev",
        "plan --env dev",
        "call --env dev",
        "verify --env dev",
        "lab.start",
        "lab.show",
        "lab.fault zone us-east-1a",
        "test --paths tests/lab",
    ],
)
def test_task_that_needs_a_lab_says_what_to_type_on_a_mac(mac: Mac, words: str) -> None:
    done = mac.type(words)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert "the lab needs Linux, and this is Darwin: run it in a virtual machine" in line
    assert '`limactl start --name=vpcache --mount="$PWD:w" containers/lima.yaml`' in line
    assert f"`limactl shell vpcache ./inv {words}`" in line
    assert f"`{COMPOSE} up --detach --wait` and then `{COMPOSE} exec lab ./inv {words}`" in line


def test_doctor_says_what_to_type_on_a_mac(mac: Mac) -> None:
    done = mac.type("lab.doctor")
    assert done.returncode == 1
    assert "limactl start" in done.stdout and "docker compose" in done.stdout


def test_aws_target_on_a_mac_asks_for_credentials_and_no_lab(mac: Mac) -> None:
    done = mac.type("plan --env dev --target aws")
    assert done.returncode == 1
    assert "credentials" in done.stderr and "Linux" not in done.stderr


def test_cost_of_an_environment_is_computed_on_a_mac(mac: Mac) -> None:
    done = mac.type("cost --env dev")
    assert done.returncode == 0, done.stderr
    assert "NAT gateway" in done.stdout


@pytest.mark.long  # its plan is that of the cost
def test_plan_of_an_environment_is_drawn_on_a_mac(mac: Mac, tmp_path: Path) -> None:
    file = tmp_path / "dev.svg"
    done = mac.type(f"diagram --env dev --svg {file}")
    assert done.returncode == 0, done.stderr
    assert file.read_text().startswith("<svg")
