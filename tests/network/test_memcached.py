from __future__ import annotations

import itertools
import os
import signal
import socket
import ssl
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.network.isolation import add_namespace, command_lines, isolated
from vpcache.lab.errors import LabError
from vpcache.lab.faults import Fault, FaultKind, Mode
from vpcache.lab.memcached.discovery import AnswerStream, CommandStream, discovery_reply
from vpcache.lab.memcached.nodes import CacheNodes
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.services.authority import Authority
from vpcache.lab.topology import CacheCluster, CacheNode

NODES = tuple(
    CacheNode(
        id=f"000{n}",
        interface_id=f"eni-{n}",
        zone="us-east-1a",
        address=IPv4Address(f"10.0.0.{n}"),
        endpoint_address=IPv4Address(f"10.0.0.10{n}"),
        hostname=f"kv.0ab.000{n}.use1.cache.amazonaws.com",
        port=11211,
    )
    for n in (1, 2)
)
WORK = Path("/run")  # an isolated body has one of its own
DISCOVER = b"config get cluster\r\n"


def cluster(*nodes: CacheNode, version: int = 1, arguments: tuple[str, ...] = ("-m", "16")) -> CacheCluster:
    started = tuple(replace(node, arguments=arguments) for node in nodes)
    return CacheCluster("kv", "us-east-1", "vpc-1", "kv.0ab.cfg.use1.cache.amazonaws.com", version, started)


def store(key: bytes, value: bytes) -> bytes:
    return b"set %s 0 0 %d\r\n%s\r\n" % (key, len(value), value)


class World:
    """Two namespaces, as two interfaces have them, and the manager of the nodes."""

    def __init__(self) -> None:
        for node in NODES:
            add_namespace(node.interface_id, str(node.address), str(node.endpoint_address))
        self.namespaces = Namespaces()
        self.authority = Authority("lab")
        self.ca_file = WORK / "ca.pem"
        self.authority.write(self.ca_file)
        self.nodes = CacheNodes(self.namespaces, str, self.authority, WORK)

    def connect(self, node: CacheNode, address: IPv4Address) -> socket.socket:
        connection = self.namespaces.socket(node.interface_id)
        connection.settimeout(10)
        connection.connect((str(address), node.port))
        return connection

    def ask(self, node: CacheNode, address: IPv4Address, commands: bytes) -> bytes:
        with self.connect(node, address) as connection:
            return finish(connection, commands)


def finish(connection: socket.socket, commands: bytes) -> bytes:
    """Send `commands`, close our half, and return all that comes back."""
    connection.sendall(commands)
    connection.shutdown(socket.SHUT_WR)
    return receive(connection)


def receive(connection: socket.socket) -> bytes:
    answer = b""
    while piece := connection.recv(65536):
        answer += piece
    return answer


def processes() -> dict[int, str]:
    """Return the memcached processes of this PID namespace with their command lines."""
    return {pid: line.decode() for pid, line in command_lines().items() if line.startswith(b"memcached\0")}


def test_discovery_reply_has_its_length() -> None:
    reply = discovery_reply(cluster(*NODES, version=7))
    head, payload = reply.split(b"\r\n", 1)
    assert head.startswith(b"CONFIG cluster 0 ")
    body = payload[: int(head.rpartition(b" ")[2])]
    assert body == (
        b"7\nkv.0ab.0001.use1.cache.amazonaws.com|10.0.0.1|11211 "
        b"kv.0ab.0002.use1.cache.amazonaws.com|10.0.0.2|11211\n"
    )
    assert payload[len(body) :] == b"\r\nEND\r\n"


COMMANDS = st.sampled_from(
    [
        DISCOVER,
        store(b"a", DISCOVER),
        store(b"a", b"x\r\n" + DISCOVER + b"y"),
        b"ms a 20 T0\r\n" + DISCOVER + b"\r\n",
        b"cas a 0 -1 20 5 noreply\r\n" + DISCOVER + b"\r\n",
        b"get a b\r\n",
        b"get " + b"k" * 3000 + b" config get cluster\r\n",
        b"set a 0 0 nonsense\r\n",
        b"set a 0 0\r\n",
        b"\r\n",
    ]
)


@given(st.lists(COMMANDS, max_size=8), st.lists(st.integers(0, 4000), max_size=8))
def test_command_stream_finds_discovery_in_any_pieces(commands: list[bytes], cuts: list[int]) -> None:
    sent = b"".join(commands)
    edges = sorted({0, len(sent), *(cut for cut in cuts if cut < len(sent))})
    stream = CommandStream()
    passed = [piece for left, right in itertools.pairwise(edges) for piece in stream.feed(sent[left:right])]
    joined = b"".join(b"<config>" if piece is None else piece for piece in passed)
    assert joined == b"".join(b"<config>" if each == DISCOVER else each for each in commands)
    assert stream.rest() == b""


def test_long_command_in_pieces_is_one_command() -> None:
    stream = CommandStream()
    pieces = [b"get " + b"k" * 3000, b" config get cluster\r\n", DISCOVER]
    assert [piece for sent in pieces for piece in stream.feed(sent)] == [*pieces[:2], None]


def test_value_ends_two_bytes_after_its_length() -> None:
    value = b"set a 0 0 3\r\nabc!!"  # memcached reads two bytes after the value, whatever they are
    assert CommandStream().feed(value + DISCOVER) == [value, None]


@given(
    st.lists(st.sampled_from([b"<mark>", b"<", b"<ma", b"<<mark", b"rk>", b"END\r\n"]), max_size=12),
    st.lists(st.integers(1, 40), max_size=12),
)
def test_answer_stream_replaces_marks_in_any_pieces(parts: list[bytes], cuts: list[int]) -> None:
    sent = b"".join(parts)
    edges = sorted({0, len(sent), *(cut for cut in cuts if cut < len(sent))})
    stream = AnswerStream(b"<mark>")
    passed = [stream.feed(sent[left:right], b"[reply]") for left, right in itertools.pairwise(edges)]
    assert b"".join(passed) + stream.rest() == sent.replace(b"<mark>", b"[reply]")


def test_answer_without_mark_passes_at_once() -> None:
    assert AnswerStream(b"<mark>").feed(b"END\r\n", b"") == b"END\r\n"


def test_binary_protocol_passes_unchanged() -> None:
    stream = CommandStream()
    pieces = [b"\x80\x01" + DISCOVER, DISCOVER]
    assert [piece for sent in pieces for piece in stream.feed(sent)] == pieces


@isolated
def test_nodes_run_in_their_namespaces_with_their_arguments() -> None:
    world = World()
    world.nodes.reconcile([cluster(*NODES, arguments=("-m", "17", "-c", "33"))])
    one, two = NODES
    assert world.ask(one, one.address, store(b"a", b"1")) == b"STORED\r\n"
    assert world.ask(two, two.address, b"get a\r\n") == b"END\r\n"
    assert world.ask(one, one.address, b"get a\r\n") == b"VALUE a 0 1\r\n1\r\nEND\r\n"
    settings = world.ask(one, one.address, b"stats settings\r\n")
    assert b"STAT maxbytes 17825792\r\n" in settings and b"STAT maxconns 33\r\n" in settings
    assert world.ask(one, one.address, DISCOVER) == b"ERROR\r\n"


@isolated
def test_endpoint_answers_discovery_in_order_within_pipeline() -> None:
    world = World()
    world.nodes.reconcile([cluster(*NODES)])
    reply = discovery_reply(cluster(*NODES))
    node = NODES[1]
    commands = store(b"a", DISCOVER) + DISCOVER + b"get a\r\n" + DISCOVER + DISCOVER + b"get nothing\r\n"
    assert world.ask(node, node.endpoint_address, commands) == (
        b"STORED\r\n" + reply + b"VALUE a 0 20\r\n" + DISCOVER + b"\r\nEND\r\n" + reply + reply + b"END\r\n"
    )
    assert world.ask(node, node.address, b"get a\r\n") == b"VALUE a 0 20\r\n" + DISCOVER + b"\r\nEND\r\n"


@isolated
def test_endpoint_passes_large_values_in_a_pipeline() -> None:
    world = World()
    world.nodes.reconcile([cluster(*NODES)])
    node = NODES[0]
    value = bytes(range(256)) * 3600
    stored = world.ask(node, node.endpoint_address, store(b"big", value) + store(b"too-big", value + value))
    assert stored == b"STORED\r\nSERVER_ERROR object too large for cache\r\n"
    got = world.ask(node, node.endpoint_address, b"get big\r\n" * 5 + DISCOVER)
    once = b"VALUE big 0 %d\r\n%s\r\nEND\r\n" % (len(value), value)
    assert got == once * 5 + discovery_reply(cluster(*NODES))


@isolated
def test_endpoint_survives_disconnected_clients() -> None:
    world = World()
    world.nodes.reconcile([cluster(*NODES)])
    node = NODES[0]
    for commands in (b"", b"set a 0 0 100000\r\nhalf", b"get a\r\n" * 50, b"config get clu"):
        connection = world.connect(node, node.endpoint_address)
        connection.sendall(commands)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset at close
        connection.close()
    assert world.ask(node, node.endpoint_address, DISCOVER) == discovery_reply(cluster(*NODES))
    assert world.ask(node, node.endpoint_address, b"quit\r\n") == b""


@isolated
def test_membership_change_keeps_other_nodes_connections() -> None:
    world = World()
    one, two = NODES
    world.nodes.reconcile([cluster(one)])
    before = processes()
    direct, endpoint = world.connect(one, one.address), world.connect(one, one.endpoint_address)
    direct.sendall(store(b"a", b"1"))
    assert direct.recv(100) == b"STORED\r\n"
    grown = cluster(one, two, version=2)
    world.nodes.reconcile([grown])
    assert before.items() < processes().items()
    assert finish(endpoint, DISCOVER) == discovery_reply(grown)
    world.nodes.reconcile([cluster(one, version=3)])
    assert processes() == before
    assert finish(direct, b"get a\r\n") == b"VALUE a 0 1\r\n1\r\nEND\r\n"
    with pytest.raises(ConnectionRefusedError):
        world.connect(two, two.endpoint_address)


@isolated
def test_node_restarts_after_new_arguments_or_its_end() -> None:
    world = World()
    one, _ = NODES
    world.nodes.reconcile([cluster(one)])
    first = processes()
    world.nodes.reconcile([cluster(one, arguments=("-m", "32"))])
    second = processes()
    assert first.keys().isdisjoint(second) and len(second) == 1
    with world.connect(one, one.endpoint_address) as client:
        client.sendall(DISCOVER)
        client.recv(1000)
        (victim,) = second
        os.kill(victim, signal.SIGKILL)
        assert receive(client) == b""
    os.waitid(os.P_PID, victim, os.WEXITED | os.WNOWAIT)
    world.nodes.reconcile([cluster(one, arguments=("-m", "32"))])
    assert second.keys().isdisjoint(processes()) and len(processes()) == 1
    world.nodes.close()
    assert processes() == {}


@isolated
def test_reboot_restarts_one_node_empty() -> None:
    world = World()
    world.nodes.reconcile([cluster(*NODES)])
    for node in NODES:
        world.ask(node, node.address, store(b"k", b"v"))
    one, two = NODES
    world.nodes.reconcile([cluster(replace(one, boots=1), two)])
    assert world.ask(one, one.address, b"get k\r\n") == b"END\r\n"
    assert b"v" in world.ask(two, two.address, b"get k\r\n")


@isolated
def test_node_start_error_has_memcacheds_message() -> None:
    world = World()
    one, two = NODES
    absent = replace(two, address=IPv4Address("10.9.9.9"))
    with pytest.raises(LabError, match=r"(?s)10\.9\.9\.9:11211.*failed to listen"):
        world.nodes.reconcile([cluster(one, absent)])
    assert processes() == {}
    world.nodes.reconcile([cluster(one, two)])
    assert len(processes()) == 2


@isolated
def test_nodes_end_with_their_parent_process() -> None:
    world = World()
    ready, tell = os.pipe()
    child = os.fork()
    if child == 0:
        CacheNodes(Namespaces(), str, world.authority, WORK).reconcile([cluster(*NODES)])
        os.write(tell, b"!")
        signal.pause()
    os.read(ready, 1)
    with world.connect(NODES[1], NODES[1].address) as connection:
        connection.sendall(b"mn\r\n")
        assert connection.recv(100) == b"MN\r\n"  # memcached has taken the connection
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert receive(connection) == b""


def wrong(mode: Mode) -> dict[str, Fault]:
    return {"us-east-1/kv/0001": Fault.create(FaultKind.CACHE_NODE, "us-east-1/kv/0001", mode)}


@isolated
def test_dead_node_refuses_connections_and_restarts_empty() -> None:
    world = World()
    (one, two), clusters = NODES, [cluster(*NODES)]
    world.nodes.reconcile(clusters)
    for node in NODES:
        world.ask(node, node.address, store(b"k", b"v"))
    world.nodes.reconcile(clusters, wrong(Mode.DEAD))
    for address in (one.address, one.endpoint_address):
        with pytest.raises(ConnectionRefusedError):
            world.connect(one, address)
    assert b"v" in world.ask(two, two.address, b"get k\r\n")
    world.nodes.reconcile(clusters)
    assert world.ask(one, one.address, b"get k\r\n") == b"END\r\n"


@isolated
def test_hung_node_answers_nothing_and_keeps_its_keys() -> None:
    world = World()
    one, clusters = NODES[0], [cluster(*NODES)]
    world.nodes.reconcile(clusters)
    world.ask(one, one.address, store(b"k", b"v"))
    world.nodes.reconcile(clusters, wrong(Mode.HUNG))
    for address in (one.address, one.endpoint_address):
        with world.connect(one, address) as connection:
            connection.settimeout(0.3)
            connection.sendall(b"get k\r\n")
            with pytest.raises(TimeoutError):
                connection.recv(100)
            world.nodes.reconcile(clusters)
            connection.settimeout(10)
            assert connection.recv(100) == b"VALUE k 0 1\r\nv\r\nEND\r\n"
            world.nodes.reconcile(clusters, wrong(Mode.HUNG))
    world.nodes.close()
    assert not processes()


@isolated
def test_ended_node_is_restarted_empty() -> None:
    world = World()
    one, clusters = NODES[0], [cluster(*NODES)]
    world.nodes.reconcile(clusters)
    with world.connect(one, one.address) as kept:
        kept.sendall(store(b"k", b"v"))
        assert kept.recv(100) == b"STORED\r\n"
        world.nodes.end("us-east-1/kv/0001")
        world.nodes.reconcile(clusters)
        assert kept.recv(100) == b""
    assert world.ask(one, one.address, b"get k\r\n") == b"END\r\n"


def secured(world: World, node: CacheNode, address: IPv4Address, name: str) -> ssl.SSLSocket:
    trust = ssl.create_default_context(cafile=str(world.ca_file))
    connection = world.connect(node, address)
    return trust.wrap_socket(connection, server_hostname=name, suppress_ragged_eofs=False)


@isolated
def test_encrypted_cluster_requires_tls_and_its_host_names() -> None:
    world = World()
    encrypted = replace(cluster(*NODES), is_encrypted=True)
    world.nodes.reconcile([encrypted])
    one, two = NODES
    configuration = encrypted.configuration_hostname
    value = bytes(range(256)) * 3600
    with secured(world, one, one.address, one.hostname) as node:
        node.sendall(store(b"big", value))
        assert node.recv(100) == b"STORED\r\n"
    once = b"VALUE big 0 %d\r\n%s\r\nEND\r\n" % (len(value), value)
    with secured(world, one, one.endpoint_address, configuration) as endpoint:
        endpoint.sendall(b"get big\r\n" * 5 + DISCOVER + b"quit\r\n")
        assert receive(endpoint) == once * 5 + discovery_reply(encrypted)
    for address, name in ((one.address, two.hostname), (one.endpoint_address, "kv.example")):
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            secured(world, one, address, name)
    for address in (one.address, one.endpoint_address):
        with world.connect(one, address) as plain:
            plain.sendall(b"version\r\n")
            heard = b""
            with suppress(ConnectionResetError):
                heard = receive(plain)
            assert b"VERSION" not in heard
    with world.connect(two, two.address) as untrusting, pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(untrusting, server_hostname=two.hostname)


@isolated
def test_encrypted_endpoint_survives_disconnected_clients() -> None:
    world = World()
    encrypted = replace(cluster(*NODES), is_encrypted=True)
    world.nodes.reconcile([encrypted])
    node, name = NODES[0], encrypted.configuration_hostname
    world.connect(node, node.endpoint_address).close()  # before the handshake
    silent = world.connect(node, node.endpoint_address)
    secured(world, node, node.endpoint_address, name).close()
    with secured(world, node, node.endpoint_address, name) as endpoint:
        endpoint.sendall(DISCOVER + b"quit\r\n")
        assert receive(endpoint) == discovery_reply(encrypted)
    world.nodes.close()
    assert receive(silent) == b""
