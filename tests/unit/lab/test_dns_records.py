"""The records of VPCs' resolvers and their responses to DNS messages."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from dnslib import RCODE, DNSRecord
from hypothesis import given
from hypothesis import strategies as st

from tests.support.network.cluster import NODES
from vpcache.lab.addresses import public_addresses, resolver_address
from vpcache.lab.services.dns import answer, hostname_domains, private_records
from vpcache.lab.topology import CacheCluster, CacheNode, Interface, InterfaceKind, Vpc

CONFIGURATION = "kv.0ab.cfg.use1.cache.amazonaws.com"


PUBLIC = {"example.com": (IPv4Address("198.51.100.7"),)}.get


def vpc(*nodes: CacheNode, identity: str = "vpc-1", cidr: str = "10.0.0.0/24") -> Vpc:
    clusters = (CacheCluster("kv", "us-east-1", identity, CONFIGURATION, 1, nodes),) if nodes else ()
    return Vpc(identity, "us-east-1", IPv4Network(cidr), None, (), (), (), (), (), clusters)


def resolve(records: dict[str, tuple[IPv4Address, ...]], name: str, kind: str = "A") -> DNSRecord:
    return DNSRecord.parse(answer(DNSRecord.question(name, kind).pack(), records.get))


def addresses(reply: DNSRecord) -> set[str]:
    return {str(record.rdata) for record in reply.rr}


def test_resolver_address_is_base_plus_two() -> None:
    assert resolver_address(IPv4Network("10.0.0.0/24")) == IPv4Address("10.0.0.2")


def test_cache_names_resolve_to_endpoint_and_node_addresses() -> None:
    records = private_records(vpc(*NODES))
    assert addresses(resolve(records, CONFIGURATION)) == {"10.0.0.101", "10.0.0.102"}
    assert addresses(resolve(records, NODES[1].hostname)) == {"10.0.0.2"}


def test_address_order_depends_on_the_query_id() -> None:
    records = private_records(vpc(*NODES))
    query = DNSRecord.question(CONFIGURATION)
    firsts = set()
    for query.header.id in (6, 7):
        firsts.add(str(DNSRecord.parse(answer(query.pack(), records.get)).rr[0].rdata))
    assert firsts == {"10.0.0.101", "10.0.0.102"}


def test_names_are_case_insensitive() -> None:
    assert addresses(resolve(private_records(vpc(*NODES)), CONFIGURATION.upper())) == {
        "10.0.0.101",
        "10.0.0.102",
    }


def test_unknown_name_is_nxdomain_and_aaaa_is_empty() -> None:
    records = private_records(vpc(*NODES))
    known, unknown = resolve(records, CONFIGURATION, "AAAA"), resolve(records, "nowhere.example")
    assert (known.header.rcode, known.rr) == (RCODE.NOERROR, [])
    assert (unknown.header.rcode, unknown.rr) == (RCODE.NXDOMAIN, [])


def test_long_response_over_udp_is_truncated() -> None:
    records = {"many.example": tuple(IPv4Address("10.0.0.0") + n for n in range(100))}
    query = DNSRecord.question("many.example").pack()
    truncated = answer(query, records.get, 512)
    assert truncated is not None and len(truncated) <= 512
    assert DNSRecord.parse(truncated).header.tc == 1
    assert len(DNSRecord.parse(answer(query, records.get)).rr) == 100


def test_dns_response_gets_no_response() -> None:
    assert answer(DNSRecord.question("example.com").reply().pack(), lambda _: None) is None


@given(st.binary(max_size=80))
def test_invalid_message_raises_no_exception(packet: bytes) -> None:
    answer(packet, PUBLIC)


def test_hostname_domains_depend_on_the_region() -> None:
    assert hostname_domains("us-east-1") == ("ec2.internal", "compute-1.amazonaws.com")
    assert hostname_domains("eu-west-1") == ("eu-west-1.compute.internal", "eu-west-1.compute.amazonaws.com")


def test_interfaces_have_names_with_dns_hostnames_enabled() -> None:
    web = Interface(
        "eni-web",
        InterfaceKind.PLAIN,
        "subnet-1",
        "us-east-1a",
        IPv4Address("10.0.0.20"),
        public_address=IPv4Address("203.0.113.3"),
    )
    without_hostnames = replace(vpc(), interfaces=(web,))
    assert private_records(without_hostnames) == {}
    records = private_records(replace(without_hostnames, has_hostnames=True))
    private = (IPv4Address("10.0.0.20"),)
    assert records == {
        "ip-10-0-0-20.ec2.internal": private,
        "ec2-203-0-113-3.compute-1.amazonaws.com": private,
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
