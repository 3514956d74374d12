"""Filter patterns for log events whose fields are separated by spaces."""

from __future__ import annotations

import pytest

from vpcache.lab.aws.messaging.field_patterns import InvalidPatternError, field_matcher

REQUEST = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'
REJECT = "2 123456789012 eni-1 10.0.0.5 10.0.0.9 41000 11211 6 3 180 1700000000 1700000009 REJECT OK"


@pytest.mark.parametrize(
    ("pattern", "message", "matches"),
    [
        ("[ip, user, name, time, request, status, bytes]", REQUEST, True),
        ("[ip, user, name]", REQUEST, False),
        ("[ip, ..., status=404, bytes]", REQUEST, True),
        ("[..., status=4*, bytes > 1000]", REQUEST, True),
        ("[..., status=4*, bytes > 1534]", REQUEST, False),
        ("[..., bytes >= 1534]", REQUEST, True),
        ("[ip, u, n, t, request = *.html*, ...]", REQUEST, True),
        ("[ip, u, n, time = 10/Oct*, ...]", REQUEST, True),
        ("[ip, ..., status = 404 || status = 410, bytes]", REQUEST, True),
        ("[ip, ..., status != 4* && status != 3*, bytes]", REQUEST, False),
        ('[v, a, e, s, d, sp, dp="11211", p="6", n, b, st, en, action="REJECT", status]', REJECT, True),
        ('[v, a, e, s, d, sp, dp="11210", p="6", n, b, st, en, action="REJECT", status]', REJECT, False),
        ('[v, a, e, source="10.0.0.*", ...]', REJECT, True),
        ("[v=2.0, ...]", REJECT, True),
        ("[v, a, e < 5, ...]", REJECT, False),
        ("[...]", "", True),
    ],
)
def test_pattern_of_fields_selects_messages(pattern: str, message: str, matches: bool) -> None:
    assert field_matcher(pattern)(message) is matches


@pytest.mark.parametrize(
    "pattern", ["[a", "[..., b, ...]", "[a = 1 b = 2]", "[(a = 1)]", "[a = 1 || b = 2]", "[a < x]"]
)
def test_pattern_without_fields_or_conditions_is_invalid(pattern: str) -> None:
    with pytest.raises(InvalidPatternError):
        field_matcher(pattern)
