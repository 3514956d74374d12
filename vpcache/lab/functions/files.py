"""The files of function processes: the packages of AWS's runtime, and the unpacked bundles."""

from __future__ import annotations

import compileall
import importlib.metadata
import tempfile
import threading
import zipfile
from io import BytesIO
from pathlib import Path

_SHIPPED = (
    "awslambdaric",
    "snapshot-restore-py",
    "simplejson",
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "python-dateutil",
    "six",
    "urllib3",
)
"""The distributions in AWS's Python runtime. Function processes see no other package of the lab's
environment, so that a bundle without one of its dependencies fails as it does on AWS."""


class FunctionFiles:
    """The shared files of function processes below `work`; `runtime` links into the folders `sites`."""

    def __init__(self, work: Path) -> None:
        self.runtime = work / "runtime"
        self.sites = _link_runtime(self.runtime)
        self._bundles = work / "bundles"
        self._bundles.mkdir()
        self._lock = threading.Lock()

    def bundle(self, sha256: str, code: bytes) -> Path:
        """Return the folder with the unpacked zip `code`, which is unpacked once for each `sha256`."""
        folder = self._bundles / sha256.replace("/", "_")
        with self._lock:
            if not folder.exists():
                _unpack(code, folder)
        return folder


def _link_runtime(folder: Path) -> frozenset[Path]:
    folder.mkdir()
    sites = set()
    for name in _SHIPPED:
        distribution = importlib.metadata.distribution(name)
        site = Path(str(distribution.locate_file(""))).resolve()
        sites.add(site)
        tops = {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}
        for top in tops:
            (folder / top).symlink_to(site / top)
    return frozenset(sites)


def _unpack(code: bytes, folder: Path) -> None:
    """Unpack and compile: the process sees the folder read-only, so it cannot write its own byte code."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        bundle = Path(temporary) / "bundle"
        with zipfile.ZipFile(BytesIO(code)) as archive:
            archive.extractall(bundle)
        compileall.compile_dir(bundle, quiet=2, stripdir=str(bundle), prependdir="/var/task")
        bundle.rename(folder)
