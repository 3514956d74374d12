"""The system packages that the lab requires on the host, and what to type if the host lacks them."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vpcache.lab.errors import LabError

SYSTEM_FOLDERS = ("/usr/sbin", "/sbin")
"""Where nft and ip may be: folders that only an administrator's PATH has."""

PROGRAMS = ("memcached", "nft", "ip", "setpriv", "nsenter")
"""The programs that the lab starts. The last two are of util-linux, which most systems have."""

_COMPOSE = "docker compose --file containers/compose.yaml"
_ELSEWHERE = (
    'in a virtual machine, `limactl start --name=vpcache --mount="$PWD:w" containers/lima.yaml` and then '
    f"`limactl shell vpcache {{0}}`, or in a container, `{_COMPOSE} up --detach --wait` and then "
    f"`{_COMPOSE} exec lab {{0}}`"
)


@dataclass(frozen=True)
class PackageManager:
    """A package manager: its command that installs, and the packages that have the lab's programs."""

    install: tuple[str, ...]
    packages: tuple[str, ...]

    @property
    def command(self) -> str:
        """The command that an administrator types."""
        return shlex.join((*self.install, *self.packages))


MANAGERS: Mapping[str, PackageManager] = {
    "apt-get": PackageManager(("apt-get", "install", "-y", "-q"), ("memcached", "nftables", "iproute2")),
    "dnf": PackageManager(("dnf", "install", "-y", "-q"), ("memcached", "nftables", "iproute")),
    "apk": PackageManager(  # busybox's setpriv and nsenter lack options
        ("apk", "add", "-q"), ("memcached", "nftables", "iproute2", "setpriv", "util-linux-misc")
    ),
    "pacman": PackageManager(
        ("pacman", "-S", "--noconfirm", "--needed"), ("memcached", "nftables", "iproute2")
    ),
}
"""The supported package managers, by their program. The first one on PATH is used."""


def search_path(environ: Mapping[str, str]) -> str:
    """Return the PATH on which the lab finds programs."""
    return os.pathsep.join((environ.get("PATH", os.defpath), *SYSTEM_FOLDERS))


def missing_programs(path: str) -> tuple[str, ...]:
    """Return the programs of the lab that are not on `path`."""
    return tuple(name for name in PROGRAMS if shutil.which(name, path=path) is None)


def package_manager(path: str) -> PackageManager | None:
    """Return the package manager of this host, None if it has none that is supported."""
    return next((manager for name, manager in MANAGERS.items() if shutil.which(name, path=path)), None)


def other_system(typed: str) -> str | None:
    """Return why this host cannot run a lab, and what to type instead of `typed`; None on Linux."""
    if platform.system() == "Linux":
        return None
    return f"the lab needs Linux, and this is {platform.system()}: run it {_ELSEWHERE.format(typed)}"


def start_advice(start: str, typed: str) -> str:
    """Return how to get a running lab on this host: by the command `start`, or elsewhere by `typed`."""
    return other_system(typed) or f"`{start}` starts it"


def missing_packages(missing: Sequence[str], manager: PackageManager | None, *, is_root: bool) -> str:
    """Return the error message for missing programs, with the command that installs them."""
    names = ", ".join(missing)
    if manager is None:
        return f"the lab needs {names}, not found on PATH: install memcached, nftables, iproute2, util-linux"
    return f"the lab needs {names}, not found on PATH: run `{'' if is_root else 'sudo '}{manager.command}`"


def check_host(typed: str) -> None:
    """Raise LabError if this host cannot run a lab, with what to type. `typed` is the user's command."""
    if problem := other_system(typed):
        raise LabError(problem)
    path = search_path(os.environ)
    if missing := missing_programs(path):
        raise LabError(missing_packages(missing, package_manager(path), is_root=os.geteuid() == 0))
