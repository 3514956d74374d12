"""The files of function processes: the packages of AWS's runtime, and the unpacked bundles."""

from __future__ import annotations

import importlib.metadata
import os
import py_compile
import shutil
import ssl
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from vpcache.lab.functions.archive import CA_FILES, ca_files, unpack

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


_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
_LAUNCHER = Path(__file__).with_name("launcher.py")
_TRUST_FOLDERS = ("/etc/ssl", "/etc/pki/tls")
_TRUST_FILES = ("cert.pem", "certs/ca-certificates.crt", "certs/ca-bundle.crt")
"""The system's certificate authorities, on Debian and on Amazon Linux."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """An unpacked deployment package."""

    folder: Path
    ca_files: tuple[str, ...]  # files with certificate authorities, relative to the folder


class FunctionFiles:
    """The shared files of function processes below `work`; `runtime` links into the folders `sites`.

    Function processes trust the lab's certificate authority, whose certificate is in `ca_file`: it replaces
    the system's authorities and those that packages bring along.
    """

    def __init__(self, work: Path, ca_file: Path) -> None:
        self.runtime = work / "runtime"
        self.sites = _link_runtime(self.runtime)
        self.launcher = work / "launcher.pyc"  # compiled once: a script is compiled each time it starts
        py_compile.compile(str(_LAUNCHER), str(self.launcher), doraise=True)
        self._ca = ca_file
        self._trust = work / "trust"
        openssl = Path(os.path.realpath(Path(ssl.get_default_verify_paths().openssl_cafile).parent))
        _create_trust(self._trust, ca_file, openssl)
        self.mounts = {
            **dict.fromkeys(_TRUST_FOLDERS, str(self._trust)),
            **{str(site): str(site) for site in self.sites},
        }
        """Paths in the file system of a process, by path outside."""
        self.overlays = {
            str(site / name): str(ca_file)
            for site in self.sites
            for name in CA_FILES
            if (site / name).is_file()
        }
        """Existing files and folders of this file system that are replaced."""
        self.variables: dict[str, str] = {}
        """Environment variables, if this machine's OpenSSL has no folder to be replaced."""
        if str(openssl) in _TRUST_FOLDERS:
            pass
        elif openssl.is_dir():
            self.overlays[str(openssl)] = str(self._trust)
        else:
            self.variables["SSL_CERT_FILE"] = f"{_TRUST_FOLDERS[0]}/{_TRUST_FILES[0]}"
        self._bundles = work / "bundles"
        self._bundles.mkdir()
        self._lock = threading.Lock()
        self._unpacked: dict[str, Bundle] = {}

    def bundle(self, sha256: str, code: bytes) -> Bundle:
        """Return the unpacked zip `code`, which is unpacked once for each `sha256`."""
        with self._lock:
            if sha256 not in self._unpacked:
                folder = self._bundles / sha256.replace("/", "_")
                with tempfile.TemporaryDirectory(dir=self._bundles) as temporary:
                    unpack(code, Path(temporary, "bundle"))
                    Path(temporary, "bundle").rename(folder)
                self._unpacked[sha256] = Bundle(folder, tuple(ca_files(folder)))
            return self._unpacked[sha256]

    def overlays_of(self, bundle: Bundle, folder: str) -> dict[str, str]:
        """Return the overlays of a process whose bundle is at `folder`."""
        return self.overlays | {f"{folder}/{name}": str(self._ca) for name in bundle.ca_files}


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
    shutil.copyfile(_BOOTSTRAP, folder / _BOOTSTRAP.name)
    return frozenset(sites)


def _create_trust(folder: Path, ca_file: Path, openssl: Path) -> None:
    """Create a folder like OpenSSL's own, with one certificate authority."""
    for name in _TRUST_FILES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ca_file, path)
    with suppress(OSError):
        shutil.copyfile(openssl / "openssl.cnf", folder / "openssl.cnf")
