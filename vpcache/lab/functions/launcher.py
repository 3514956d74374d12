"""The launcher of a function process, a script: prepares the process, then runs AWS's runtime client.

It starts inside the network namespace of the function's interface, as root of the lab. It creates a mount
namespace with a file system like the one on AWS (the bundle on /var/task, the runtime on /var/runtime, and
everything read-only except its own /tmp), drops all privileges and runs AWS's bootstrap. It imports few
modules, not even pathlib, because each import lengthens the cold start.
"""
# ruff: noqa: PTH102, PTH103, PTH112, PTH114, PTH115, PTH120, PTH123, PTH211

from __future__ import annotations

import ctypes
import errno
import importlib
import json
import os
import signal
import sys

_CLONE_NEWNS = 0x00020000
_MS_BIND_REC = 0x1000 | 0x4000
_MS_PRIVATE_REC = 0x40000 | 0x4000
_MS_NOSUID_NODEV = 0x2 | 0x4
_SYS_MOUNT_SETATTR = 442  # the same number on every architecture; Linux 5.12
_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_MOUNT_ATTR_RDONLY = 0x1
_PR_SET_PDEATHSIG = 1
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT_CLEAR_ALL = (47, 4)
_CAPABILITY_VERSION_3 = 0x20080522

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/ssl", "/etc/pki")
_DEVICES = ("null", "zero", "full", "random", "urandom")

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Read the settings (JSON) from the first argument and serve invocations until killed."""
    os.umask(0o022)
    settings = json.loads(sys.argv[1])
    _enter_root(settings["root"], settings["mounts"], settings["files"], settings["tmp_megabytes"])
    _drop_privileges()
    os.chdir(os.environ["LAMBDA_TASK_ROOT"])
    sys.path[:0] = [os.environ["LAMBDA_TASK_ROOT"], os.environ["LAMBDA_RUNTIME_DIR"]]
    os.environ["_LAMBDA_TELEMETRY_LOG_FD"] = str(os.dup(1))  # frames come in the order of other output
    handler = os.environ["_HANDLER"]
    sys.argv = ["bootstrap", handler]
    importlib.import_module("awslambdaric.__main__").main(sys.argv)


def _enter_root(root: str, mounts: dict[str, str], files: dict[str, str], tmp_megabytes: int) -> None:
    """Create a file system on the empty folder `root` and change the root to it.

    `mounts` maps paths inside to paths outside; `files` maps paths inside to their text. The files of the
    interpreter have the same paths inside and outside.
    """
    _check(_libc.unshare(_CLONE_NEWNS), "a mount namespace")
    _mount(None, "/", None, _MS_PRIVATE_REC)
    _mount("tmpfs", root, "tmpfs", _MS_NOSUID_NODEV, "mode=755")
    os.mkdir(f"{root}/tmp")
    _mount("tmpfs", f"{root}/tmp", "tmpfs", _MS_NOSUID_NODEV, f"mode=1777,size={tmp_megabytes}m")
    for path in (*_SYSTEM, *(f"/dev/{name}" for name in _DEVICES), "/proc"):
        _bind(root, path, path)
    for path in sorted({sys.base_prefix, sys.prefix}):
        _bind(root, path, path)
    for inside, outside in mounts.items():
        _bind(root, inside, outside)
    for inside, text in files.items():
        os.makedirs(os.path.dirname(root + inside), exist_ok=True)
        with open(root + inside, "w") as file:
            file.write(text)
    for name, descriptor in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        os.symlink(f"/proc/self/fd{descriptor}", f"{root}/dev/{name}")
    _set_read_only(root, True, _AT_RECURSIVE)
    _set_read_only(f"{root}/tmp", False, 0)
    os.chroot(root)


def _bind(root: str, inside: str, outside: str) -> None:
    """Bind `outside` to `inside`, unless `inside` exists or `outside` does not."""
    target = root + inside
    if os.path.lexists(target) or not os.path.lexists(outside):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(outside):
        os.symlink(os.readlink(outside), target)
        return
    if os.path.isdir(outside):
        os.mkdir(target)
    else:
        os.close(os.open(target, os.O_CREAT, 0o644))
    _mount(outside, target, None, _MS_BIND_REC)


def _set_read_only(path: str, read_only: bool, flags: int) -> None:
    """Make the mount at `path` read-only or writable. Does nothing on kernels without mount_setattr(2)."""
    changes = [_MOUNT_ATTR_RDONLY, 0] if read_only else [0, _MOUNT_ATTR_RDONLY]
    attributes = (ctypes.c_uint64 * 4)(*changes, 0, 0)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    failed = _libc.syscall(_SYS_MOUNT_SETATTR, _AT_FDCWD, path.encode(), flags, attributes, size)
    if failed and ctypes.get_errno() != errno.ENOSYS:
        _check(failed, f"the mount {path}")


def _drop_privileges() -> None:
    """Drop all capabilities and the ways to regain them; have the process killed when the lab ends."""
    capability = 0
    while _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    _libc.prctl(*_PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(header, (ctypes.c_uint32 * 6)()), "empty capabilities")
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL), "its end with the lab")


def _mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    texts = [text.encode() if text else None for text in (source, target, kind, options)]
    _check(_libc.mount(*texts[:3], ctypes.c_ulong(flags), texts[3]), f"{source} on {target}")


def _check(failed: int, purpose: str) -> None:
    if failed:
        error = ctypes.get_errno()
        raise OSError(error, f"the function's process cannot set up {purpose}: {os.strerror(error)}")


if __name__ == "__main__":
    main()
