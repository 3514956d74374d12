"""The nodes of cache clusters: real memcached processes, and the endpoint that tells clients about them."""

from __future__ import annotations

import os
import pwd
import secrets
import select
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import IO

from vpcache.lab.errors import LabError
from vpcache.lab.faults import Fault, Mode
from vpcache.lab.netns import Namespaces
from vpcache.lab.sockets import cut
from vpcache.lab.topology import CacheCluster, CacheNode

_START_SECONDS = 10.0
_RETRY_MS = 2  # between two tries to connect to a memcached that starts
_CHUNK = 65536
_LONGEST_COMMAND = 2048  # bytes; a longer line is a get of many keys, which has no data after it
_LONGEST_KEY = 250  # bytes
_LONGEST_VALUE = 2**31 - 3  # bytes that memcached reads after a command, though it may store none of them
_DISCOVER = [b"config", b"get", b"cluster"]
_WITH_DATA = {b"set": 4, b"add": 4, b"replace": 4, b"append": 4, b"prepend": 4, b"cas": 4, b"ms": 2}
"""The commands that a data block follows, with the position of its length among
the words after the command (memcached's protocol.txt)."""


def discovery_reply(cluster: CacheCluster) -> bytes:
    """Return what `config get cluster` answers for `cluster` (ElastiCache's auto discovery protocol)."""
    nodes = " ".join(f"{node.hostname}|{node.address}|{node.port}" for node in cluster.nodes)
    payload = f"{cluster.version}\n{nodes}\n".encode()
    return b"CONFIG cluster 0 %d\r\n%s\r\nEND\r\n" % (len(payload), payload)


class CommandStream:
    """Finds the `config get cluster` commands in what a client sends, however it is cut into pieces.

    All else passes unchanged. Values are skipped by their announced length, so one that holds the command's
    words is not taken for it.
    """

    def __init__(self) -> None:
        self._line = b""  # an unfinished command
        self._data = 0  # bytes of a value still to come
        self._in_long_line = False
        self._is_binary: bool | None = None  # the binary protocol has no auto discovery

    def feed(self, received: bytes) -> list[bytes | None]:
        """Return the pieces to pass on, with None in the place of each discovery command."""
        if self._is_binary is None and received:
            self._is_binary = received[0] == 0x80
        if self._is_binary:
            return [received]
        pieces: list[bytes | None] = []
        passed = bytearray()
        at = 0
        while at < len(received):
            if self._data:
                value = received[at : at + self._data]
                passed += value
                self._data -= len(value)
                at += len(value)
                continue
            end = received.find(b"\n", at) + 1 or len(received)
            self._line += received[at:end]
            at = end
            is_whole = self._line.endswith(b"\n")
            if is_whole and not self._in_long_line and self._line.split() == _DISCOVER:
                pieces += [bytes(passed), None] if passed else [None]
                passed.clear()
                self._line = b""
            elif is_whole or self._in_long_line or len(self._line) > _LONGEST_COMMAND:
                self._data = 0 if self._in_long_line or not is_whole else _data_length(self._line)
                self._in_long_line = not is_whole
                passed += self._line
                self._line = b""
        if passed:
            pieces.append(bytes(passed))
        return pieces

    def rest(self) -> bytes:
        """Return the unfinished command that the client left when it ended."""
        return self._line


class AnswerStream:
    """Puts a reply in the place of each `mark` in what memcached sends, however it is cut into pieces."""

    def __init__(self, mark: bytes) -> None:
        self._mark = mark
        self._held = b""  # the end of what came, if it may be the beginning of a mark

    def feed(self, received: bytes, reply: bytes) -> bytes:
        """Return what can be passed on."""
        *before, last = (self._held + received).split(self._mark)
        keep = _overlap(last, self._mark)
        self._held = last[len(last) - keep :]
        return reply.join([*before, last[: len(last) - keep]])

    def rest(self) -> bytes:
        """Return what was held back when memcached ended."""
        return self._held


class CacheNodes:
    """The memcached processes and endpoints of all clusters, each in its interface's namespace."""

    def __init__(self, namespaces: Namespaces, interface_namespace: Callable[[str], str]) -> None:
        self._namespaces = namespaces
        self._interface_namespace = interface_namespace
        self._standing: dict[tuple[str, str], _Node] = {}

    def settle(self, clusters: Iterable[CacheCluster], faults: Mapping[str, Fault] | None = None) -> None:
        """Let exactly the nodes of `clusters` run, and their endpoints tell of them.

        `faults` are those of nodes, by "cluster/node"; a dead node does not run. A node whose description has
        not changed keeps running with all its keys and connections; one that died is started again, empty.
        Calls must not overlap. Raises LabError with memcached's own words if a node does not start.
        """
        modes = {target: fault.mode for target, fault in (faults or {}).items()}
        wanted: dict[tuple[str, str], _Wanted] = {}
        for cluster in clusters:
            for node in cluster.nodes:
                mode = modes.get(f"{cluster.id}/{node.id}")
                if mode is not Mode.DEAD:
                    wanted[cluster.id, node.id] = _Wanted(
                        node, cluster.arguments, discovery_reply(cluster), mode is Mode.HUNG
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

    def end(self, cluster_id: str, node_id: str) -> None:
        """Kill a node's process; the next `settle` starts it again, empty."""
        if node := self._standing.pop((cluster_id, node_id), None):
            node.close()

    def running(self) -> set[str]:
        """Return the nodes whose process is alive, as "cluster/node"."""
        return {"/".join(key) for key, node in list(self._standing.items()) if node.is_alive}

    def close(self) -> None:
        """Stop every node."""
        self.settle(())

    def _start(self, wanted: _Wanted) -> _Node:
        return _Node(self._namespaces, self._interface_namespace(wanted.node.interface_id), wanted)


@dataclass(frozen=True, slots=True)
class _Wanted:
    node: CacheNode
    arguments: tuple[str, ...]
    reply: bytes
    is_hung: bool


class _Node:
    """One memcached process with the endpoint beside it."""

    def __init__(self, namespaces: Namespaces, namespace: str, wanted: _Wanted) -> None:
        self._namespaces = namespaces
        self._namespace = namespace
        self._made_for = wanted
        self._endpoint: _Endpoint | None = None
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
        same = (self._made_for.node, self._made_for.arguments) == (wanted.node, wanted.arguments)
        return same and self.is_alive

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
        node = self._made_for.node
        listener = self._namespaces.listen(self._namespace, str(node.endpoint_address), node.port)
        self._endpoint = _Endpoint(listener, self._connect, self._made_for.reply)

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
            connection.connect((str(self._made_for.node.address), self._made_for.node.port))
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
            f"mend its arguments ({' '.join(self._made_for.arguments) or 'none'}) or free the address"
        )


class _Endpoint:
    """The configuration endpoint beside a node: answers discovery, passes all else to the local memcached."""

    def __init__(self, listener: socket.socket, connect: Callable[[], socket.socket], reply: bytes) -> None:
        self.reply = reply
        self._listener = listener
        self._connect = connect
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._accept, name="cache endpoint", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop accepting and cut every connection."""
        cut(self._listener)
        self._thread.join()
        self._listener.close()
        with self._lock:
            for each in self._open:
                cut(each)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            memcached = self._connect()
        except OSError:  # the node died; the client sees what it would see of the node itself
            client.close()
            return
        with client, memcached:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open |= {client, memcached}
            token = secrets.token_hex(15).encode()  # memcached takes up to 31 bytes of opaque
            answers = threading.Thread(
                target=self._pass_answers, args=(memcached, client, token), daemon=True
            )
            answers.start()
            self._pass_commands(client, memcached, token)
            answers.join()
            with self._lock:
                self._open -= {client, memcached}

    def _pass_commands(self, client: socket.socket, memcached: socket.socket, token: bytes) -> None:
        """Pass commands on. A marker takes the place of each discovery command: the deletion of a key that is
        nowhere, whose answer carries our token back at the very place where the reply belongs."""
        marker = b"md %s O%s\r\n" % (token, token)
        stream = CommandStream()
        try:
            while received := client.recv(_CHUNK):
                memcached.sendall(
                    b"".join(marker if piece is None else piece for piece in stream.feed(received))
                )
            memcached.sendall(stream.rest())
            memcached.shutdown(socket.SHUT_WR)
        except OSError:
            cut(memcached)

    def _pass_answers(self, memcached: socket.socket, client: socket.socket, token: bytes) -> None:
        stream = AnswerStream(b"NF O%s\r\n" % token)
        try:
            while received := memcached.recv(_CHUNK):
                client.sendall(stream.feed(received, self.reply))
            client.sendall(stream.rest())
            client.shutdown(socket.SHUT_RDWR)
        except OSError:
            cut(client)
            cut(memcached)


def _command(wanted: _Wanted) -> list[str]:
    node = wanted.node
    user = pwd.getpwuid(os.geteuid()).pw_name
    where = ["-l", str(node.address), "-p", str(node.port), "-U", "0", "-u", user]
    return ["setpriv", "--pdeathsig", "KILL", "memcached", *where, *wanted.arguments]


def _data_length(line: bytes) -> int:
    """Return how many bytes of data follow a command line, their CRLF included; 0 if none, as after a
    line that memcached rejects by its form."""
    command, *words = line.split() or [b""]
    position = _WITH_DATA.get(command)
    if position is None or len(words) < position or len(words[0]) > _LONGEST_KEY:
        return 0
    try:
        length = [int(word) for word in words[1:position]][-1]
    except ValueError:
        return 0
    return length + 2 if 0 <= length <= _LONGEST_VALUE else 0


def _overlap(held: bytes, mark: bytes) -> int:
    """Return how many bytes at the end of `held` may be the beginning of `mark`."""
    return next((n for n in range(min(len(held), len(mark) - 1), 0, -1) if held.endswith(mark[:n])), 0)
