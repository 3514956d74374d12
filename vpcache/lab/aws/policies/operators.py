"""Condition operators: how one value of a request is compared with one value of a policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import base64
import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from ipaddress import ip_address, ip_network
from typing import Any

from vpcache.lab.aws.policies.matching import Context, matches_arn, matches_text

Comparison = Callable[[str, str, Context | None], bool]
"""Compares a policy's value with a request's; variables are literal if the context is None."""

_DATE = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d{2})(-(?P<day>\d{2})(?P<time>T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?)?)?"
)
_EPOCH = re.compile(r"-?\d{5,}(\.\d+)?")


def _string(pattern: str, value: str, context: Context | None, **options: bool) -> bool:
    return matches_text(pattern, value, context, **{"has_wildcards": False, **options})


def _arn(pattern: str, value: str, context: Context | None) -> bool:
    return matches_arn(pattern, value, context)


def _bool(pattern: str, value: str, context: Context | None) -> bool:
    return matches_text(pattern, value, context, has_wildcards=False, ignore_case=True)


def _compared(
    parse: Callable[[str], Any], compare: Callable[[Any, Any], bool], pattern: str, value: str, _: Any
) -> bool:
    """Compare two values after parsing them; a value that cannot be parsed matches nothing."""
    try:
        return compare(parse(value), parse(pattern))
    except (ValueError, InvalidOperation):
        return False


def _date(text: str) -> datetime:
    """Return a date in one of the W3C formats of ISO 8601, or in seconds since 1970. Raises ValueError."""
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(float(text), UTC)
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    day = f"{match['year']}-{match['month'] or '01'}-{match['day'] or '01'}"
    return datetime.fromisoformat(day + (match["time"] or "T00:00:00Z").replace("Z", "+00:00"))


def _binary(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _ip(pattern: str, value: str, _: Any) -> bool:
    try:
        return ip_address(value) in ip_network(pattern, strict=False)
    except ValueError:
        return False


_ORDERS = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
_STRING_LIKE = partial(_string, has_wildcards=True)
_IGNORE_CASE = partial(_string, ignore_case=True)

OPERATORS: Mapping[str, tuple[Comparison, bool] | None] = {
    "StringEquals": (_string, False),
    "StringNotEquals": (_string, True),
    "StringEqualsIgnoreCase": (_IGNORE_CASE, False),
    "StringNotEqualsIgnoreCase": (_IGNORE_CASE, True),
    "StringLike": (_STRING_LIKE, False),
    "StringNotLike": (_STRING_LIKE, True),
    **{f"Numeric{name}": (partial(_compared, Decimal, order), False) for name, order in _ORDERS.items()},
    "NumericNotEquals": (partial(_compared, Decimal, operator.eq), True),
    **{f"Date{name}": (partial(_compared, _date, order), False) for name, order in _ORDERS.items()},
    "DateNotEquals": (partial(_compared, _date, operator.eq), True),
    "Bool": (_bool, False),
    "BinaryEquals": (partial(_compared, _binary, operator.eq), False),
    "IpAddress": (_ip, False),
    "NotIpAddress": (_ip, True),
    "ArnEquals": (_arn, False),
    "ArnLike": (_arn, False),
    "ArnNotEquals": (_arn, True),
    "ArnNotLike": (_arn, True),
    "Null": None,
}
"""By operator: the comparison, and whether the operator is its negation. `Null` compares no values."""


def is_operator(name: str) -> bool:
    """Return whether a condition operator exists, ignoring case."""
    return name.lower() in _LOWER


_LOWER = frozenset(name.lower() for name in OPERATORS)
