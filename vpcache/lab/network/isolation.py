"""Isolation from the host: namespaces that the daemon enters before it creates anything.

Everything that the lab creates later lives inside them, so no mistake of the lab can reach the host's
network, and the kernel removes all of it when the first process inside ends, for whatever reason.

    caller      `run_isolated` unshares: its children will be in the new namespaces, it is not
      |         (unshare(2): a PID namespace applies to children). Returns the host's ID of `first`.
      | fork
    first       process 1 of the PID namespace: mounts /proc and /run, reaps orphans. The kernel kills
      |         every process of the namespace when it ends.
      | fork
    body        runs the caller's function; `first` ends with it, and it is killed if `first` ends

`capture_isolated` puts one more fork in front, so that its caller stays where it is.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TextIO

from vpcache.lab.errors import LabError
from vpcache.lab.host import search_path

_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWPID = 0x20000000
_CLONE_NEWNET = 0x40000000
_MS_REC_PRIVATE = 0x4000 | 0x40000
_MS_NOSUID_NODEV = 0x2 | 0x4
_PR_SET_PDEATHSIG = 1
_FORBIDDEN_STATUS = 77  # exit status of a process that could not create the namespaces

_libc = ctypes.CDLL(None, use_errno=True)


def run_isolated(body: Callable[[int], None]) -> int:
    """Fork a process that runs `body` in new user (unless root), mount, PID and network namespaces.

    `body` receives the process ID that the first process inside has on the host: when that process ends,
    everything ends. Returns the same ID in the calling process, which is of no further use to the lab.
    Raises LabError if the kernel forbids the namespaces.
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
    if first == 0:
        _run_first_process(body)
    return first


def capture_isolated(body: Callable[[TextIO], None], timeout: float | None = None) -> str:
    """Run `body` as `run_isolated` does, wait for its end, and return the text that it wrote to its argument.

    If `body` raises, the traceback goes to standard error and the text is what it had written until then.
    Everything inside ends with the caller, too. Raises LabError if the kernel forbids the namespaces, and
    TimeoutError if `body` takes more than `timeout` seconds.
    """
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _run_and_wait(body, writer)
    os.close(writer)
    timer = threading.Timer(timeout, os.kill, (child, signal.SIGTERM)) if timeout is not None else None
    if timer:
        timer.start()
    with os.fdopen(reader, errors="replace") as stream:
        text = stream.read()  # until the last process inside has closed its end
    is_late = timer is not None and not timer.is_alive()
    if timer:
        timer.cancel()
    _, status = os.waitpid(child, 0)
    if is_late:
        raise TimeoutError(f"the isolated processes took more than {timeout} s")
    if os.waitstatus_to_exitcode(status) == _FORBIDDEN_STATUS:
        raise LabError(text.strip())
    return text


def signal_when_parent_dies(number: signal.Signals) -> None:
    """Have the kernel send this process a signal when its parent dies, however it dies (prctl(2))."""
    _libc.prctl(_PR_SET_PDEATHSIG, number)


def _run_and_wait(body: Callable[[TextIO], None], writer: int) -> NoReturn:
    """Run `body` in namespaces and wait for its end; end it on SIGTERM, which a dying parent causes, too."""

    def run(_: int) -> None:
        with os.fdopen(writer, "w") as stream:
            body(stream)
        sys.stdout.flush()
        sys.stderr.flush()

    status = 1
    try:
        signal_when_parent_dies(signal.SIGTERM)
        first = run_isolated(run)
        os.close(writer)
        signal.signal(signal.SIGTERM, lambda *_: os.kill(first, signal.SIGKILL))
        os.waitpid(first, 0)
        status = 0
    except LabError as error:
        os.write(writer, str(error).encode())
        status = _FORBIDDEN_STATUS
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _run_first_process(body: Callable[[int], None]) -> NoReturn:
    host_pid = int(Path("/proc/self").readlink().name)  # the host's /proc is still mounted
    try:
        os.environ["PATH"] = search_path(os.environ)
        _mount_private()
        _run_as_init(lambda: body(host_pid))
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


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


def _run_as_init(body: Callable[[], None]) -> NoReturn:
    """Run `body` in a child as process 1 does: reap orphans; exit when that child exits, or on SIGTERM."""
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
