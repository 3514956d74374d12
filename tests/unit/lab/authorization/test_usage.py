"""Recorded requests."""

from __future__ import annotations

from vpcache.lab.aws.authorization.usage import Usage
from vpcache.lab.aws.policies.decision import Decision, Request
from vpcache.lab.aws.policies.principals import Principal

ROLE = "arn:aws:iam::123456789012:role/r"


def request(time: str, region: str) -> Request:
    context = {"aws:currenttime": (time,), "aws:epochtime": (time,), "aws:requestedregion": (region,)}
    return Request(Principal(ROLE, "123456789012"), "ec2:DescribeVpcs", "*", context)


def test_requests_that_differ_only_in_their_time_are_one() -> None:
    usage = Usage()
    for time, region in (("1", "a"), ("2", "a"), ("3", "b")):
        usage.record(ROLE, request(time, region), Decision(True))
    usage.record(ROLE, request("4", "a"), Decision(False))

    recorded = [(each.context["aws:epochtime"], each.is_allowed) for each in usage.requests()]

    assert recorded == [(("1",), True), (("3",), True), (("4",), False)]
    assert sum(usage.counts(ROLE).values()) == 4
