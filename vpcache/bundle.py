"""Reproducible zip files of Lambda functions: the same input gives the same bytes on every machine."""

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

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date in the zip format
_EXCLUDED = (
    "__pycache__",
    "bin",
    "tests",
    "README.md",
    "requirements.txt",
    "unused.txt",
)  # files that are not executed, or that differ between machines
_EXCLUDED_SUFFIXES = (".dist-info", ".data", ".pyc")
_UNUSED = "unused.txt"

EGRESS_PROBE = Path(__file__).parent / "egress_probe"
"""The folder of a function that reports the network as seen from its subnet. Probes invoke it."""


class BundleError(VpcacheError):
    """A function cannot be bundled. The message names the folder and the reason."""


@dataclass(frozen=True)
class Bundle:
    """The zip of a function. `sha256` is in base64, as in Lambda and in Terraform's filebase64sha256."""

    path: Path
    sha256: str

    def as_variable(self, root_module: Path | None = None) -> dict[str, str]:
        """Return the value of the `bundle` variable of the vpc_lambda module.

        With `root_module`, Terraform's working directory, the path is relative to it and the same in every
        clone. An absolute path would differ between clones, and Terraform would plan a change.
        """
        path = self.path if root_module is None else os.path.relpath(self.path, root_module)
        return {"path": str(path), "sha256": self.sha256}


def bundle(source: Path, work_dir: Path) -> Bundle:
    """Zip the function in `source` with the dependencies that its requirements.txt pins.

    Files and folders that unused.txt lists, one a line, are excluded from the dependencies, so that Lambda
    loads less. The zip is in `work_dir`. Its name depends on its content, so an unchanged function keeps its
    path. Dependencies are installed once for each content of requirements.txt; after that no network is
    needed. Raises BundleError if handler.py is missing, a symbolic link points outside the folder, unused.txt
    lists a missing file, or pip fails.
    """
    if not (source / "handler.py").is_file():
        raise BundleError(
            f"{source} has no handler.py: add one, as every function's handler is handler.handler"
        )
    files = dict(_files(source))
    requirements = source / "requirements.txt"
    if requirements.exists():
        files = dict(_without_unused(source, _files(_dependencies(requirements, work_dir)))) | files
    work_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=work_dir, delete=False) as draft:
        _write_zip(files, draft.name)
    digest = hashlib.sha256(Path(draft.name).read_bytes()).digest()
    path = work_dir / f"{source.name}-{digest.hex()[:16]}.zip"
    Path(draft.name).replace(path)
    return Bundle(path, base64.b64encode(digest).decode())


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the name in the zip and the path of each file of a folder."""
    root = folder.resolve()
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if any(part in _EXCLUDED or part.endswith(_EXCLUDED_SUFFIXES) for part in parts):
            continue
        if not path.resolve().is_relative_to(root):
            raise BundleError(f"{path} points outside {folder}: replace the link with the file")
        if path.is_file():
            yield "/".join(parts), path


def _without_unused(source: Path, files: Iterator[tuple[str, Path]]) -> Iterator[tuple[str, Path]]:
    """Yield the files of the dependencies except those in the unused.txt of `source`."""
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
        raise BundleError(
            f"{listing} lists {', '.join(sorted(unused - found))}, which no dependency contains"
        )


def _write_zip(files: dict[str, Path], name: str) -> None:
    """Write the files sorted by name, without compression: deflate's output differs between zlib builds."""
    with zipfile.ZipFile(name, "w", zipfile.ZIP_STORED) as archive:
        for entry in sorted(files):
            info = zipfile.ZipInfo(entry, _EPOCH)
            info.create_system = 3  # Unix, on every system
            info.external_attr = 0o100644 << 16
            archive.writestr(info, files[entry].read_bytes())


def _dependencies(requirements: Path, work_dir: Path) -> Path:
    """Return a folder with the pinned wheels, unpacked: pure Python, with verified hashes."""
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
            f"{requirements}: pip failed: {(errors or [pip.stderr.strip() or 'no output'])[-1]}"
        )
    try:
        draft.rename(folder)
    except OSError:
        if not folder.exists():
            raise
        shutil.rmtree(draft)  # another process was faster
    return folder
