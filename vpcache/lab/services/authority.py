"""The lab's certificate authority, which issues all certificates of the lab."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path

import trustme


class Authority:
    """A new certificate authority, which issues a server's certificate at its first use."""

    def __init__(self, name: str) -> None:
        self._authority = trustme.CA(organization_name=name)
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()

    def write(self, file: Path) -> None:
        """Write the authority's own certificate, for trust stores."""
        self._authority.cert_pem.write_to_path(str(file))

    def write_credentials(self, file: Path, *names: str) -> None:
        """Write private key and certificate chain of a server with the host names `names`, as PEM."""
        file.touch(0o600)
        self._authority.issue_cert(*names).private_key_and_cert_chain_pem.write_to_path(str(file))

    def server(self, name: str) -> ssl.SSLContext:
        """Return the TLS context of a server with the host name `name`."""
        with self._lock:
            if name not in self._contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self._authority.issue_cert(name).configure_cert(context)
                self._contexts[name] = context
            return self._contexts[name]

    def server_of_any(self, domain: str) -> ssl.SSLContext:
        """Return the TLS context of a server with all host names under `domain`, chosen by SNI."""

        def choose(connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
            if name and name.endswith(f".{domain}"):
                connection.context = self.server(name)

        context = self.server(domain)
        context.sni_callback = choose
        return context
