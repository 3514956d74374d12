"""A machine without Terraform, and fake Terraform programs."""

from __future__ import annotations

import os
import pty
import shutil
import stat
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT


def program(version: str) -> str:
    return f"""#!/bin/sh\necho '{{"terraform_version": "{version}"}}'\n"""


def put(folder: Path, version: str) -> Path:
    """Create a fake Terraform program that reports `version`."""
    path = folder / "terraform"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(program(version))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def installed_inv() -> list[str] | None:
    """Return the command ./inv if .venv is up to date, so that it runs a task at once, else None."""
    stamp = ROOT / ".venv/.installed"
    files = ["pyproject.toml", "requirements-build.lock", "requirements.lock"]
    current = subprocess.run(["cksum", *files], cwd=ROOT, capture_output=True, check=True).stdout
    return [str(ROOT / "inv")] if stamp.exists() and stamp.read_bytes() == current else None


class CleanMachine:
    """A machine without Terraform: only the commands that ./inv needs, and an empty cache."""

    def __init__(self, folder: Path) -> None:
        self.cache = folder / "cache"
        commands = folder / "bin"
        commands.mkdir()
        for name in ("bash", "cksum", "dirname", "env", "ip", "memcached", "nft"):
            if found := shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin"):
                (commands / name).symlink_to(found)
        self.environment = os.environ | {"PATH": str(commands), "XDG_CACHE_HOME": str(self.cache)}

    def offer(self, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run the module as ./inv does, without a terminal."""
        return self.run([sys.executable, "-m", "vpcache.terraform.installation"], **changes)

    def run(self, command: list[str], **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            env=self.environment | changes,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def answer(self, text: str, **changes: str) -> tuple[int, str]:
        """Run the module on a terminal, type `text`, and return its exit status and output."""
        controller, terminal = pty.openpty()
        with subprocess.Popen(
            [sys.executable, "-m", "vpcache.terraform.installation"],
            env=self.environment | changes,
            stdin=terminal,
            stderr=terminal,
        ) as process:
            os.close(terminal)
            os.write(controller, f"{text}\n".encode())
            output = b"".join(iter(lambda: _read(controller), b""))
        os.close(controller)
        return process.returncode, output.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the last process on the terminal has ended
        return b""
