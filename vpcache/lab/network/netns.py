"""Doing things inside named network namespaces from a process with many threads."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

Socket = socket.socket  # inside the class below, `socket` is a method

NAMED = Path("/run/netns")  # where iproute2 keeps named namespaces
_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class Namespaces:
    """Opens sockets and starts processes in named network namespaces.

    A thread's namespace is a property of that thread, and a socket keeps the namespace that it was made in.
    So one thread of its own changes namespace for all others and comes home after each func.
    """

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="netns")
        self._home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    def run(self, namespace: str, func: Callable[[], T]) -> T:
        """Call `func` inside `namespace`. Raises FileNotFoundError if there is no such namespace."""
        return self._executor.submit(self._inside, namespace, func).result()

    def socket(self, namespace: str, kind: socket.SocketKind = socket.SOCK_STREAM) -> Socket:
        """Return an unconnected IPv4 socket of `namespace`."""
        return self.run(namespace, lambda: socket.socket(socket.AF_INET, kind))

    def listen(self, namespace: str, address: str, port: int) -> Socket:
        """Return a listening TCP socket of `namespace`; port 0 lets the kernel choose."""

        def func() -> Socket:
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
            listener.listen(128)
            return listener

        return self.run(namespace, func)

    def popen(self, namespace: str, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start `command` inside `namespace`; options are those of subprocess.Popen."""
        return self.run(namespace, lambda: subprocess.Popen(command, **options))

    def close(self) -> None:
        """End the func thread."""
        self._executor.shutdown()
        os.close(self._home)

    def _inside(self, namespace: str, func: Callable[[], T]) -> T:
        there = os.open(NAMED / namespace, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _enter(there)
            try:
                return func()
            finally:
                _enter(self._home)
        finally:
            os.close(there)


def _enter(namespace: int) -> None:
    if _libc.setns(namespace, _CLONE_NEWNET):
        error = ctypes.get_errno()
        raise OSError(error, f"cannot enter network namespace: {os.strerror(error)}")
