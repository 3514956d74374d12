"""The HTTP request handler of the servers of AWS's API."""

from __future__ import annotations

import socket
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler


class RequestHandler(MotoRequestHandler):  # type: ignore[misc]
    """moto's handler with HTTP/1.1, without Nagle's delay, and with a log of server errors only.

    Headers and body are sent together: see `vpcache.lab.daemon.http_server`.
    """

    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def setup(self) -> None:
        """Prepare the connection."""
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def handle_expect_100(self) -> bool:
        """Send `100 Continue` at once, and only once: werkzeug sends another without emptying the buffer."""
        is_accepted = super().handle_expect_100()
        self.wfile.flush()
        del self.headers["Expect"]
        return bool(is_accepted)

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Log server errors only."""
        if str(code).startswith("5"):
            super().log_request(code, size)
