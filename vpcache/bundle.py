"""A function's folder made into a zip: the same input gives the same bytes, on any machine."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vpcache.errors import VpcacheError

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest date that a zip can hold
_LEFT_OUT = (
    "__pycache__",
    "bin",
    "tests",
    "README.md",
    "requirements.txt",
    "unused.txt",
)  # nothing that runs, or that differs by machine
_LEFT_OUT_SUFFIXES = (".dist-info", ".data", ".pyc")
_UNUSED = "unused.txt"

EGRESS_PROBE = Path(__file__).parent / "egress_probe"
"""Folder of a function that tells how the network looks from where it runs: the probes of a stack ask it."""


class BundleError(VpcacheError):
    """A function cannot be bundled; says which and why."""


@dataclass(frozen=True)
class Bundle:
    """A function's zip; `sha256` is in base64, as Terraform's filebase64sha256 and Lambda have it."""

    path: Path
    sha256: str

    def as_variable(self, root_module: Path | None = None) -> dict[str, str]:
        """Return what the `bundle` variable of the vpc_lambda module takes.

        Seen from `root_module`, where Terraform runs, the path is the same in every clone: an absolute one
        would be a change to whoever applies from elsewhere.
        """
        path = self.path if root_module is None else os.path.relpath(self.path, root_module)
        return {"path": str(path), "sha256": self.sha256}


def bundle(source: Path, work_dir: Path) -> Bundle:
    """Zip the function in `source` with the dependencies that its requirements.txt pins.

    What its unused.txt names, a file or folder a line, is left out of the dependencies: Lambda loads less.
    The zip lies in `work_dir` under a name made of its content, so an unchanged function keeps its path.
    Dependencies are installed once for each content of requirements.txt; after that no network is needed.
    Raises BundleError if there is no handler.py, a link leads out of the folder, unused.txt names nothing
    there is, or pip fails.
    """
    if not (source / "handler.py").is_file():
        raise BundleError(f"{source} has no handler.py: every function's entry is handler.handler")
    files = dict(_files(source))
    requirements = source / "requirements.txt"
    if requirements.exists():
        files = dict(_used(source, _files(_dependencies(requirements, work_dir)))) | files
    work_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=work_dir, delete=False) as draft:
        _write_zip(files, draft.name)
    digest = hashlib.sha256(Path(draft.name).read_bytes()).digest()
    path = work_dir / f"{source.name}-{digest.hex()[:16]}.zip"
    Path(draft.name).replace(path)
    return Bundle(path, base64.b64encode(digest).decode())


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield what belongs into a zip: its name there and where it lies."""
    home = folder.resolve()
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if any(part in _LEFT_OUT or part.endswith(_LEFT_OUT_SUFFIXES) for part in parts):
            continue
        if not path.resolve().is_relative_to(home):
            raise BundleError(f"{path} leads out of {folder}: put the file itself there")
        if path.is_file():
            yield "/".join(parts), path


def _used(source: Path, files: Iterator[tuple[str, Path]]) -> Iterator[tuple[str, Path]]:
    """Yield the dependencies' files but for those that `source` has no use for."""
    listing = source / _UNUSED
    unused = set(listing.read_text().split()) if listing.exists() else set()
    found = set()
    for name, path in files:
        parents = {"/".join(name.split("/")[:depth]) for depth in range(1, name.count("/") + 2)}
        if hit := parents & unused:
            found |= hit
        else:
            yield name, path
    if unused - found:
        raise BundleError(f"{listing} names {', '.join(sorted(unused - found))}: no dependency has that")


def _write_zip(files: dict[str, Path], name: str) -> None:
    """Write entries in the order of their names; stored, since deflate's bytes differ between zlib builds."""
    with zipfile.ZipFile(name, "w", zipfile.ZIP_STORED) as archive:
        for entry in sorted(files):
            info = zipfile.ZipInfo(entry, _EPOCH)
            info.create_system = 3  # Unix, whatever system this is
            info.external_attr = 0o100644 << 16
            archive.writestr(info, files[entry].read_bytes())


def _dependencies(requirements: Path, work_dir: Path) -> Path:
    """Return a folder with the pinned wheels unpacked: pure Python, each checked against its hash."""
    key = hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    folder = work_dir / f"dependencies-{key}"
    if folder.exists():
        return folder
    work_dir.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=work_dir))
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-compile",
    ]
    pure = [
        "--no-deps",
        "--require-hashes",
        "--only-binary=:all:",
        "--platform=any",
        "--implementation=py",
        "--abi=none",
    ]
    pip = subprocess.run(
        [*command, *pure, "--target", str(draft), "--requirement", str(requirements)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if pip.returncode:
        shutil.rmtree(draft)
        errors = [line for line in pip.stderr.splitlines() if line.startswith("ERROR")]
        raise BundleError(
            f"{requirements}: pip failed: {(errors or [pip.stderr.strip() or 'it said nothing'])[-1]}"
        )
    try:
        draft.rename(folder)
    except OSError:
        if not folder.exists():
            raise
        shutil.rmtree(draft)  # another process was faster
    return folder
