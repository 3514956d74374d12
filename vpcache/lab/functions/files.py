"""The files of function processes that do not depend on their runtime: the launcher, and unpacked bundles."""

from __future__ import annotations

import py_compile
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from vpcache.lab.functions.archive import ca_files, unpack
from vpcache.lab.functions.image import LAYERS_ROOT, TASK_ROOT, Image
from vpcache.lab.functions.spec import LayerCode
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
        self._unpacked: dict[tuple[str, ...], Bundle] = {}

    def bundle(self, sha256: str, code: bytes, image: Image) -> Bundle:
        """Return the unpacked zip `code`, which is unpacked and compiled once for each `sha256` and image."""
        return self._bundle((LayerCode(sha256, code),), TASK_ROOT, image)

    def layers(self, layers: tuple[LayerCode, ...], image: Image) -> Bundle:
        """Return the layers, unpacked into one folder; the same layers in the same order share it."""
        return self._bundle(layers, LAYERS_ROOT, image)

    def _bundle(self, archives: tuple[LayerCode, ...], inside: str, image: Image) -> Bundle:
        with self._lock:
            key = (inside, image.name, *(each.sha256 for each in archives))
            if key not in self._unpacked:
                folder = self._bundles / str(len(self._unpacked))
                with tempfile.TemporaryDirectory(dir=self._bundles) as temporary:
                    unpack(
                        [each.code for each in archives],
                        Path(temporary, "bundle"),
                        lambda unpacked: image.compile(unpacked, inside),
                    )
                    Path(temporary, "bundle").rename(folder)
                self._unpacked[key] = Bundle(folder, tuple(ca_files(folder)))
            return self._unpacked[key]

    def mounts(self, bundles: Mapping[str, Bundle], image: Image) -> dict[str, str]:
        """Return the mounts of a process with bundles at these folders: paths outside by paths inside."""
        folders = {folder: str(bundle.folder) for folder, bundle in bundles.items()}
        return {**folders, **image.mounts, **self._trust.mounts}

    def overlays(self, bundles: Mapping[str, Bundle], image: Image) -> dict[str, str]:
        """Return the overlays of a process with bundles at these folders: paths outside by paths inside."""
        authorities = {
            f"{folder}/{name}": str(self._trust.ca_file)
            for folder, bundle in bundles.items()
            for name in bundle.ca_files
        }
        return {**image.overlays, **authorities}
