"""Proven and sent flows side by side."""

from __future__ import annotations

from ipaddress import IPv4Address

from tests.unit.reach.test_terraform_network import HTTPS, MEMCACHED, shop
from vpcache.lab.packets.flows import Seen, Verdict
from vpcache.reach.answers import Answer, answers
from vpcache.reach.ends import place
from vpcache.reach.live import agreement

EGRESS = IPv4Address("203.0.113.10")


def answer(source: str, target: str) -> Answer:
    subject = shop()
    flow = HTTPS if target == "internet" else MEMCACHED
    return answers(subject, place(subject, source), place(subject, target), flow)[0]


def test_agreement_shows_both_verdicts_of_each_flow() -> None:
    proven = [answer("api", "internet"), answer("internet", "cache")]
    found = agreement(proven, [Seen(Verdict.PASSES, EGRESS), Seen(Verdict.DROPPED)])
    assert not found.disagreements
    assert list(found.lines()) == [
        "tcp 443 from shop-api in eu-west-3a to internet: proven passes, sent passes seen as 203.0.113.10",
        "tcp 11211 from internet to cache/0001: proven does not pass, sent does not pass",
        "2 flows, 0 disagreements",
    ]


def test_another_verdict_or_another_address_is_a_disagreement() -> None:
    proven = [answer("api", "internet"), answer("api", "internet"), answer("internet", "cache")]
    other = IPv4Address("203.0.113.11")
    found = agreement(
        proven,
        [
            Seen(Verdict.PASSES, other),
            Seen(Verdict.DROPPED, EGRESS, "answered at source port 1500 only"),
            Seen(Verdict.PASSES),
        ],
    )
    assert [each.disagrees for each in found.compared] == [True, True, True]
    first, second, *_, last = found.lines()
    assert first == (
        "disagreement: tcp 443 from shop-api in eu-west-3a to internet: "
        "proven passes seen as 203.0.113.10, sent passes seen as 203.0.113.11"
    )
    assert second.endswith("proven passes, sent does not pass (answered at source port 1500 only)")
    assert last == "3 flows, 3 disagreements"


def test_flow_that_could_not_be_sent_is_no_disagreement() -> None:
    unsent = Seen(Verdict.UNSENT, problem="cannot listen on udp 53")
    found = agreement([answer("api", "internet")], [unsent])
    assert not found.disagreements
    assert list(found.lines()) == [
        "tcp 443 from shop-api in eu-west-3a to internet: proven passes, not sent (cannot listen on udp 53)",
        "1 flow, 0 disagreements, 1 not sent",
    ]
