"""Cache nodes and their configuration endpoints, with real memcached processes."""

from __future__ import annotations

import os
import signal
import socket
import ssl
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from tests.support.network.cluster import DISCOVER, NODES, cluster, store
from tests.support.network.isolation import add_namespace, command_lines, isolated
from vpcache.lab.errors import LabError
from vpcache.lab.faults import Fault, FaultKind, Mode
from vpcache.lab.memcached.discovery import discovery_reply
from vpcache.lab.memcached.nodes import CacheNodes
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.services.authority import Authority
from vpcache.lab.topology import CacheNode

WORK = Path("/run")  # an isolated body has its own


class NodesHarness:
    """The namespaces of two interfaces, and the nodes in them."""

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

    def send(self, node: CacheNode, address: IPv4Address, commands: bytes) -> bytes:
        with self.connect(node, address) as connection:
            return finish(connection, commands)


def finish(connection: socket.socket, commands: bytes) -> bytes:
    """Send `commands`, end the sending direction, and return all answers."""
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


@isolated
def test_nodes_run_in_their_namespaces_with_their_arguments() -> None:
    harness = NodesHarness()
    harness.nodes.reconcile([cluster(*NODES, arguments=("-m", "17", "-c", "33"))])
    one, two = NODES
    assert harness.send(one, one.address, store(b"a", b"1")) == b"STORED\r\n"
    assert harness.send(two, two.address, b"get a\r\n") == b"END\r\n"
    assert harness.send(one, one.address, b"get a\r\n") == b"VALUE a 0 1\r\n1\r\nEND\r\n"
    settings = harness.send(one, one.address, b"stats settings\r\n")
    assert b"STAT maxbytes 17825792\r\n" in settings and b"STAT maxconns 33\r\n" in settings
    assert harness.send(one, one.address, DISCOVER) == b"ERROR\r\n"


@isolated
def test_endpoint_answers_discovery_in_order_within_pipeline() -> None:
    harness = NodesHarness()
    harness.nodes.reconcile([cluster(*NODES)])
    reply = discovery_reply(cluster(*NODES))
    node = NODES[1]
    commands = store(b"a", DISCOVER) + DISCOVER + b"get a\r\n" + DISCOVER + DISCOVER + b"get nothing\r\n"
    assert harness.send(node, node.endpoint_address, commands) == (
        b"STORED\r\n" + reply + b"VALUE a 0 20\r\n" + DISCOVER + b"\r\nEND\r\n" + reply + reply + b"END\r\n"
    )
    assert harness.send(node, node.address, b"get a\r\n") == b"VALUE a 0 20\r\n" + DISCOVER + b"\r\nEND\r\n"


@isolated
def test_endpoint_passes_large_values_in_a_pipeline() -> None:
    harness = NodesHarness()
    harness.nodes.reconcile([cluster(*NODES)])
    node = NODES[0]
    value = bytes(range(256)) * 3600
    stored = harness.send(
        node, node.endpoint_address, store(b"big", value) + store(b"too-big", value + value)
    )
    assert stored == b"STORED\r\nSERVER_ERROR object too large for cache\r\n"
    got = harness.send(node, node.endpoint_address, b"get big\r\n" * 5 + DISCOVER)
    once = b"VALUE big 0 %d\r\n%s\r\nEND\r\n" % (len(value), value)
    assert got == once * 5 + discovery_reply(cluster(*NODES))


@isolated
def test_endpoint_survives_disconnected_clients() -> None:
    harness = NodesHarness()
    harness.nodes.reconcile([cluster(*NODES)])
    node = NODES[0]
    for commands in (b"", b"set a 0 0 100000\r\nhalf", b"get a\r\n" * 50, b"config get clu"):
        connection = harness.connect(node, node.endpoint_address)
        connection.sendall(commands)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close with a reset
        connection.close()
    assert harness.send(node, node.endpoint_address, DISCOVER) == discovery_reply(cluster(*NODES))
    assert harness.send(node, node.endpoint_address, b"quit\r\n") == b""


@isolated
def test_membership_change_keeps_other_nodes_connections() -> None:
    harness = NodesHarness()
    one, two = NODES
    harness.nodes.reconcile([cluster(one)])
    before = processes()
    direct, endpoint = harness.connect(one, one.address), harness.connect(one, one.endpoint_address)
    direct.sendall(store(b"a", b"1"))
    assert direct.recv(100) == b"STORED\r\n"
    grown = cluster(one, two, version=2)
    harness.nodes.reconcile([grown])
    assert before.items() < processes().items()
    assert finish(endpoint, DISCOVER) == discovery_reply(grown)
    harness.nodes.reconcile([cluster(one, version=3)])
    assert processes() == before
    assert finish(direct, b"get a\r\n") == b"VALUE a 0 1\r\n1\r\nEND\r\n"
    with pytest.raises(ConnectionRefusedError):
        harness.connect(two, two.endpoint_address)


@isolated
def test_node_restarts_after_new_arguments_or_its_end() -> None:
    harness = NodesHarness()
    one, _ = NODES
    harness.nodes.reconcile([cluster(one)])
    first = processes()
    harness.nodes.reconcile([cluster(one, arguments=("-m", "32"))])
    second = processes()
    assert first.keys().isdisjoint(second) and len(second) == 1
    with harness.connect(one, one.endpoint_address) as client:
        client.sendall(DISCOVER)
        client.recv(1000)
        (victim,) = second
        os.kill(victim, signal.SIGKILL)
        assert receive(client) == b""
    os.waitid(os.P_PID, victim, os.WEXITED | os.WNOWAIT)
    harness.nodes.reconcile([cluster(one, arguments=("-m", "32"))])
    assert second.keys().isdisjoint(processes()) and len(processes()) == 1
    harness.nodes.close()
    assert processes() == {}


@isolated
def test_reboot_restarts_one_node_empty() -> None:
    harness = NodesHarness()
    harness.nodes.reconcile([cluster(*NODES)])
    for node in NODES:
        harness.send(node, node.address, store(b"k", b"v"))
    one, two = NODES
    harness.nodes.reconcile([cluster(replace(one, boots=1), two)])
    assert harness.send(one, one.address, b"get k\r\n") == b"END\r\n"
    assert b"v" in harness.send(two, two.address, b"get k\r\n")


@isolated
def test_node_start_error_has_memcacheds_message() -> None:
    harness = NodesHarness()
    one, two = NODES
    absent = replace(two, address=IPv4Address("10.9.9.9"))
    with pytest.raises(LabError, match=r"(?s)10\.9\.9\.9:11211.*failed to listen"):
        harness.nodes.reconcile([cluster(one, absent)])
    assert processes() == {}
    harness.nodes.reconcile([cluster(one, two)])
    assert len(processes()) == 2


@isolated
def test_nodes_end_with_their_parent_process() -> None:
    harness = NodesHarness()
    ready, writer = os.pipe()
    child = os.fork()
    if child == 0:
        CacheNodes(Namespaces(), str, harness.authority, WORK).reconcile([cluster(*NODES)])
        os.write(writer, b"!")
        signal.pause()
    os.read(ready, 1)
    with harness.connect(NODES[1], NODES[1].address) as connection:
        connection.sendall(b"mn\r\n")
        assert connection.recv(100) == b"MN\r\n"  # memcached has accepted the connection
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert receive(connection) == b""


def node_fault(mode: Mode) -> dict[str, Fault]:
    return {"us-east-1/kv/0001": Fault.create(FaultKind.CACHE_NODE, "us-east-1/kv/0001", mode)}


@isolated
def test_dead_node_refuses_connections_and_restarts_empty() -> None:
    harness = NodesHarness()
    (one, two), clusters = NODES, [cluster(*NODES)]
    harness.nodes.reconcile(clusters)
    for node in NODES:
        harness.send(node, node.address, store(b"k", b"v"))
    harness.nodes.reconcile(clusters, node_fault(Mode.DEAD))
    for address in (one.address, one.endpoint_address):
        with pytest.raises(ConnectionRefusedError):
            harness.connect(one, address)
    assert b"v" in harness.send(two, two.address, b"get k\r\n")
    harness.nodes.reconcile(clusters)
    assert harness.send(one, one.address, b"get k\r\n") == b"END\r\n"


@isolated
def test_hung_node_answers_nothing_and_keeps_its_keys() -> None:
    harness = NodesHarness()
    one, clusters = NODES[0], [cluster(*NODES)]
    harness.nodes.reconcile(clusters)
    harness.send(one, one.address, store(b"k", b"v"))
    harness.nodes.reconcile(clusters, node_fault(Mode.HUNG))
    for address in (one.address, one.endpoint_address):
        with harness.connect(one, address) as connection:
            connection.settimeout(0.3)
            connection.sendall(b"get k\r\n")
            with pytest.raises(TimeoutError):
                connection.recv(100)
            harness.nodes.reconcile(clusters)
            connection.settimeout(10)
            assert connection.recv(100) == b"VALUE k 0 1\r\nv\r\nEND\r\n"
            harness.nodes.reconcile(clusters, node_fault(Mode.HUNG))
    harness.nodes.close()
    assert not processes()


@isolated
def test_ended_node_is_restarted_empty() -> None:
    harness = NodesHarness()
    one, clusters = NODES[0], [cluster(*NODES)]
    harness.nodes.reconcile(clusters)
    with harness.connect(one, one.address) as connection:
        connection.sendall(store(b"k", b"v"))
        assert connection.recv(100) == b"STORED\r\n"
        harness.nodes.end("us-east-1/kv/0001")
        harness.nodes.reconcile(clusters)
        assert connection.recv(100) == b""
    assert harness.send(one, one.address, b"get k\r\n") == b"END\r\n"


def tls_connection(harness: NodesHarness, node: CacheNode, address: IPv4Address, name: str) -> ssl.SSLSocket:
    trust = ssl.create_default_context(cafile=str(harness.ca_file))
    connection = harness.connect(node, address)
    return trust.wrap_socket(connection, server_hostname=name, suppress_ragged_eofs=False)


@isolated
def test_encrypted_cluster_requires_tls_and_its_host_names() -> None:
    harness = NodesHarness()
    encrypted = replace(cluster(*NODES), is_encrypted=True)
    harness.nodes.reconcile([encrypted])
    one, two = NODES
    configuration = encrypted.configuration_hostname
    value = bytes(range(256)) * 3600
    with tls_connection(harness, one, one.address, one.hostname) as node:
        node.sendall(store(b"big", value))
        assert node.recv(100) == b"STORED\r\n"
    once = b"VALUE big 0 %d\r\n%s\r\nEND\r\n" % (len(value), value)
    with tls_connection(harness, one, one.endpoint_address, configuration) as endpoint:
        endpoint.sendall(b"get big\r\n" * 5 + DISCOVER + b"quit\r\n")
        assert receive(endpoint) == once * 5 + discovery_reply(encrypted)
    for address, name in ((one.address, two.hostname), (one.endpoint_address, "kv.example")):
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            tls_connection(harness, one, address, name)
    for address in (one.address, one.endpoint_address):
        with harness.connect(one, address) as plain:
            plain.sendall(b"version\r\n")
            received = b""
            with suppress(ConnectionResetError):
                received = receive(plain)
            assert b"VERSION" not in received
    with harness.connect(two, two.address) as connection, pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(connection, server_hostname=two.hostname)


@isolated
def test_encrypted_endpoint_survives_disconnected_clients() -> None:
    harness = NodesHarness()
    encrypted = replace(cluster(*NODES), is_encrypted=True)
    harness.nodes.reconcile([encrypted])
    node, name = NODES[0], encrypted.configuration_hostname
    harness.connect(node, node.endpoint_address).close()  # before the handshake
    silent = harness.connect(node, node.endpoint_address)
    tls_connection(harness, node, node.endpoint_address, name).close()
    with tls_connection(harness, node, node.endpoint_address, name) as endpoint:
        endpoint.sendall(DISCOVER + b"quit\r\n")
        assert receive(endpoint) == discovery_reply(encrypted)
    harness.nodes.close()
    assert receive(silent) == b""
