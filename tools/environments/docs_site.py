"""The documentation site: a build of docs/ by MkDocs, in a separate environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from vpcache.errors import VpcacheError

_LOCK = "requirements-docs.lock"


def build(root: Path, work_dir: Path) -> Path:
    """Build the site and return its folder. Raises VpcacheError if a link or a page is broken.

    The packages are installed from their lock into `work_dir` once for each content of it.
    """
    mkdocs = _environment(root, work_dir / "docs") / "bin" / "mkdocs"
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "true"}  # Material's notice about MkDocs 2
    done = subprocess.run(
        [str(mkdocs), "build", "--strict", "--clean", "--quiet"], cwd=root, env=environment, check=False
    )
    if done.returncode:
        raise VpcacheError("mkdocs could not build the site; its warnings are above")
    return root / "site"


def _environment(root: Path, folder: Path) -> Path:
    lock = (root / _LOCK).read_bytes()
    stamp = folder / _LOCK
    if stamp.exists() and stamp.read_bytes() == lock:
        return folder
    print("installing the packages of the documentation site", file=sys.stderr, flush=True)
    pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [*pip, "--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirement", str(root / _LOCK)],
    ):
        if subprocess.run(command, check=False).returncode:
            raise VpcacheError(f"cannot install {_LOCK} in {folder}; the error is above")
    stamp.write_bytes(lock)
    return folder
