"""Filter patterns of CloudWatch Logs for unstructured log events, and for those with fields. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
"""

from __future__ import annotations

import re
from collections.abc import Callable

from vpcache.lab.aws.messaging.field_patterns import InvalidPatternError, field_matcher

_TERM = re.compile(r'([?-]?)(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))')
_JSON, _FIELDS = "{", "["  # how patterns for JSON and for events with fields begin


def matcher(pattern: str | None) -> Callable[[str], bool]:
    """Return a function that returns whether a message matches a pattern.

    All plain terms must occur, no term with a minus sign, and one of those with a question mark if no plain
    term is given. For patterns of fields, see `field_patterns`. Raises NotImplementedError for patterns of
    JSON and of regular expressions.
    """
    text = (pattern or "").strip()
    if text.startswith(_FIELDS) and "%" not in text:
        try:
            return field_matcher(text)
        except InvalidPatternError as error:
            raise NotImplementedError(
                f"The filterPattern {pattern} is not emulated by the lab: {error} is no condition of a field."
            ) from error
    if text.startswith((_JSON, _FIELDS)) or "%" in text:
        raise NotImplementedError(
            f"The filterPattern {pattern} is not emulated by the lab: only terms of unstructured events are, "
            "and conditions of fields."
        )
    terms = [(sign, _unescaped(quoted) or plain) for sign, quoted, plain in _TERM.findall(text)]
    required = [term for sign, term in terms if not sign]
    optional = [term for sign, term in terms if sign == "?"]
    excluded = [term for sign, term in terms if sign == "-"]

    def matches(message: str) -> bool:
        if any(term in message for term in excluded):
            return False
        if required or not optional:  # AWS ignores optional terms beside others
            return all(term in message for term in required)
        return any(term in message for term in optional)

    return matches


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
