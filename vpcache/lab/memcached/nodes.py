"""The nodes of cache clusters: real memcached processes, and the endpoint that tells clients about them."""

from __future__ import annotations

import os
import pwd
import select
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from vpcache.lab.errors import LabError
from vpcache.lab.faults import Fault, Mode
from vpcache.lab.memcached.configuration_endpoint import Endpoint
from vpcache.lab.memcached.discovery import discovery_reply
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.services.authority import Authority
from vpcache.lab.topology import CacheCluster, CacheNode

_START_SECONDS = 10.0
_RETRY_MS = 2  # between two tries to connect to a memcached that starts
_LOOPBACK = "127.0.0.1"


class CacheNodes:
    """The memcached processes and endpoints of all clusters, each in its interface's namespace.

    `authority` vouches for the names of encrypted clusters; `work` is the folder for their keys.
    """

    def __init__(
        self,
        namespaces: Namespaces,
        interface_namespace: Callable[[str], str],
        authority: Authority,
        work: Path,
    ) -> None:
        self._namespaces = namespaces
        self._authority = authority
        self._work = work
        self._interface_namespace = interface_namespace
        self._standing: dict[str, _Node] = {}  # by the node's full name

    def reconcile(self, clusters: Iterable[CacheCluster], faults: Mapping[str, Fault] | None = None) -> None:
        """Let exactly the nodes of `clusters` run, and their endpoints tell of them.

        `faults` are those of nodes, by full name; a dead node does not run. A node whose description has
        not changed keeps running with all its keys and connections; one that died is started again, empty.
        Calls must not overlap. Raises LabError with memcached's own words if a node does not start.
        """
        modes = {target: fault.mode for target, fault in (faults or {}).items()}
        wanted: dict[str, _Wanted] = {}
        for cluster in clusters:
            for node in cluster.nodes:
                name = cluster.node_name(node)
                mode = modes.get(name)
                if mode is not Mode.DEAD:
                    wanted[name] = _Wanted(
                        node,
                        self._credentials(cluster, node),
                        discovery_reply(cluster),
                        mode is Mode.HUNG,
                    )
        for key, standing in list(self._standing.items()):
            if key not in wanted or not standing.serves(wanted[key]):
                del self._standing[key]
                standing.close()
        fresh = [key for key in wanted if key not in self._standing]
        try:
            for key in fresh:
                self._standing[key] = self._start(wanted[key])
            for key in fresh:
                self._standing[key].wait()
        except Exception:
            for key in fresh:
                if started := self._standing.pop(key, None):
                    started.close()
            raise
        for key, each in wanted.items():
            self._standing[key].tell(each.reply)
            self._standing[key].hang(each.is_hung)

    def end(self, name: str) -> None:
        """Kill the process of the node with this full name; the next `reconcile` starts it again, empty."""
        if node := self._standing.pop(name, None):
            node.close()

    def running(self) -> set[str]:
        """Return the full names of the nodes whose process is alive."""
        return {key for key, node in list(self._standing.items()) if node.is_alive}

    def close(self) -> None:
        """Stop every node."""
        self.reconcile(())

    def _credentials(self, cluster: CacheCluster, node: CacheNode) -> Path | None:
        if not cluster.is_encrypted:
            return None
        file = self._work / f"{node.hostname}.pem"
        if not file.exists():
            self._authority.write_credentials(file, node.hostname, cluster.configuration_hostname)
        return file

    def _start(self, wanted: _Wanted) -> _Node:
        return _Node(self._namespaces, self._interface_namespace(wanted.node.interface_id), wanted)


@dataclass(frozen=True, slots=True)
class _Wanted:
    node: CacheNode
    credentials: Path | None  # for TLS
    reply: bytes
    is_hung: bool

    @property
    def process(self) -> tuple[CacheNode, Path | None]:
        """What a memcached process cannot change while it runs."""
        return self.node, self.credentials

    @property
    def plain_address(self) -> str:
        """Where memcached speaks without TLS: to the endpoint beside it alone if clients need TLS."""
        return _LOOPBACK if self.credentials else str(self.node.address)


class _Node:
    """One memcached process with the endpoint beside it."""

    def __init__(self, namespaces: Namespaces, namespace: str, wanted: _Wanted) -> None:
        self._namespaces = namespaces
        self._namespace = namespace
        self._made_for = wanted
        self._endpoint: Endpoint | None = None
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the node)
        self._process = namespaces.popen(
            namespace,
            _command(wanted),
            stdin=subprocess.DEVNULL,
            stdout=self._stderr,
            stderr=self._stderr,
            start_new_session=True,
        )

    @property
    def is_alive(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def serves(self, wanted: _Wanted) -> bool:
        """Tell whether this process is alive and what `wanted` asks for, its neighbours aside."""
        return self._made_for.process == wanted.process and self.is_alive

    def wait(self) -> None:
        """Wait until memcached accepts connections, then open the endpoint."""
        process_end = select.poll()
        descriptor = os.pidfd_open(self._process.pid)
        process_end.register(descriptor, select.POLLIN)
        deadline = time.monotonic() + _START_SECONDS
        try:
            while True:
                try:
                    self._connect().close()
                    break
                except OSError as error:
                    if process_end.poll(_RETRY_MS) or time.monotonic() > deadline:
                        raise LabError(self._complaint(error)) from None
        finally:
            os.close(descriptor)
        wanted = self._made_for
        address, port = str(wanted.node.endpoint_address), wanted.node.port
        listener = self._namespaces.listen(self._namespace, address, port)
        self._endpoint = Endpoint(listener, self._connect, wanted.reply, wanted.credentials)

    def tell(self, reply: bytes) -> None:
        """Answer `config get cluster` with `reply` from now on."""
        if self._endpoint:
            self._endpoint.reply = reply

    def hang(self, is_hung: bool) -> None:
        """Let the process stand still, or go on."""
        self._process.send_signal(signal.SIGSTOP if is_hung else signal.SIGCONT)

    def close(self) -> None:
        """Stop the endpoint and the process."""
        if self._endpoint:
            self._endpoint.close()
        self._process.kill()
        self._process.wait()
        self._stderr.close()

    def _connect(self) -> socket.socket:
        connection = self._namespaces.socket(self._namespace)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.connect((self._made_for.plain_address, self._made_for.node.port))
        except OSError:
            connection.close()
            raise
        return connection

    def _complaint(self, error: OSError) -> str:
        node = self._made_for.node
        self._stderr.seek(0)
        words = self._stderr.read().decode(errors="replace").strip() or str(error)
        return (
            f"memcached of cache node {node.hostname} does not serve on {node.address}:{node.port}: {words}; "
            f"mend its arguments ({' '.join(node.arguments) or 'none'}) or free the address"
        )


def _command(wanted: _Wanted) -> list[str]:
    node = wanted.node
    user = pwd.getpwuid(os.geteuid()).pw_name
    where = ["-l", str(node.address), "-p", str(node.port), "-U", "0", "-u", user]
    if file := wanted.credentials:  # the plain address comes last: when it serves, both do
        tls = ["-Z", "-o", f"ssl_chain_cert={file},ssl_key={file}"]
        where += [*tls, "-l", f"notls:{wanted.plain_address}:{node.port}"]
    return ["setpriv", "--pdeathsig", "KILL", "memcached", *where, *node.arguments]
