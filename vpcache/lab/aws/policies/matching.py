"""Wildcards and policy variables.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

Context = Mapping[str, tuple[str, ...]]
"""The values of a request's context keys; names are in lower case."""

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_WILDCARDS = {"*": ".*", "?": "."}
_ARN_PARTS = 6


class UnresolvedVariableError(Exception):
    """A policy variable has no value in a request and no default: its statement does not apply."""


def matches_action(pattern: str, action: str) -> bool:
    """Return whether an action such as "s3:GetObject" matches a pattern, ignoring case."""
    return _regex(pattern.lower()).fullmatch(action.lower()) is not None


@lru_cache(maxsize=1 << 15)
def matches_any_action(patterns: tuple[str, ...], action: str) -> bool:
    """Return whether an action matches one of several patterns. Cached: it is half the time of a decision."""
    return any(matches_action(pattern, action) for pattern in patterns)


def matches_resource(pattern: str, resource: str, context: Context | None) -> bool:
    """Return whether a resource matches a pattern. Raises UnresolvedVariableError.

    Variables are replaced only after the fifth colon, and not at all if `context` is None. Wildcards match
    within a part of the ARN, and everything in its last part:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    if pattern == "*":
        return True
    patterns, parts = pattern.split(":", _ARN_PARTS - 1), resource.split(":", _ARN_PARTS - 1)
    if len(patterns) < _ARN_PARTS:
        return _regex(pattern).fullmatch(resource) is not None
    if len(parts) < _ARN_PARTS:
        return False
    if not all(_regex(each).fullmatch(part) for each, part in zip(patterns[:-1], parts[:-1], strict=True)):
        return False
    return matches_text(patterns[-1], parts[-1], context, has_wildcards=True)


def matches_arn(pattern: str, arn: str, context: Context | None) -> bool:
    """Return whether an ARN matches a pattern, each of its six parts separately.

    Raises UnresolvedVariableError.
    """
    if pattern == "*":
        return True
    patterns, parts = pattern.split(":", _ARN_PARTS - 1), arn.split(":", _ARN_PARTS - 1)
    return len(patterns) == len(parts) == _ARN_PARTS and all(
        matches_text(each, part, context, has_wildcards=True)
        for each, part in zip(patterns, parts, strict=True)
    )


def matches_text(
    pattern: str, text: str, context: Context | None, *, has_wildcards: bool, ignore_case: bool = False
) -> bool:
    """Return whether a text matches a pattern with variables and, if asked for, wildcards.

    Variables are literal if `context` is None. Raises UnresolvedVariableError.
    """
    if context is None or "${" not in pattern:
        if not has_wildcards:
            return pattern.casefold() == text.casefold() if ignore_case else pattern == text
        return _regex(pattern, ignore_case).fullmatch(text) is not None
    pieces = _VARIABLE.split(pattern)  # literal, variable, literal, …
    expression = "".join(
        re.escape(_value(piece, context)) if number % 2 else _expression(piece, has_wildcards)
        for number, piece in enumerate(pieces)
    )
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return re.fullmatch(expression, text, flags) is not None


def _value(variable: str, context: Context) -> str:
    """Return the value of a variable such as "aws:username" or "aws:PrincipalTag/team, 'none'"."""
    if variable in ("*", "?", "$"):
        return variable
    key, _, default = variable.partition(",")
    values = context.get(key.strip().lower(), ())
    if len(values) == 1:
        return values[0]
    default = default.strip()
    if len(default) >= 2 and default[0] == default[-1] == "'":
        return default[1:-1]
    raise UnresolvedVariableError(variable)


def _expression(literal: str, has_wildcards: bool) -> str:
    if not has_wildcards:
        return re.escape(literal)
    return "".join(_WILDCARDS.get(each, re.escape(each)) for each in literal)


@lru_cache(maxsize=4096)
def _regex(pattern: str, ignore_case: bool = False) -> re.Pattern[str]:
    return re.compile(_expression(pattern, True), re.DOTALL | (re.IGNORECASE if ignore_case else 0))
