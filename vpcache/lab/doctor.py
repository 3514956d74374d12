"""Checks of the host for what the lab requires; each finding says what to do if a check fails."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from vpcache.lab.errors import LabError
from vpcache.lab.host import PROGRAMS, missing_packages, other_system, package_manager, search_path
from vpcache.lab.network.isolation import capture_isolated
from vpcache.lab.privileges import container_advice, missing_capabilities
from vpcache.program import command as command_for

_FORBIDDEN = "the kernel forbids the lab's namespaces"
_RULESET = """
table inet probe {
  set known { type ifname . ipv4_addr; elements = { "lo" . 127.0.0.1 }; }
  map way { type ifname : mark; elements = { "lo" : 1000 }; }
  map verdicts { type ifname : verdict; elements = { "lo" : accept }; }
  map private { type ipv4_addr : ipv4_addr; elements = { 203.0.113.1 : 10.0.0.1 }; }
  chain raw {
    type filter hook prerouting priority raw;
    meta mark set iifname map @way
    iifname . ip saddr != @known log prefix "probe" group 1 snaplen 80 drop
    ip daddr set ip daddr map @private
  }
  chain forward {
    type filter hook forward priority filter;
    ct state established,related accept
    iifname vmap @verdicts
  }
  chain nat {
    type nat hook postrouting priority srcnat;
    snat ip to 10.0.0.1
  }
}
"""
_SWITCHES = {
    "user/max_user_namespaces": ("0", "sysctl -w user.max_user_namespaces=15000"),
    "kernel/unprivileged_userns_clone": ("0", "sysctl -w kernel.unprivileged_userns_clone=1"),
    "kernel/apparmor_restrict_unprivileged_userns": (
        "1",
        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
}
"""Kernel settings that forbid user namespaces: the value that does, and the command that allows them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: whether it passed and, if not, what to do."""

    name: str
    is_ok: bool
    words: str = ""

    def __str__(self) -> str:
        return f"{'ok' if self.is_ok else 'FAILED':6}  {self.name:18}  {self.words}".rstrip()


def examine() -> list[Finding]:
    """Check this host for what the lab requires, without a lasting change."""
    if problem := other_system(command_for("lab.start")):
        return [Finding("system", False, problem)]
    is_root = os.geteuid() == 0
    user = "root" if is_root else "an unprivileged user, in a user namespace"
    findings = [Finding("system", True, f"Linux {platform.release()}, as {user}"), *_check_programs(is_root)]
    if is_root:
        findings.append(_check_capabilities())
    try:
        return findings + _check_namespaces()
    except LabError:
        advice = remedy(Path("/proc/sys")) or f"{_FORBIDDEN}: {container_advice()}"
        return [*findings, Finding("namespaces", False, advice)]


def remedy(settings: Path) -> str | None:
    """Return what to do if one of the kernel's `settings` (/proc/sys) forbids user namespaces."""
    for name, (forbidding, command) in _SWITCHES.items():
        setting = settings / name
        if setting.exists() and setting.read_text().strip() == forbidding:
            return (
                f"/proc/sys/{name} is {forbidding}: `sudo {command}` allows user namespaces, or run as root"
            )
    return None


def _check_programs(is_root: bool) -> Iterator[Finding]:
    path = search_path(os.environ)
    for name in PROGRAMS:
        file = shutil.which(name, path=path)
        words = file or missing_packages([name], package_manager(path), is_root=is_root)
        yield Finding(name, file is not None, words)


def _check_capabilities() -> Finding:
    missing = missing_capabilities()
    words = f"lacks {', '.join(missing)}: {container_advice()}" if missing else "all that a lab of root needs"
    return Finding("capabilities", not missing, words)


def _check_namespaces() -> list[Finding]:
    """Try the lab's operations in namespaces like the lab's. Raises LabError if these cannot be created."""
    output = capture_isolated(_write_findings)
    findings = [Finding(**json.loads(line)) for line in output.splitlines()]
    if not findings:
        raise LabError(_FORBIDDEN)
    return findings


def _write_findings(stream: TextIO) -> None:
    for finding in (
        Finding("namespaces", True, "user, mount, PID and network"),
        _check_command("named namespaces", "ip netns add probe", container_advice()),
        _check_command(
            "veth pairs", "ip link add name one type veth peer name two netns probe", "sudo modprobe veth"
        ),
        _check_command(
            "policy routing",
            "ip rule add fwmark 1000 lookup 1000",
            "use a kernel with CONFIG_IP_MULTIPLE_TABLES",
        ),
        _check_command("blackhole routes", "ip route add blackhole 10.0.0.0/8 table 1000", "update iproute2"),
        _check_command(
            "packet filter",
            "nft -f -",
            "sudo modprobe -a nf_tables nft_ct nft_nat nft_log nfnetlink_log",
            _RULESET,
        ),
        _check_writable("sysctls", Path("/proc/sys/net/ipv4/ip_forward"), "1"),
    ):
        stream.write(json.dumps(asdict(finding)) + "\n")


def _check_command(name: str, command: str, advice: str, text: str = "") -> Finding:
    try:
        process = subprocess.run(command.split(), input=text, capture_output=True, text=True, check=False)
    except OSError as error:
        return Finding(name, False, f"{command}: {error}")
    if process.returncode == 0:
        return Finding(name, True)
    reason = process.stderr.strip().partition("\n")[0]
    return Finding(name, False, f"`{command}` fails ({reason}): {advice}")


def _check_writable(name: str, path: Path, value: str) -> Finding:
    try:
        path.write_text(value)
    except OSError as error:
        return Finding(name, False, f"/proc/sys cannot be written ({error.strerror}): {container_advice()}")
    return Finding(name, True, "/proc/sys can be written")


def main() -> None:
    """Print the findings, for users of the package without the tasks; the exit status is 1 if one failed."""
    findings = examine()
    print(*findings, sep="\n")
    sys.exit(not all(finding.is_ok for finding in findings))


if __name__ == "__main__":
    main()
