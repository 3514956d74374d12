"""What several servers do with their sockets."""

from __future__ import annotations

import socket
from contextlib import suppress


def cut(connection: socket.socket) -> None:
    """End `connection` in both directions and wake whoever waits on it, if it stands at all."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
