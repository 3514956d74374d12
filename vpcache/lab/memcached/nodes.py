"""The nodes of cache clusters: real memcached processes with their configuration endpoints."""

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
from vpcache.lab.memcached.configuration_endpoint import ConfigurationEndpoint
from vpcache.lab.memcached.discovery import discovery_reply
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.services.authority import Authority
from vpcache.lab.topology import CacheCluster, CacheNode

_START_TIMEOUT = 10.0  # seconds
_RETRY_MS = 2  # between two attempts to connect to a memcached that starts
_LOOPBACK = "127.0.0.1"


class CacheNodes:
    """The memcached processes and configuration endpoints of all clusters, in their interfaces' namespaces.

    `authority` issues the certificates of encrypted clusters; `work` is the folder for their keys.
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
        self._nodes: dict[str, _Node] = {}  # by the node's full name

    def reconcile(self, clusters: Iterable[CacheCluster], faults: Mapping[str, Fault] | None = None) -> None:
        """Run exactly the nodes of `clusters`, and update their configuration endpoints.

        `faults` are the faults of nodes, by full name; a dead node does not run. A node whose description has
        not changed keeps running with its keys and connections; one that has ended is started again, empty.
        Calls must not overlap. Raises LabError with memcached's own message if a node does not start.
        """
        desired = self._desired_nodes(clusters, faults or {})
        self._close_obsolete(desired)
        self._start_missing(desired)
        for name, state in desired.items():
            self._nodes[name].set_reply(state.reply)
            self._nodes[name].set_hung(state.is_hung)

    def end(self, name: str) -> None:
        """Kill the process of the node with this full name; the next `reconcile` starts it again, empty."""
        if node := self._nodes.pop(name, None):
            node.close()

    def running(self) -> set[str]:
        """Return the full names of the nodes whose process runs."""
        return {name for name, node in list(self._nodes.items()) if node.is_alive}

    def close(self) -> None:
        """Stop all nodes."""
        self.reconcile(())

    def _desired_nodes(
        self, clusters: Iterable[CacheCluster], faults: Mapping[str, Fault]
    ) -> dict[str, _DesiredNode]:
        """Return the nodes that must run, by full name."""
        modes = {target: fault.mode for target, fault in faults.items()}
        return {
            name: _DesiredNode(
                node,
                self._credentials(cluster, node),
                discovery_reply(cluster),
                modes.get(name) is Mode.HUNG,
            )
            for cluster in clusters
            for node in cluster.nodes
            if modes.get(name := cluster.node_name(node)) is not Mode.DEAD
        }

    def _close_obsolete(self, desired: Mapping[str, _DesiredNode]) -> None:
        """Stop the nodes that must not run, and those that cannot become what is desired."""
        for name, node in list(self._nodes.items()):
            if name not in desired or not node.matches(desired[name]):
                del self._nodes[name]
                node.close()

    def _start_missing(self, desired: Mapping[str, _DesiredNode]) -> None:
        """Start the nodes that do not run, all at the same time. If one fails, none of them remains."""
        missing = [name for name in desired if name not in self._nodes]
        try:
            for name in missing:
                namespace = self._interface_namespace(desired[name].node.interface_id)
                self._nodes[name] = _Node(self._namespaces, namespace, desired[name])
            for name in missing:
                self._nodes[name].wait_until_ready()
        except Exception:
            for name in missing:
                self.end(name)
            raise

    def _credentials(self, cluster: CacheCluster, node: CacheNode) -> Path | None:
        if not cluster.is_encrypted:
            return None
        file = self._work / f"{node.hostname}.pem"
        if not file.exists():
            self._authority.write_credentials(file, node.hostname, cluster.configuration_hostname)
        return file


@dataclass(frozen=True, slots=True)
class _DesiredNode:
    node: CacheNode
    credentials: Path | None  # for TLS
    reply: bytes
    is_hung: bool

    @property
    def process(self) -> tuple[CacheNode, Path | None]:
        """The properties that a memcached process cannot change while it runs."""
        return self.node, self.credentials

    @property
    def plain_address(self) -> str:
        """The address without TLS: of an encrypted node for its configuration endpoint only."""
        return _LOOPBACK if self.credentials else str(self.node.address)


class _Node:
    """One memcached process with its configuration endpoint."""

    def __init__(self, namespaces: Namespaces, namespace: str, desired: _DesiredNode) -> None:
        self._namespaces = namespaces
        self._namespace = namespace
        self._desired = desired
        self._endpoint: ConfigurationEndpoint | None = None
        self._output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the node)
        self._process = namespaces.popen(
            namespace,
            _command(desired),
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,
        )

    @property
    def is_alive(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def matches(self, desired: _DesiredNode) -> bool:
        """Return whether the process runs and has all desired properties that cannot change while it runs."""
        return self._desired.process == desired.process and self.is_alive

    def wait_until_ready(self) -> None:
        """Wait until memcached accepts connections, then start the configuration endpoint."""
        process_end = select.poll()
        descriptor = os.pidfd_open(self._process.pid)
        process_end.register(descriptor, select.POLLIN)
        deadline = time.monotonic() + _START_TIMEOUT
        try:
            while True:
                try:
                    self._connect().close()
                    break
                except OSError as error:
                    if process_end.poll(_RETRY_MS) or time.monotonic() > deadline:
                        raise LabError(self._start_error(error)) from None
        finally:
            os.close(descriptor)
        desired = self._desired
        address, port = str(desired.node.endpoint_address), desired.node.port
        listener = self._namespaces.listen(self._namespace, address, port)
        self._endpoint = ConfigurationEndpoint(listener, self._connect, desired.reply, desired.credentials)

    def set_reply(self, reply: bytes) -> None:
        """Answer `config get cluster` with `reply` from now on."""
        if self._endpoint:
            self._endpoint.reply = reply

    def set_hung(self, is_hung: bool) -> None:
        """Stop the process, or let it continue."""
        self._process.send_signal(signal.SIGSTOP if is_hung else signal.SIGCONT)

    def close(self) -> None:
        """Stop the configuration endpoint and the process."""
        if self._endpoint:
            self._endpoint.close()
        self._process.kill()
        self._process.wait()
        self._output.close()

    def _connect(self) -> socket.socket:
        connection = self._namespaces.socket(self._namespace)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.connect((self._desired.plain_address, self._desired.node.port))
        except OSError:
            connection.close()
            raise
        return connection

    def _start_error(self, error: OSError) -> str:
        node = self._desired.node
        self._output.seek(0)
        message = self._output.read().decode(errors="replace").strip() or str(error)
        return (
            f"memcached on node {node.hostname} failed to start on {node.address}:{node.port}: {message}; "
            f"check its parameters ({' '.join(node.arguments) or 'none'}) or free the port"
        )


def _command(desired: _DesiredNode) -> list[str]:
    node = desired.node
    user = pwd.getpwuid(os.geteuid()).pw_name
    options = ["-l", str(node.address), "-p", str(node.port), "-U", "0", "-u", user]
    if file := desired.credentials:  # the plain address comes last: once it serves, both do
        tls = ["-Z", "-o", f"ssl_chain_cert={file},ssl_key={file}"]
        options += [*tls, "-l", f"notls:{desired.plain_address}:{node.port}"]
    return ["setpriv", "--pdeathsig", "KILL", "memcached", *options, *node.arguments]
