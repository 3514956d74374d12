from __future__ import annotations

import socket
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from dnslib import QTYPE, RCODE, DNSError, DNSRecord
from hypothesis import given
from hypothesis import strategies as st

from tests.support.network.isolation import add_namespace, isolated
from vpcache.lab.addresses import public_addresses, resolver_address
from vpcache.lab.faults import Fault, FaultKind, Mode
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.services.dns import Resolvers, answer, hostname_domains, private_records
from vpcache.lab.topology import CacheCluster, CacheNode, Interface, InterfaceKind, Topology, Vpc

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
CONFIGURATION = "kv.0ab.cfg.use1.cache.amazonaws.com"
PUBLIC = {"example.com": (IPv4Address("198.51.100.7"),)}.get


def vpc(*nodes: CacheNode, identity: str = "vpc-1", cidr: str = "10.0.0.0/24") -> Vpc:
    clusters = (CacheCluster("kv", "us-east-1", identity, CONFIGURATION, 1, nodes),) if nodes else ()
    return Vpc(identity, "us-east-1", IPv4Network(cidr), None, (), (), (), (), (), clusters)


def asked(records: dict[str, tuple[IPv4Address, ...]], name: str, kind: str = "A") -> DNSRecord:
    return DNSRecord.parse(answer(DNSRecord.question(name, kind).pack(), records.get))


def addresses(reply: DNSRecord) -> set[str]:
    return {str(record.rdata) for record in reply.rr}


def test_resolver_address_is_base_plus_two() -> None:
    assert resolver_address(IPv4Network("10.0.0.0/24")) == IPv4Address("10.0.0.2")


def test_cache_names_resolve_to_endpoint_and_node_addresses() -> None:
    records = private_records(vpc(*NODES))
    assert addresses(asked(records, CONFIGURATION)) == {"10.0.0.101", "10.0.0.102"}
    assert addresses(asked(records, NODES[1].hostname)) == {"10.0.0.2"}


def test_address_order_depends_on_the_query_id() -> None:
    records = private_records(vpc(*NODES))
    question = DNSRecord.question(CONFIGURATION)
    firsts = set()
    for question.header.id in (6, 7):
        firsts.add(str(DNSRecord.parse(answer(question.pack(), records.get)).rr[0].rdata))
    assert firsts == {"10.0.0.101", "10.0.0.102"}


def test_names_are_case_insensitive() -> None:
    assert addresses(asked(private_records(vpc(*NODES)), CONFIGURATION.upper())) == {
        "10.0.0.101",
        "10.0.0.102",
    }


def test_unknown_name_is_nxdomain_and_aaaa_is_empty() -> None:
    records = private_records(vpc(*NODES))
    known, unknown = asked(records, CONFIGURATION, "AAAA"), asked(records, "nowhere.example")
    assert (known.header.rcode, known.rr) == (RCODE.NOERROR, [])
    assert (unknown.header.rcode, unknown.rr) == (RCODE.NXDOMAIN, [])


def test_long_response_over_udp_is_truncated() -> None:
    records = {"many.example": tuple(IPv4Address("10.0.0.0") + n for n in range(100))}
    question = DNSRecord.question("many.example").pack()
    cut = answer(question, records.get, 512)
    assert cut is not None and len(cut) <= 512
    assert DNSRecord.parse(cut).header.tc == 1
    assert len(DNSRecord.parse(answer(question, records.get)).rr) == 100


def test_dns_response_gets_no_response() -> None:
    assert answer(DNSRecord.question("example.com").reply().pack(), {}.get) is None


@given(st.binary(max_size=80))
def test_invalid_message_raises_no_exception(packet: bytes) -> None:
    answer(packet, PUBLIC)


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
    question = DNSRecord.question(CONFIGURATION).pack()
    expected = {"10.0.0.101", "10.0.0.102"}
    assert (
        addresses(ask_over_udp(namespaces, "10.0.0.2", b"", b"\xff" * 40, question[:-1], question))
        == expected
    )
    assert addresses(ask_over_tcp(namespaces, "10.0.0.2", question)) == expected
    with pytest.raises(DNSError):  # the connection is closed without an answer
        ask_over_tcp(namespaces, "10.0.0.2", b"garbage")
    assert addresses(ask_over_tcp(namespaces, "169.254.169.253", question)) == expected
    public = DNSRecord.question("example.com").pack()
    assert addresses(ask_over_udp(namespaces, "10.0.0.2", public)) == {"198.51.100.7"}


def test_hostname_domains_depend_on_the_region() -> None:
    assert hostname_domains("us-east-1") == ("ec2.internal", "compute-1.amazonaws.com")
    assert hostname_domains("eu-west-1") == ("eu-west-1.compute.internal", "eu-west-1.compute.amazonaws.com")


@isolated
def test_resolvers_are_reconciled_with_the_vpcs() -> None:
    for number in (1, 2):
        add_namespace(f"router-vpc-{number}", f"10.0.{number}.2", "169.254.169.253")
    one, two = (vpc(identity=f"vpc-{n}", cidr=f"10.0.{n}.0/24") for n in (1, 2))
    namespaces = Namespaces()
    resolvers = Resolvers(namespaces, "router-{}".format, PUBLIC)
    question = DNSRecord.question(CONFIGURATION, QTYPE[QTYPE.A]).pack()

    resolvers.reconcile(
        Topology(
            (
                one,
                two,
            )
        )
    )
    assert ask_over_udp(namespaces, "10.0.1.2", question).header.rcode == RCODE.NXDOMAIN
    resolvers.reconcile(Topology((vpc(*NODES, cidr="10.0.1.0/24"),)))
    assert addresses(ask_over_udp(namespaces, "10.0.1.2", question)) == {"10.0.0.101", "10.0.0.102"}
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
        ask_over_udp(namespaces, "10.0.1.2", question)


@isolated
def test_resolver_faults_until_recovery() -> None:
    add_namespace("router-vpc-1", "10.0.0.2", "169.254.169.253")
    namespaces = Namespaces()
    resolvers = Resolvers(namespaces, "router-{}".format, PUBLIC)
    topology = Topology((vpc(*NODES),))
    question = DNSRecord.question("example.com").pack()
    resolvers.reconcile(topology, {"vpc-1": Fault.create(FaultKind.DNS, "vpc-1", Mode.ERRORING)})
    assert ask_over_udp(namespaces, "10.0.0.2", question).header.rcode == RCODE.SERVFAIL
    resolvers.reconcile(topology, {"vpc-1": Fault.create(FaultKind.DNS, "vpc-1", Mode.DOWN)})
    with namespaces.socket("router-vpc-1", socket.SOCK_DGRAM) as client:
        client.settimeout(0.3)
        client.connect(("10.0.0.2", 53))
        client.send(question)
        with pytest.raises(TimeoutError):
            client.recv(512)
    resolvers.reconcile(topology)
    assert addresses(ask_over_udp(namespaces, "10.0.0.2", question)) == {"198.51.100.7"}


def test_interfaces_have_names_with_dns_hostnames_enabled() -> None:
    web = Interface(
        "eni-web",
        InterfaceKind.PLAIN,
        "subnet-1",
        "us-east-1a",
        IPv4Address("10.0.0.20"),
        public_address=IPv4Address("203.0.113.3"),
    )
    bare = replace(vpc(), interfaces=(web,))
    assert private_records(bare) == {}
    records = private_records(replace(bare, has_hostnames=True))
    inside = (IPv4Address("10.0.0.20"),)
    assert records == {
        "ip-10-0-0-20.ec2.internal": inside,
        "ec2-203-0-113-3.compute-1.amazonaws.com": inside,
    }


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("s3.us-east-1.amazonaws.com", "198.51.100.30"),
        ("my.bucket.s3.us-east-1.amazonaws.com", "198.51.100.30"),
        ("bucket.s3.amazonaws.com", "198.51.100.30"),
        ("dynamodb.us-east-1.amazonaws.com", "198.51.100.31"),
        ("ssm.us-east-1.amazonaws.com", "198.51.100.40"),
        ("iam.amazonaws.com", "198.51.100.40"),
        ("checkip.amazonaws.com", "198.51.100.20"),
        ("kv.0ab.cfg.use1.cache.amazonaws.com", None),
        ("amazonaws.com", None),
        ("s3.us-east-1.amazonaws.com.evil.example", None),
    ],
)
def test_public_addresses_of_aws_services(name: str, address: str | None) -> None:
    assert public_addresses(name) == (None if address is None else (IPv4Address(address),))
