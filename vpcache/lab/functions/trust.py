"""The certificate authorities that function processes trust: the lab's own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_FOLDERS = ("/etc/ssl", "/etc/pki/tls")
_FILES = ("cert.pem", "certs/ca-certificates.crt", "certs/ca-bundle.crt")
"""The system's certificate authorities, on Debian and on Amazon Linux."""


@dataclass(frozen=True, slots=True)
class Trust:
    """A folder like OpenSSL's own, with one certificate authority.

    It replaces the system's authorities and those that packages bring along.
    """

    folder: Path
    ca_file: Path

    @classmethod
    def create(cls, folder: Path, ca_file: Path) -> Trust:
        """Create the new folder `folder` that trusts the certificate in `ca_file`."""
        for name in _FILES:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ca_file, path)
        return cls(folder, ca_file)

    @property
    def mounts(self) -> Mapping[str, str]:
        """Paths outside by paths inside, for processes of every runtime."""
        return dict.fromkeys(_FOLDERS, str(self.folder))

    def of_openssl(self, authorities: str) -> tuple[dict[str, str], dict[str, str]]:
        """Return overlays and environment variables for an OpenSSL that reads the file `authorities`.

        The variables are empty unless this machine has no folder to be replaced.
        """
        if not authorities:
            return {}, {}
        openssl = Path(os.path.realpath(Path(authorities).parent))
        with suppress(OSError):
            shutil.copyfile(openssl / "openssl.cnf", self.folder / "openssl.cnf")
        if str(openssl) in _FOLDERS:
            return {}, {}
        if openssl.is_dir():
            return {str(openssl): str(self.folder)}, {}
        return {}, {"SSL_CERT_FILE": f"{_FOLDERS[0]}/{_FILES[0]}"}
