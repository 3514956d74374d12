"""Access to named network namespaces from a process with several threads."""

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
_IPV6_FREEBIND = 78  # of linux/in6.h; Python has no name for it
_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class Namespaces:
    """Opens sockets and starts processes in named network namespaces.

    The network namespace is a property of a thread, and a socket keeps the namespace in which it was created.
    So one dedicated thread enters namespaces for all others, and returns to its own after each function.
    """

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="netns")
        self._home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    def run(self, namespace: str, func: Callable[[], T]) -> T:
        """Call `func` inside `namespace`. Raises FileNotFoundError if the namespace does not exist."""
        return self._executor.submit(self._inside, namespace, func).result()

    def socket(self, namespace: str, kind: socket.SocketKind = socket.SOCK_STREAM) -> Socket:
        """Return an unconnected IPv4 socket of `namespace`."""
        return self.run(namespace, lambda: socket.socket(socket.AF_INET, kind))

    def socket_to(self, namespace: str, address: str) -> Socket:
        """Return an unconnected TCP socket of `namespace` for an address of IPv4 or IPv6."""
        return self.run(namespace, lambda: socket.socket(_family(address)))

    def listen(self, namespace: str, address: str, port: int) -> Socket:
        """Return a listening TCP socket of `namespace`; port 0 lets the kernel choose.

        An IPv6 address may be added to the namespace later.
        """

        def create() -> Socket:
            listener = socket.socket(_family(address))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if listener.family is socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, _IPV6_FREEBIND, 1)
            listener.bind((address, port))
            listener.listen(128)
            return listener

        return self.run(namespace, create)

    def popen(self, namespace: str, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start `command` inside `namespace`; options are those of subprocess.Popen."""
        return self.run(namespace, lambda: subprocess.Popen(command, **options))

    def close(self) -> None:
        """End the dedicated thread."""
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


def has_ipv6() -> bool:
    """Return whether the kernel has IPv6."""
    return Path("/proc/net/if_inet6").exists()


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _enter(namespace: int) -> None:
    if _libc.setns(namespace, _CLONE_NEWNET):
        error = ctypes.get_errno()
        raise OSError(error, f"cannot enter network namespace: {os.strerror(error)}")
