"""The way into a running lab's namespaces from the host, for people who want to look around."""

from __future__ import annotations

from pathlib import Path

from vpcache.lab.netns import NAMED


def inside(pid: int, namespace: str | None = None) -> list[str]:
    """Return what comes before a command to run it inside the lab whose first process is `pid`.

    It runs in the network namespace `namespace`, or in the lab's own, which has no links. Only the user who
    started the lab may.
    """
    is_other_user = Path("/proc/self/ns/user").readlink() != Path(f"/proc/{pid}/ns/user").readlink()
    user = ["--user", "--preserve-credentials"] if is_other_user else []
    lab = ["nsenter", "--target", str(pid), *user, "--mount", "--net", "--pid"]
    return [*lab, "nsenter", f"--net={Path(NAMED, namespace)}"] if namespace else lab
