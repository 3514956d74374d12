"""What the processes of a runtime run on: its programs and its packages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TASK_ROOT = "/var/task"
RUNTIME_DIR = "/var/runtime"
LAYERS_ROOT = "/opt"


@dataclass(frozen=True, slots=True)
class Image:
    """The part of a process's file system that depends on its runtime. Paths inside are AWS's."""

    name: str  # unique among the images of a lab
    command: Callable[[int], tuple[str, ...]]
    """Returns the command that runs the runtime client inside, for a function's memory in MB."""
    mounts: Mapping[str, str]  # paths outside by paths inside
    links: Mapping[str, str] = field(default_factory=dict)  # targets of symbolic links by paths inside
    overlays: Mapping[str, str] = field(default_factory=dict)
    """Paths outside that replace files or folders of the mounts, by paths inside."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of this runtime."""
    is_connected: bool = False
    """Whether the client uses a descriptor that is connected to the Runtime API."""
    compile: Callable[[Path, str], None] = lambda _folder, _inside: None
    """Compiles the modules of an unpacked bundle, which is read-only for the process; and its path inside."""
