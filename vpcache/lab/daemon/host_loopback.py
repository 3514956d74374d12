"""Connections to 127.0.0.1 of the host, which the daemon's own network namespace does not reach.

Before the daemon enters its namespaces it forks a process that stays outside. That process connects to
127.0.0.1 only, on request of the daemon, and passes the connected socket on (SCM_RIGHTS, unix(7)). It ends
with the daemon, when its end of the channel is closed.
"""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Iterable
from contextlib import suppress

_CONNECT_SECONDS = 2.0
_PORT_BYTES = _STATUS_BYTES = 2


class HostLoopback:
    """The daemon's end of the channel. For use by several threads."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._lock = threading.Lock()

    @classmethod
    def fork(cls, closed: Iterable[int]) -> HostLoopback:
        """Fork the process that connects. It closes the file descriptors in `closed`, which it inherits.

        The caller must run no threads.
        """
        inside, outside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.fork() == 0:
            try:
                inside.close()
                for descriptor in closed:
                    os.close(descriptor)
                _serve(outside)
            finally:
                os._exit(0)
        outside.close()
        return cls(inside)

    def connect(self, port: int) -> socket.socket:
        """Return a socket that is connected to `port` of the host's 127.0.0.1. Raises OSError."""
        with self._lock:
            self._channel.send(port.to_bytes(_PORT_BYTES))
            status, descriptors, _, _ = socket.recv_fds(self._channel, _STATUS_BYTES, 1)
        if not descriptors:
            number = int.from_bytes(status)
            raise OSError(number, os.strerror(number))
        return socket.socket(fileno=descriptors[0])


def _serve(channel: socket.socket) -> None:
    """Connect to the ports that the daemon asks for, until it closes its end."""
    while request := channel.recv(_PORT_BYTES):
        try:
            connection = socket.create_connection(
                ("127.0.0.1", int.from_bytes(request)), timeout=_CONNECT_SECONDS
            )
        except OSError as error:
            number = error.errno or errno.ETIMEDOUT
            channel.send(number.to_bytes(_STATUS_BYTES))
        else:
            connection.setblocking(True)  # the receiver shares this mode
            with connection, suppress(OSError):
                socket.send_fds(channel, [bytes(_STATUS_BYTES)], [connection.fileno()])
