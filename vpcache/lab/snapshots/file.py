"""The file of a snapshot: a zip archive with a manifest, the lab's own state and the control plane's model.

manifest.json   the versions that wrote it, when, and the digest of each other entry
lab.json        settings, faults and origins
model.pickle    the model, read by `vpcache.lab.snapshots.pickles.Reader` only
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import sys
import uuid
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from vpcache.lab.errors import LabError
from vpcache.program import command

SUFFIX = ".snapshot"
NEW = ".new"
"""How the name of a file that is being written ends."""
_FORMAT = 1
_MANIFEST, _LAB, _MODEL = "manifest.json", "lab.json", "model.pickle"
_LEVEL = 1  # of the compression: the function's code is compressed, and texts shrink to a tenth
_LAB_SOURCES = Path(__file__).parents[1]
_STATE_SOURCES = ("aws/**/*.py", "functions/spec.py", "topology.py", "settings.py", "faults.py", "origins.py")
"""The source files of the classes in a snapshot."""


_DAMAGE = (
    EOFError,
    KeyError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What Python raises for a damaged archive, and for another content."""


class SnapshotError(LabError):
    """A file that this lab cannot load."""


@dataclass(frozen=True)
class Versions:
    """What a model depends on: its classes are those of vpcache and moto, its encoding Python's.

    `sources` is a digest of the source code of these classes, which changes between releases.
    """

    vpcache: str
    moto: str
    python: str
    sources: str

    @classmethod
    def current(cls) -> Versions:
        """Return the versions of this process."""
        python = ".".join(platform.python_version_tuple()[:2])
        return cls(version("vpcache"), version("moto"), python, _sources())

    @property
    def label(self) -> str:
        """The versions in one line."""
        return f"vpcache {self.vpcache} (sources {self.sources}), moto {self.moto}, Python {self.python}"


@dataclass(frozen=True)
class Snapshot:
    """A lab's state: `model` is the control plane's, `lab` the settings, faults and origins as JSON has them.

    `written` is the time of its creation, in ISO 8601.
    """

    model: bytes = field(repr=False)
    lab: Mapping[str, Any]
    written: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def packed(self) -> bytes:
        """Return the contents of the file."""
        entries = {_LAB: json.dumps(self.lab).encode(), _MODEL: self.model}
        manifest = {
            "format": _FORMAT,
            "written": self.written,
            "versions": asdict(Versions.current()),
            "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in entries.items()},
        }
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
            for name, content in ({_MANIFEST: json.dumps(manifest, indent=2).encode()} | entries).items():
                archive.writestr(name, content)
        return file.getvalue()


def read_snapshot(path: Path) -> bytes:
    """Return the contents of a snapshot's file. Raises SnapshotError for a file that is none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SnapshotError(f"{path} cannot be read ({error.strerror}): name a file of lab.save") from error
    unpacked(content, str(path), f"write it with `{command('lab.save', str(path))}` on such a lab")
    return content


def replace_file(path: str | Path, content: bytes, folder: int | None = None) -> None:
    """Write a file as a whole: after a crash at any moment it is the old or the new one. Raises OSError.

    Only its owner can read it. A relative path is below the open `folder`, if one is given.
    """
    new = f"{path}.{uuid.uuid4().hex}{NEW}"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.rename(new, path, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        os.unlink(new, dir_fd=folder)
        raise


def unpacked(content: bytes, name: str, remedy: str) -> Snapshot:
    """Return the snapshot in the contents of a file.

    Raises SnapshotError, which calls the file `name` and ends with `remedy`, for any other file, a truncated
    or changed one, and one of other versions.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            manifest = json.loads(archive.read(_MANIFEST))
            entries = {each: archive.read(each) for each in (_LAB, _MODEL)}
        digests = {each: hashlib.sha256(entry).hexdigest() for each, entry in entries.items()}
        is_whole = manifest["sha256"] == digests
        is_known = manifest["format"] == _FORMAT
        versions = Versions(**manifest["versions"])
        snapshot = Snapshot(entries[_MODEL], json.loads(entries[_LAB]), written=str(manifest["written"]))
    except _DAMAGE as error:
        raise SnapshotError(f"{name} is no snapshot of a lab, or only a part of one: {remedy}") from error
    if not is_known or versions != Versions.current():
        raise SnapshotError(
            f"{name} was written by {versions.label}, and this is {Versions.current().label}: {remedy}"
        )
    if not is_whole:
        raise SnapshotError(f"{name} was changed after it was written: {remedy}")
    return snapshot


@cache
def _sources() -> str:
    """Return the digest of the source code of what is in a snapshot."""
    digest = hashlib.sha256(sys.implementation.name.encode())
    for file in sorted(file for pattern in _STATE_SOURCES for file in _LAB_SOURCES.glob(pattern)):
        digest.update(str(file.relative_to(_LAB_SOURCES)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]
