"""Looking at the lab's wires: the topology as a tree, a shell in a namespace, packets in a file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from vpcache.cli.console import user_errors
from vpcache.cli.lab import running_lab
from vpcache.errors import VpcacheError
from vpcache.lab.network.nsenter import nsenter_command, with_resolver


@user_errors
def show() -> None:
    """Print what stands in the lab."""
    print("\n".join(running_lab().tree()))


@user_errors
def shell(name: str, zone: str, command: str) -> None:
    """Open a shell where `name` is, or run one command there."""
    prefix, resolver = _entrance(name, zone)
    shell_path = os.environ.get("SHELL", "/bin/sh")
    words = [shell_path, "-c", command] if command else [shell_path, "-i"]
    status = subprocess.run([*prefix, *with_resolver(resolver, words)], check=False).returncode
    if command and status:
        raise VpcacheError(f"`{command}` in {name} ended with status {status}")


@user_errors
def capture(name: str, zone: str, file: str, seconds: str) -> None:
    """Record the packets of the place called `name` into `file` until interrupted, or for some seconds."""
    try:
        duration = float(seconds) if seconds else None
    except ValueError:
        raise VpcacheError(f"--seconds is '{seconds}': give a number") from None
    prefix, _ = _entrance(name, zone)
    path = Path(file).absolute()
    recorder = [*prefix, sys.executable, "-m", "vpcache.lab.network.pcap", str(path)]
    process = subprocess.Popen(recorder, start_new_session=True)
    try:
        process.wait(duration)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        os.killpg(process.pid, signal.SIGINT)
        process.wait()
    if not path.exists():
        raise VpcacheError(f"nothing can be written into {path}; the complaint is above")
    print(f"the packets of {name} are in {path}, {path.stat().st_size} bytes")


def _entrance(name: str, zone: str) -> tuple[list[str], str]:
    """Return what leads to the place called `name`, and its resolver."""
    lab = running_lab()
    pid = lab.status().pid
    places = [place for place in lab.places(name) if zone in ("", place["zone"])]
    if not places or pid is None:
        zones = ", ".join(place["zone"] for place in lab.places(name))
        raise VpcacheError(f"{name} is not in zone {zone}: it is in {zones}")
    return nsenter_command(pid, places[0]["namespace"]), places[0]["resolver"]
