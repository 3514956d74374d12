"""Serverless caches: a real memcached process behind the interfaces of the cache's VPC endpoint.

The process listens on a Unix socket, which has no network namespace. At each interface a proxy accepts
clients over TLS, so that all of them use the same items, in every zone.
"""

from __future__ import annotations

import os
import pwd
import resource
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO

from vpcache.lab.errors import LabError
from vpcache.lab.memcached.commands import CommandStream
from vpcache.lab.memcached.proxy import MemcachedProxy
from vpcache.lab.network.naming import digest
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.services.authority import Authority
from vpcache.lab.topology import ServerlessCache

_START_TIMEOUT = 10.0  # seconds
_RETRY_SECONDS = 0.005
_MAX_CONNECTIONS = 65000
_UNKNOWN = b"unsupported\r\n"  # memcached answers ERROR
_MALFORMED = b"flush_all x\r\n"  # memcached answers CLIENT_ERROR
_UNSUPPORTED = {b"lru", b"lru_crawler", b"me", b"verbosity", b"watch"}


def replacement(words: list[bytes]) -> bytes | None:
    """Return what memcached receives in place of a command that serverless caches reject, None for others.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/mem-ug/SupportedCommandsMem.html
    """
    command, arguments = words[:1], words[1:]
    if command == [b"stats"]:
        return None if arguments in ([], [b"reset"]) else _UNKNOWN
    if command == [b"flush_all"]:
        is_delayed = arguments and arguments[0].isdigit() and int(arguments[0]) > 0
        return _MALFORMED if is_delayed else None
    return _UNKNOWN if _UNSUPPORTED.intersection(command) else None


class ServerlessCaches:
    """The processes and endpoints of all serverless caches. `work` is the folder for their sockets."""

    def __init__(
        self,
        namespaces: Namespaces,
        interface_namespace: Callable[[str], str],
        authority: Authority,
        work: Path,
    ) -> None:
        self._namespaces = namespaces
        self._interface_namespace = interface_namespace
        self._authority = authority
        self._work = work
        self._caches: dict[str, _Cache] = {}  # by full name

    def reconcile(self, caches: Iterable[ServerlessCache]) -> None:
        """Run exactly `caches`; the namespaces of their interfaces must exist.

        A cache keeps its items and connections while its endpoints are the same; one whose process has ended
        is started again, empty. Calls must not overlap. Raises LabError with memcached's own message if a
        process does not start.
        """
        desired = {cache.full_name: cache for cache in caches}
        for name, running in list(self._caches.items()):
            if name not in desired or not running.matches(desired[name]):
                del self._caches[name]
                running.close()
        for name, cache in desired.items():
            if name not in self._caches:
                self._caches[name] = self._start(cache)
            self._caches[name].set_memory(cache.memory_mb)

    def running(self) -> set[str]:
        """Return the full names of the caches whose process runs."""
        return {name for name, cache in list(self._caches.items()) if cache.is_alive}

    def close(self) -> None:
        """Stop all caches."""
        self.reconcile(())

    def _start(self, cache: ServerlessCache) -> _Cache:
        path = self._work / f"{digest(cache.full_name, 8).hex()}.socket"
        listeners = [
            self._namespaces.listen(self._interface_namespace(interface_id), str(address), port)
            for interface_id, address in cache.endpoints
            for port in cache.ports
        ]
        try:
            return _Cache(cache, path, listeners, self._authority)
        except LabError:
            for listener in listeners:
                listener.close()
            raise


class _Session:
    """One connection: memcached's answers pass unchanged."""

    def __init__(self) -> None:
        self.commands = CommandStream(replacement)

    def answer(self, received: bytes) -> bytes:
        return received

    def rest_of_answers(self) -> bytes:
        return b""


class _Cache:
    """One memcached process with a proxy at each listener. Raises LabError if it does not start."""

    def __init__(
        self,
        description: ServerlessCache,
        path: Path,
        listeners: Iterable[socket.socket],
        authority: Authority,
    ) -> None:
        self._description = description
        self._memory_mb = description.memory_mb
        self._path = path
        self._output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the cache)
        self._process = subprocess.Popen(
            _command(path, description.memory_mb),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,
        )
        self._wait_until_ready()
        tls = authority.server(description.hostname)
        self._proxies = [MemcachedProxy(each, self._connect, _Session, tls) for each in listeners]

    @property
    def is_alive(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def matches(self, desired: ServerlessCache) -> bool:
        """Return whether the process runs and has all desired properties but the memory."""
        is_same = replace(desired, memory_mb=0) == replace(self._description, memory_mb=0)
        return is_same and self.is_alive

    def set_memory(self, memory_mb: int) -> None:
        """Change the limit of the items' memory in MiB."""
        if memory_mb != self._memory_mb:
            with self._connect() as connection:
                connection.sendall(b"cache_memlimit %d\r\n" % memory_mb)
                connection.recv(100)
            self._memory_mb = memory_mb

    def close(self) -> None:
        """Stop the proxies and the process."""
        for proxy in self._proxies:
            proxy.close()
        self._end()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._output.close()
        self._path.unlink(missing_ok=True)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_TIMEOUT
        while True:
            try:
                self._connect().close()
                return
            except OSError as error:
                if not self.is_alive or time.monotonic() > deadline:
                    self._output.seek(0)
                    message = self._output.read().decode(errors="replace").strip() or str(error)
                    self._end()
                    name = self._description.name
                    raise LabError(
                        f"memcached of serverless cache {name} failed to start: {message}"
                    ) from None
            time.sleep(_RETRY_SECONDS)

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(str(self._path))
        except OSError:
            connection.close()
            raise
        return connection


def _command(path: Path, memory_mb: int) -> list[str]:
    user = pwd.getpwuid(os.geteuid()).pw_name
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    connections = _MAX_CONNECTIONS if files == resource.RLIM_INFINITY else min(_MAX_CONNECTIONS, files)
    options: Mapping[str, str] = {
        "-s": str(path),
        "-a": "0600",
        "-u": user,
        "-m": str(memory_mb),
        "-c": str(connections),
        "-B": "ascii",
    }
    arguments = [word for option in options.items() for word in option]
    return ["setpriv", "--pdeathsig", "KILL", "memcached", *arguments]
