"""DNS resolvers in the namespaces of routers."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv4Network

import pytest
from dnslib import QTYPE, RCODE, DNSError, DNSRecord

from tests.support.network.cluster import NODES
from tests.support.network.isolation import add_namespace, isolated
from vpcache.lab.faults import Fault, FaultKind, Mode
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.services.dns import Resolvers
from vpcache.lab.topology import CacheCluster, CacheNode, Topology, Vpc

CONFIGURATION = "kv.0ab.cfg.use1.cache.amazonaws.com"


PUBLIC = {"example.com": (IPv4Address("198.51.100.7"),)}.get


def vpc(*nodes: CacheNode, identity: str = "vpc-1", cidr: str = "10.0.0.0/24") -> Vpc:
    clusters = (CacheCluster("kv", "us-east-1", identity, CONFIGURATION, 1, nodes),) if nodes else ()
    return Vpc(identity, "us-east-1", IPv4Network(cidr), None, (), (), (), (), (), clusters)


def addresses(reply: DNSRecord) -> set[str]:
    return {str(record.rdata) for record in reply.rr}


def ask_over_udp(namespaces: Namespaces, server: str, *packets: bytes) -> DNSRecord:
    with namespaces.socket("router-vpc-1", socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.connect((server, 53))
        for packet in packets:
            client.send(packet)
        return DNSRecord.parse(client.recv(65535))


def ask_over_tcp(namespaces: Namespaces, server: str, packet: bytes) -> DNSRecord:
    with namespaces.socket("router-vpc-1") as client:
        client.settimeout(5)
        client.connect((server, 53))
        client.sendall(len(packet).to_bytes(2) + packet)
        stream = client.makefile("rb")
        return DNSRecord.parse(stream.read(int.from_bytes(stream.read(2))))


@isolated
def test_resolver_serves_udp_and_tcp_after_invalid_messages() -> None:
    add_namespace("router-vpc-1", "10.0.0.2", "169.254.169.253")
    namespaces = Namespaces()
    resolvers = Resolvers(namespaces, "router-{}".format, PUBLIC)
    resolvers.reconcile(Topology((vpc(*NODES),)))
    query = DNSRecord.question(CONFIGURATION).pack()
    expected = {"10.0.0.101", "10.0.0.102"}
    assert addresses(ask_over_udp(namespaces, "10.0.0.2", b"", b"\xff" * 40, query[:-1], query)) == expected
    assert addresses(ask_over_tcp(namespaces, "10.0.0.2", query)) == expected
    with pytest.raises(DNSError):  # the connection is closed without an answer
        ask_over_tcp(namespaces, "10.0.0.2", b"garbage")
    assert addresses(ask_over_tcp(namespaces, "169.254.169.253", query)) == expected
    public = DNSRecord.question("example.com").pack()
    assert addresses(ask_over_udp(namespaces, "10.0.0.2", public)) == {"198.51.100.7"}


@isolated
def test_resolvers_are_reconciled_with_the_vpcs() -> None:
    for number in (1, 2):
        add_namespace(f"router-vpc-{number}", f"10.0.{number}.2", "169.254.169.253")
    one, two = (vpc(identity=f"vpc-{n}", cidr=f"10.0.{n}.0/24") for n in (1, 2))
    namespaces = Namespaces()
    resolvers = Resolvers(namespaces, "router-{}".format, PUBLIC)
    query = DNSRecord.question(CONFIGURATION, QTYPE[QTYPE.A]).pack()

    resolvers.reconcile(
        Topology(
            (
                one,
                two,
            )
        )
    )
    assert ask_over_udp(namespaces, "10.0.1.2", query).header.rcode == RCODE.NXDOMAIN
    resolvers.reconcile(Topology((vpc(*NODES, cidr="10.0.1.0/24"),)))
    assert addresses(ask_over_udp(namespaces, "10.0.1.2", query)) == {"10.0.0.101", "10.0.0.102"}
    with namespaces.socket("router-vpc-2") as client, pytest.raises(ConnectionRefusedError):
        client.connect(("10.0.2.2", 53))
    resolvers.reconcile(
        Topology(
            (
                one,
                two,
            )
        )
    )
    resolvers.close()
    with pytest.raises(ConnectionRefusedError):
        ask_over_udp(namespaces, "10.0.1.2", query)


@isolated
def test_resolver_faults_until_recovery() -> None:
    add_namespace("router-vpc-1", "10.0.0.2", "169.254.169.253")
    namespaces = Namespaces()
    resolvers = Resolvers(namespaces, "router-{}".format, PUBLIC)
    topology = Topology((vpc(*NODES),))
    query = DNSRecord.question("example.com").pack()
    resolvers.reconcile(topology, {"vpc-1": Fault.create(FaultKind.DNS, "vpc-1", Mode.ERRORING)})
    assert ask_over_udp(namespaces, "10.0.0.2", query).header.rcode == RCODE.SERVFAIL
    resolvers.reconcile(topology, {"vpc-1": Fault.create(FaultKind.DNS, "vpc-1", Mode.DOWN)})
    with namespaces.socket("router-vpc-1", socket.SOCK_DGRAM) as client:
        client.settimeout(0.3)
        client.connect(("10.0.0.2", 53))
        client.send(query)
        with pytest.raises(TimeoutError):
            client.recv(512)
    resolvers.reconcile(topology)
    assert addresses(ask_over_udp(namespaces, "10.0.0.2", query)) == {"198.51.100.7"}
