"""Installation of the lab's system packages, for tasks that start a lab."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from vpcache.cli.console import print_notice
from vpcache.errors import VpcacheError
from vpcache.lab.host import (
    PackageManager,
    check_host,
    missing_programs,
    other_system,
    package_manager,
    search_path,
)
from vpcache.program import CLONE, program, typed

_APT_VARIABLES = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
"""RUNLEVEL=1 keeps the package from starting a memcached service on port 11211."""


def prepare_host() -> None:
    """Install what a lab requires and this host lacks, if a clone's user may do so without a password.

    Raises LabError if this host cannot run a lab or may not install, and VpcacheError if the installation
    fails. Both say what to type.
    """
    if other_system("") or program() != CLONE:
        check_host(typed())
        return
    path = search_path(os.environ)
    manager = package_manager(path)
    if missing_programs(path) and manager and (prefix := _privileges()) is not None:
        _install(manager, prefix)
    check_host(typed())


def _privileges() -> list[str] | None:
    """Return the words before a command of root, None if this user may not run one without a password."""
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "-n"]
    try:
        is_allowed = subprocess.run([*sudo, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return None
    return sudo if is_allowed else None


def _install(manager: PackageManager, prefix: Sequence[str]) -> None:
    print_notice(f"installing {' '.join(manager.packages)}, which the lab requires")
    variables: list[str] = []
    if manager.install[0] == "apt-get":
        variables = ["env", *(f"{name}={value}" for name, value in _APT_VARIABLES.items())]
        _run([*prefix, "apt-get", "update", "-q"])  # a failure of one source need not matter
    if _run([*prefix, *variables, *manager.install, *manager.packages]):
        raise VpcacheError(f"`{manager.command}` failed; see the error above")


def _run(command: Sequence[str]) -> int:
    """Run a command with its output on stderr, so that the output of the task stays clean."""
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False).returncode
