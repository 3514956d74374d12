"""Python on macOS, as far as Linux can show it: Darwin's name, and none of Linux's own system calls.

`sys.platform` stays: with "darwin" the standard library imports modules that only macOS has.
"""

from __future__ import annotations

import ctypes
import os
import platform
import select
import signal
import socket
from typing import Any

_LINUX_ONLY = {
    os: ("eventfd", "memfd_create", "pidfd_open", "sched_getaffinity", "setns", "unshare"),
    select: ("epoll",),
    signal: ("pidfd_send_signal",),
    socket: ("AF_NETLINK", "AF_PACKET", "TCP_CORK"),
}
_LINUX_FUNCTIONS = {"capget", "capset", "mount", "prctl", "setns", "unshare"}

for module, names in _LINUX_ONLY.items():
    for name in names:
        if hasattr(module, name):
            delattr(module, name)

_NAME = ("Darwin", "laptop.local", "24.6.0", "Darwin Kernel Version 24.6.0", "arm64")
os.uname = lambda: os.uname_result(_NAME)
platform.mac_ver = lambda *_: ("15.6", ("", "", ""), "arm64")

_find = ctypes.CDLL.__getattr__


def _find_on_darwin(library: ctypes.CDLL, name: str) -> Any:
    if name in _LINUX_FUNCTIONS:
        raise AttributeError(f"dlsym(RTLD_DEFAULT, {name}): symbol not found")
    return _find(library, name)


ctypes.CDLL.__getattr__ = _find_on_darwin  # type: ignore[method-assign]
