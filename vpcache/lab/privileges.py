"""The privileges that a lab of root requires, and how to give them to a container."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

CAPABILITIES = {
    "NET_ADMIN": 12,  # links, addresses, routes, packet filters and network sysctls in the lab's namespaces
    "NET_BIND_SERVICE": 10,  # resolvers and HTTPS hosts of the lab listen on ports 53, 80 and 443
    "NET_RAW": 13,  # lab.capture
    "SETFCAP": 31,  # a function's process is AWS's user, mapped to root in a separate user namespace
    "SYS_ADMIN": 21,  # namespaces and mounts
    "SYS_CHROOT": 18,  # the root file system of a function; lab.shell enters a mount namespace
}
"""The names and numbers (capabilities(7)) of the capabilities that a lab of root uses."""

SECURITY_OPTIONS = ("apparmor=unconfined",)
"""What a container needs beside capabilities: AppArmor's profile for containers forbids mount(2)."""

RUN_OPTIONS = (
    "--cap-drop=ALL",
    *(f"--cap-add={name}" for name in CAPABILITIES),
    *(f"--security-opt={option}" for option in SECURITY_OPTIONS),
)
"""The options of `docker run` and `podman run` for a container in which a lab starts."""


def missing_capabilities(status: Path = Path("/proc/self/status")) -> list[str]:
    """Return the capabilities of a lab of root that the process with this `status` (proc(5)) lacks."""
    lines = (line.split() for line in status.read_text().splitlines())
    effective = next(int(words[1], 16) for words in lines if words[0] == "CapEff:")
    return [name for name, number in CAPABILITIES.items() if not effective >> number & 1]


def container_advice() -> str:
    """Return how to give a container what the lab requires."""
    return f"start the container with {' '.join(RUN_OPTIONS)}, as containers/compose.yaml does"


def start_failure(message: str, log: Path) -> str:
    """Return why a lab did not start. `message` is the daemon's, or empty; `log` is its log file."""
    if os.geteuid() == 0 and (missing := missing_capabilities()) and not message.startswith("port "):
        return f"the lab did not start without the capabilities {', '.join(missing)}: {container_advice()}"
    return message or (
        f"the lab did not start: run `python -m vpcache.lab.doctor` to check this machine, and see {log}"
    )


def is_container(environ: Mapping[str, str], root: Path = Path("/")) -> bool:
    """Return whether this process runs in a container.

    Docker creates /.dockerenv and Podman /run/.containerenv; others set the variable `container`
    (https://systemd.io/CONTAINER_INTERFACE/).
    """
    return "container" in environ or any(
        (root / name).exists() for name in (".dockerenv", "run/.containerenv")
    )
