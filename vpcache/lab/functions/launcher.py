"""The launcher of a function process, a script: prepares the process, then executes AWS's runtime client.

It starts inside the network namespace of the function's interface, as root of the lab. It creates a mount
namespace with a file system like the one on AWS (the bundle on /var/task, the runtime on /var/runtime, and
everything read-only except its own /tmp), a user namespace in which it is AWS's user and not root, drops all
privileges, and executes the interpreter again, so that the environment applies to the function as on AWS and
never to this script. It imports few modules, not even pathlib or json, because each import lengthens the
cold start.
"""
# ruff: noqa: PTH102, PTH103, PTH112, PTH113, PTH114, PTH115, PTH120, PTH123, PTH211, S606

from __future__ import annotations

import ctypes
import errno
import marshal
import os
import resource
import sys

_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_MS_BIND_REC = 0x1000 | 0x4000
_MS_PRIVATE_REC = 0x40000 | 0x4000
_MS_NOSUID_NODEV = 0x2 | 0x4
_SYS_MOUNT_SETATTR = 442  # the same number on every architecture; Linux 5.12
_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_MOUNT_ATTR_RDONLY = 0x1
_PR_SET_PDEATHSIG = 1
_SIGKILL = 9
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT_CLEAR_ALL = (47, 4)
_CAP_SETFCAP = 31
_CAPABILITY_VERSION_3 = 0x20080522

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache")
_DEVICES = ("null", "zero", "full", "random", "urandom")

_LOG_DESCRIPTOR = 3
_API_DESCRIPTOR = 4
_LIMITS = {  # soft and hard limits on AWS
    resource.RLIMIT_CORE: (10 << 30, 10 << 30),
    resource.RLIMIT_MEMLOCK: (64 << 10, 64 << 10),
    resource.RLIMIT_NOFILE: (1024, 1024),
}
_MAX_PROCESSES = 742
_LINUX_COUNTS_PER_NAMESPACE = (5, 14)  # processes of a user, by user namespace

_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Read the settings from the first argument, marshalled, and become the function process."""
    os.umask(0o022)
    settings = marshal.loads(bytes.fromhex(sys.argv[1]))  # noqa: S302  # the lab's own
    environment = settings["environment"]
    environment["AWS_LAMBDA_RUNTIME_API"] = os.environ["AWS_LAMBDA_RUNTIME_API"]
    if settings["is_connected"]:
        _connect(environment["AWS_LAMBDA_RUNTIME_API"])
        environment["_LAB_RUNTIME_API_FD"] = str(_API_DESCRIPTOR)
    _create_root(settings["root"], settings["mounts"], settings["files"], settings["tmp_megabytes"])
    for path, target in settings["links"].items():
        os.makedirs(os.path.dirname(settings["root"] + path), exist_ok=True)
        os.symlink(target, settings["root"] + path)
    for inside, outside in settings["overlays"].items():
        _mount(outside, settings["root"] + inside, None, _MS_BIND_REC)
    _set_read_only(settings["root"], True, _AT_RECURSIVE)
    _set_read_only(f"{settings['root']}/tmp", False, 0)
    is_other_user = _become_user(*settings["user"])
    os.chroot(settings["root"])
    os.chdir(environment["LAMBDA_TASK_ROOT"])
    _set_limits(is_other_user)
    _drop_privileges()
    os.dup2(1, _LOG_DESCRIPTOR)  # frames come in the order of other output
    environment["_LAMBDA_TELEMETRY_LOG_FD"] = str(_LOG_DESCRIPTOR)
    _execute(settings["command"], environment)


def _connect(api: str) -> None:
    """Connect a descriptor, which outlives the execution of the command, to the Runtime API."""
    import _socket  # `socket` imports ten modules

    host, _, port = api.rpartition(":")
    connection = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    connection.connect((host, int(port)))
    os.dup2(connection.fileno(), _API_DESCRIPTOR)
    connection.close()


def _create_root(root: str, mounts: dict[str, str], files: dict[str, str], tmp_megabytes: int) -> None:
    """Create a file system on the empty folder `root`.

    `mounts` maps paths inside to paths outside; `files` maps paths inside to their text.
    """
    _check(_libc.unshare(_CLONE_NEWNS), "a mount namespace")
    _mount(None, "/", None, _MS_PRIVATE_REC)
    _mount("tmpfs", root, "tmpfs", _MS_NOSUID_NODEV, "mode=755")
    os.mkdir(f"{root}/tmp")
    _mount("tmpfs", f"{root}/tmp", "tmpfs", _MS_NOSUID_NODEV, f"mode=1777,size={tmp_megabytes}m")
    for path in (*_SYSTEM, *(f"/dev/{name}" for name in _DEVICES), "/proc"):
        _bind(root, path, path)
    for inside, outside in mounts.items():
        _bind(root, inside, outside)
    for inside, text in files.items():
        os.makedirs(os.path.dirname(root + inside), exist_ok=True)
        with open(root + inside, "w") as file:
            file.write(text)
    os.makedirs(f"{root}/opt", exist_ok=True)
    for name, descriptor in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        os.symlink(f"/proc/self/fd{descriptor}", f"{root}/dev/{name}")


def _become_user(uid: int, gid: int) -> bool:
    """Map the lab's root to another user, who has no privileges outside the process's own namespace.

    Return whether that is so. Where the kernel allows no further user namespace, or no mapping of root in it
    (user_namespaces(7): that takes CAP_SETFCAP), the user remains root.
    """
    if not _has_capability(_CAP_SETFCAP) or _libc.unshare(_CLONE_NEWUSER):
        return False
    for name, text in (("setgroups", "deny"), ("gid_map", f"{gid} 0 1"), ("uid_map", f"{uid} 0 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    return True


def _has_capability(number: int) -> bool:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted and inheritable: the low ones, then the high ones
    _check(_libc.capget(header, sets), "its capabilities")
    return bool(sets[0] >> number & 1)


def _set_limits(is_other_user: bool) -> None:
    """Set AWS's limits, as far as the lab's own allow them.

    That of processes counts those of a user in a user namespace, in older kernels those of all namespaces.
    """
    for kind, limits in _LIMITS.items():
        _limit(kind, *limits)
    release = tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])
    if is_other_user and release >= _LINUX_COUNTS_PER_NAMESPACE:
        _limit(resource.RLIMIT_NPROC, _MAX_PROCESSES, _MAX_PROCESSES)


def _limit(kind: int, soft: int, hard: int) -> None:
    _, maximum = resource.getrlimit(kind)
    if maximum != resource.RLIM_INFINITY:
        soft, hard = min(soft, maximum), min(hard, maximum)
    resource.setrlimit(kind, (soft, hard))


def _execute(command: list[str], environment: dict[str, str]) -> None:
    """Execute the command, or the function's wrapper with the command as its arguments.

    https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html
    """
    wrapper = environment.get("AWS_LAMBDA_EXEC_WRAPPER")
    if wrapper:
        if not os.path.isfile(wrapper):
            _end(127, f"{wrapper}: does not exist")
        if not os.access(wrapper, os.X_OK):
            _end(126, f"{wrapper}: is not an executable")
        command = [wrapper, *command]
    try:
        os.execve(command[0], command, environment)
    except OSError as error:
        if error.errno == errno.ENOEXEC:  # no magic number: a script for the shell
            os.execve("/bin/sh", ["/bin/sh", *command], environment)
        _end(126, f"{command[0]}: {error.strerror}")


def _end(status: int, message: str) -> None:
    print(message, flush=True)
    os._exit(status)


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
    _check(_libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL), "its end with the lab")


def _mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    texts = [text.encode() if text else None for text in (source, target, kind, options)]
    _check(_libc.mount(*texts[:3], ctypes.c_ulong(flags), texts[3]), f"{source} on {target}")


def _check(failed: int, purpose: str) -> None:
    if failed:
        error = ctypes.get_errno()
        raise OSError(error, f"the function's process cannot set up {purpose}: {os.strerror(error)}")


if __name__ == "__main__":
    main()
