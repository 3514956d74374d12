"""Inspection of the lab's network: the page, topology tree, shells in namespaces, packet captures."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path

from vpcache.cli.console import parse_positive, user_errors, writable
from vpcache.cli.lab import running_lab
from vpcache.errors import VpcacheError
from vpcache.lab.network.nsenter import nsenter_command, with_resolver
from vpcache.lab.network.pcap import packet_count
from vpcache.wording import shown

_MAX_CAPTURE = 86400.0  # seconds


@user_errors
def open_page() -> None:
    """Print the URL of the page that shows the lab, and open it in a browser where that has a window."""
    url = f"{running_lab().endpoint}/"
    print(f"{url} shows the lab live", flush=True)
    if not (has_windows(os.environ, sys.platform) and webbrowser.open(url)):
        print("open this URL in a browser on this machine")


def has_windows(environment: Mapping[str, str], platform: str) -> bool:
    """Return whether a browser has a window. Without one, Python opens a text browser in the terminal.

    The variable BROWSER is the user's choice of a browser.
    """
    names = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
    return platform == "darwin" or any(environment.get(name) for name in names)


@user_errors
def show() -> None:
    """Print the lab's topology as a tree."""
    print("\n".join(running_lab(reads=True).tree()))


@user_errors
def shell(name: str, zone: str, command: str) -> None:
    """Open a shell in the network namespace of `name`, or run one command in it."""
    prefix, resolver = _namespace_command(name, zone)
    shell_path = os.environ.get("SHELL", "/bin/sh")
    words = [shell_path, "-c", command] if command else [shell_path, "-i"]
    status = subprocess.run([*prefix, *with_resolver(resolver, words)], check=False).returncode
    if command and status:
        raise VpcacheError(f"`{command}` in {name} exited with status {status}")


@user_errors
def capture(root: Path, name: str, zone: str, file: str, seconds: str) -> None:
    """Capture the packets in the namespace of `name`, until interrupted or for `seconds`.

    The default file is in the project's folder `reports/`.
    """
    duration = parse_positive(seconds, "--seconds", at_most=_MAX_CAPTURE) if seconds else None
    path = capture_file(root, name, file)
    prefix, _ = _namespace_command(name, zone)
    path.unlink(missing_ok=True)  # an earlier capture; the recorder creates the file once it listens
    recorder = [*prefix, sys.executable, "-m", "vpcache.lab.network.pcap", str(path)]
    process = subprocess.Popen(recorder, start_new_session=True)
    try:
        process.wait(duration)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        os.killpg(process.pid, signal.SIGINT)
        process.wait()
    if not path.exists():
        raise VpcacheError(f"the capture of {name} failed: see the error above")
    count = packet_count(path)
    if count:
        print(f"captured the packets of {name} in {shown(path)}: {count}, {path.stat().st_size} bytes")
    else:
        print(f"no packet passed {name} during the capture; {shown(path)} is empty")


def capture_file(root: Path, name: str, file: str) -> Path:
    """Return the path of the capture. Raises VpcacheError if it cannot be written."""
    if not file:
        (root / "reports").mkdir(exist_ok=True)
    return writable(file or str(root / "reports" / f"{name.replace('/', '-')}.pcap")).absolute()


def _namespace_command(name: str, zone: str) -> tuple[list[str], str]:
    """Return the command prefix that enters the network namespace of `name`, and the DNS resolver in it."""
    lab = running_lab(enters=True)
    pid = lab.status().pid
    places = [place for place in lab.places(name) if zone in ("", place["zone"])]
    if not places or pid is None:
        zones = ", ".join(place["zone"] for place in lab.places(name))
        raise VpcacheError(f"{name} is not in zone {zone}; choose from {zones}")
    return nsenter_command(pid, places[0]["namespace"]), places[0]["resolver"]
