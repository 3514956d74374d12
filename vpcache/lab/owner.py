"""The user of a lab, and the PID namespace of its client: who may change a lab, and who can enter it."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class LabOwner:
    """The user of a process, and its PID namespace, which differs between containers; empty if unknown."""

    user: str
    uid: int
    pid_namespace: str


def this_process() -> LabOwner:
    """Return the user and the PID namespace of this process."""
    uid = os.getuid()
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = str(uid)
    namespace = Path("/proc/self/ns/pid")
    return LabOwner(user, uid, str(namespace.readlink()) if namespace.exists() else "")


def obstacle(owner: LabOwner | None, here: LabOwner, *, enters: bool) -> str:
    """Return why a process must not change a lab or, with `enters`, its processes; empty if it may. Pure.

    User IDs are not compared across containers, whose ports may be published on purpose. A lab of an earlier
    release does not report its owner.
    """
    if owner is None:
        return ""
    if owner.pid_namespace != here.pid_namespace:
        return "runs in another container or on another machine: run this command there" if enters else ""
    if owner.uid == here.uid:
        return ""
    return f"belongs to user {owner.user}: choose another port for your own lab with VPCACHE_LAB_PORT"
