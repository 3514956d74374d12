"""A command line imports what its task needs: imports are most of the time until its first line."""

import subprocess
import sys

import pytest

from tests.support.paths import ROOT
from vpcache.testing.run import free_port

SLOW = {"boto3", "botocore", "cryptography", "hcl2", "lark", "moto", "pytest", "regex", "requests", "rich"}
COMMANDS = {f"vpcache.{name}" for name in ("bundle", "cost", "diagram", "drills", "logs", "reach", "stack")}


def imported(*words):
    """Return the names of the modules that a command line of `./inv` imports, with those of all packages."""
    done = subprocess.run(
        [
            sys.executable,
            "-P",
            "-X",
            "importtime",
            "-m",
            "vpcache.cli.program",
            "--search-root",
            ROOT,
            *words,
        ],
        cwd=ROOT,
        env={"PATH": "", "VPCACHE_LAB_PORT": str(free_port())},
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line)
    modules = set(lines)
    assert "invoke" in modules, done.stderr
    return modules


@pytest.mark.parametrize(
    "words",
    [["--list"], ["--help"], ["plan", "--help"], ["--complete", "--", "inv", "app"], ["lab.status"]],
    ids=" ".join,
)
def test_light_commands_import_no_aws_client_and_no_other_command(words):
    assert imported(*words) & (SLOW | COMMANDS | {"tools.checks", "vpcache.project"}) == set()


def test_lists_and_help_do_not_import_the_client_of_the_lab():
    assert "vpcache.lab.client" not in imported("--list") | imported("lab.status", "--help")
    assert "vpcache.lab.client" in imported("lab.status")


def test_plan_imports_no_other_command():
    modules = imported("plan", "--env", "dev", "--target", "azure")
    assert "vpcache.stack" in modules
    others = {
        "vpcache.cost",
        "vpcache.diagram",
        "vpcache.reach",
        "vpcache.lab.daemon.server",
        "moto",
        "pytest",
    }
    assert modules & (others | {"vpcache.cli.drill", "vpcache.cli.sweep"}) == set()
