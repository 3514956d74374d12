"""The Node.js of this machine, which runs the functions of Node.js runtimes."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_SECONDS = 10.0  # for `node --version`


@dataclass(frozen=True, slots=True)
class Node:
    """An installed Node.js."""

    executable: Path  # without links
    major: int

    @property
    def prefix(self) -> Path:
        """The folder with its libraries, such as `~/.nvm/versions/node/v22.1.0`."""
        return self.executable.parent.parent


def is_node(runtime: str) -> bool:
    """Return whether a runtime of Lambda is one of Node.js."""
    return runtime.startswith("nodejs")


@cache
def installed_node() -> Node | None:
    """Return the Node.js on PATH, None if there is none that runs. It is looked up once per process."""
    found = shutil.which("node")
    if not found:
        return None
    executable = Path(found).resolve()
    try:
        answer = subprocess.run(
            [executable, "--version"], capture_output=True, text=True, timeout=_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version = re.match(r"v(\d+)\.", answer.stdout)
    return Node(executable, int(version[1])) if version else None


def node_refusal(runtime: str, node: Node | None, any_major: bool = False) -> str | None:
    """Return why this machine cannot run functions of a Node.js runtime, None if it can.

    `any_major` accepts a Node.js of another major version than the runtime names.
    """
    major = re.match(r"nodejs(\d+)\.", runtime)
    wanted = f"Node.js {major[1]}" if major else "Node.js"
    if node is None:
        return f"The runtime {runtime} needs {wanted} on this machine: install it so that PATH has `node`."
    if any_major or (major and int(major[1]) == node.major):
        return None
    return (
        f"The runtime {runtime} needs {wanted}, and this machine has Node.js {node.major} "
        f"({node.executable}): install {wanted} so that it is first on PATH, or use the runtime "
        f"nodejs{node.major}.x."
    )
