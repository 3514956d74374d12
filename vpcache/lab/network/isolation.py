"""Leaving the host: namespaces for the daemon, entered before it makes anything.

Everything that the lab makes later lives inside them, so no mistake of it can reach the host's network,
and the kernel takes all of it away when the first process inside dies, however it dies.
"""

from __future__ import annotations

import ctypes
import os
import signal
import traceback
from collections.abc import Callable
from pathlib import Path

from vpcache.lab.errors import LabError

_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWPID = 0x20000000
_CLONE_NEWNET = 0x40000000
_MS_REC_PRIVATE = 0x4000 | 0x40000
_MS_NOSUID_NODEV = 0x2 | 0x4
_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


SYSTEM_FOLDERS = ("/usr/sbin", "/sbin")
"""Where nft and ip may be: on the search path of administrators alone."""


def run_isolated(body: Callable[[int], None]) -> int:
    """Fork a process that runs `body` in user (unless root), mount, PID and network namespaces of its own.

    `body` receives the lab's process id as the host sees it: the id of the namespace's first process, whose
    death ends all. Returns that id in the calling process, which is of no further use to the lab.
    Raises LabError where the kernel forbids the namespaces.
    """
    uid, gid = os.geteuid(), os.getegid()
    flags = _CLONE_NEWNS | _CLONE_NEWPID | _CLONE_NEWNET | (_CLONE_NEWUSER if uid else 0)
    try:
        if _libc.unshare(flags):
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
        if uid:
            _map_to_root(uid, gid)
    except OSError as error:
        raise LabError(
            f"the kernel forbids the lab's namespaces ({error.strerror}): run as root, or allow unprivileged "
            "user namespaces; `python -m vpcache.lab.doctor` says how"
        ) from error
    first = os.fork()
    if first:
        return first
    host_pid = int(Path("/proc/self").readlink().name)  # the host's /proc is still mounted
    try:
        os.environ["PATH"] = os.pathsep.join((os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS))
        _mount_private()
        _init(lambda: body(host_pid))
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def signal_when_parent_dies(number: signal.Signals) -> None:
    """Have the kernel send this process a signal when its parent dies, however it dies (prctl(2))."""
    _libc.prctl(_PR_SET_PDEATHSIG, number)


def _map_to_root(uid: int, gid: int) -> None:
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
    Path("/proc/self/gid_map").write_text(f"0 {gid} 1")


def _mount_private() -> None:
    _mount("none", "/", None, _MS_REC_PRIVATE)
    _mount("proc", "/proc", "proc", _MS_NOSUID_NODEV)
    _mount("tmpfs", "/run", "tmpfs", _MS_NOSUID_NODEV)
    Path("/run/netns").mkdir()


def _mount(source: str, target: str, kind: str | None, flags: int) -> None:
    if _libc.mount(source.encode(), target.encode(), kind.encode() if kind else None, flags, None):
        raise LabError(f"cannot mount {kind or 'privately'} on {target}: {os.strerror(ctypes.get_errno())}")


def _init(body: Callable[[], None]) -> None:
    """Be process 1: run `body` in a child, reap orphans, end with that child or on SIGTERM."""
    child = os.fork()
    if child == 0:
        signal_when_parent_dies(signal.SIGKILL)
        status = 1
        try:
            body()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        ended, _ = os.wait()
        if ended == child:
            os._exit(1)
