"""Network ACLs that let requests pass and drop their answers."""

from __future__ import annotations

from typing import Any

from tests.support.terraform_documents import resource
from tests.unit.reach.findings.shop_plans import A, B, lines, shop


def entry(number: int = 100, protocol: str = "-1", ports: tuple[int, int] = (0, 0)) -> dict[str, Any]:
    block = {"rule_no": number, "action": "allow", "protocol": protocol, "cidr_block": "0.0.0.0/0"}
    return block | {"from_port": ports[0], "to_port": ports[1]}


def acl(subnet: str, ingress: list[dict[str, Any]], egress: list[dict[str, Any]]) -> dict[str, Any]:
    return resource(
        "aws_network_acl",
        "strict",
        vpc_id="vpc.shop",
        subnet_ids=[f"subnet.shop-{subnet}"],
        ingress=ingress,
        egress=egress,
    )


MEMCACHED = entry(100, "tcp", (11211, 11211))
HTTPS = entry(110, "tcp", (443, 443))
ANSWERS = entry(120, "tcp", (1024, 65535))


def test_acl_that_lets_requests_in_and_no_answers_out_is_found() -> None:
    strict = acl(f"private-{B}", [entry()], [MEMCACHED, HTTPS])
    assert lines(shop(strict)) == [
        "error: network_acl.strict (aws_network_acl.strict) lets tcp 11211 in and not the answers out, from "
        "shop-api in eu-west-3a to cache/0002 in eu-west-3b: network_acl.strict drops answers to "
        "10.9.100.254: of these it allows tcp 443, tcp 11211 only; allow ports 1024-65535 outbound "
        "[acl-drops-outbound-answers]"
    ]


def test_acl_that_lets_requests_out_and_no_answers_in_is_found() -> None:
    found = lines(shop(acl(f"private-{A}", [MEMCACHED], [entry()])))
    assert found[0].startswith(
        "error: network_acl.strict (aws_network_acl.strict) lets tcp, udp out and not the answers in, from "
        "shop-api in eu-west-3a to the internet and cache/0002 in eu-west-3b: "
    )
    assert found[0].endswith("allow ports 1024-65535 inbound [acl-drops-inbound-answers]")


def test_acl_of_a_nat_gateway_that_drops_answers_is_found() -> None:
    found = lines(shop(acl(f"public-{A}", [HTTPS], [entry()])))
    assert "from shop-api in eu-west-3a to the internet" in found[0]
    assert found[0].endswith("[acl-drops-inbound-answers]")


def test_acl_that_passes_answers_is_no_finding() -> None:
    assert lines(shop(acl(f"private-{B}", [MEMCACHED, ANSWERS], [MEMCACHED, HTTPS, ANSWERS]))) == []


def test_acl_that_drops_requests_is_no_finding() -> None:
    assert lines(shop(acl(f"private-{B}", [], []))) == []
