"""The files of function processes that do not depend on their runtime: the launcher, and unpacked bundles."""

from __future__ import annotations

import py_compile
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from vpcache.lab.functions.archive import ca_files, unpack
from vpcache.lab.functions.image import Image
from vpcache.lab.functions.trust import Trust

_LAUNCHER = Path(__file__).with_name("launcher.py")


@dataclass(frozen=True, slots=True)
class Bundle:
    """An unpacked deployment package."""

    folder: Path
    ca_files: tuple[str, ...]  # files with certificate authorities, relative to the folder


class FunctionFiles:
    """The shared files of function processes below `work`."""

    def __init__(self, work: Path, trust: Trust) -> None:
        self.launcher = work / "launcher.pyc"  # compiled once: a script is compiled each time it starts
        py_compile.compile(str(_LAUNCHER), str(self.launcher), doraise=True)
        self._trust = trust
        self._bundles = work / "bundles"
        self._bundles.mkdir()
        self._lock = threading.Lock()
        self._unpacked: dict[tuple[str, str], Bundle] = {}

    def bundle(self, sha256: str, code: bytes, image: Image) -> Bundle:
        """Return the unpacked zip `code`, which is unpacked and compiled once for each `sha256` and image."""
        with self._lock:
            if (sha256, image.name) not in self._unpacked:
                folder = self._bundles / f"{sha256.replace('/', '_')}-{image.name}"
                with tempfile.TemporaryDirectory(dir=self._bundles) as temporary:
                    unpack(code, Path(temporary, "bundle"), image.compile)
                    Path(temporary, "bundle").rename(folder)
                self._unpacked[sha256, image.name] = Bundle(folder, tuple(ca_files(folder)))
            return self._unpacked[sha256, image.name]

    def mounts(self, bundle: Bundle, image: Image, folder: str) -> dict[str, str]:
        """Return the mounts of a process whose bundle is at `folder`: paths outside by paths inside."""
        return {folder: str(bundle.folder), **image.mounts, **self._trust.mounts}

    def overlays(self, bundle: Bundle, image: Image, folder: str) -> dict[str, str]:
        """Return the overlays of a process whose bundle is at `folder`: paths outside by paths inside."""
        return {
            **image.overlays,
            **{f"{folder}/{name}": str(self._trust.ca_file) for name in bundle.ca_files},
        }
