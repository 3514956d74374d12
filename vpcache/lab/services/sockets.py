"""What several servers do with their sockets."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Protocol


class _Connection(Protocol):
    def shutdown(self, how: int, /) -> None: ...


def cut(connection: _Connection) -> None:
    """End `connection` in both directions and wake whoever waits on it, if it stands at all."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
