"""What function processes find on their disk: the runtime that AWS ships, and the bundles unpacked."""

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
"""The distributions in AWS's Python runtime. Nothing else of our own environment is there for a bundle to
lean on: one that forgot a dependency must fail here as it would there."""


class FunctionFiles:
    """The files below `work` that function processes share; `runtime` links into the directories `sites`."""

    def __init__(self, work: Path) -> None:
        self.runtime = work / "runtime"
        self.sites = _link_runtime(self.runtime)
        self._bundles = work / "bundles"
        self._bundles.mkdir()
        self._lock = threading.Lock()

    def bundle(self, sha256: str, code: bytes) -> Path:
        """Return the directory where the zip `code` is unpacked; it is unpacked once per `sha256`."""
        place = self._bundles / sha256.replace("/", "_")
        with self._lock:
            if not place.exists():
                _unpack(code, place)
        return place


def _link_runtime(place: Path) -> frozenset[Path]:
    place.mkdir()
    sites = set()
    for name in _SHIPPED:
        distribution = importlib.metadata.distribution(name)
        site = Path(str(distribution.locate_file(""))).resolve()
        sites.add(site)
        tops = {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}
        for top in tops:
            (place / top).symlink_to(site / top)
    return frozenset(sites)


def _unpack(code: bytes, place: Path) -> None:
    """Unpack with byte code beside the sources: the process sees them read-only and cannot keep its own."""
    with tempfile.TemporaryDirectory(dir=place.parent) as temporary:
        fresh = Path(temporary) / "bundle"
        with zipfile.ZipFile(BytesIO(code)) as archive:
            archive.extractall(fresh)
        compileall.compile_dir(fresh, quiet=2, stripdir=str(fresh), prependdir="/var/task")
        fresh.rename(place)
