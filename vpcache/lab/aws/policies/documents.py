"""Policy documents: parsing and validation.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from vpcache.lab.aws.policies.operators import OPERATORS, is_operator

VERSION_WITH_VARIABLES = "2012-10-17"
_VERSIONS = ("2008-10-17", VERSION_WITH_VARIABLES)
_EFFECTS = ("Allow", "Deny")
_STATEMENT = frozenset(
    {
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    }
)
_PRINCIPALS = ("AWS", "Service", "Federated", "CanonicalUser")
_ACTION = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")


class PolicyError(ValueError):
    """A document is not a valid policy."""


class PolicyKind(Enum):
    """What a document is attached to, which determines the elements of its statements."""

    IDENTITY = auto()  # also permissions boundaries and session policies
    RESOURCE = auto()  # also VPC endpoint policies
    TRUST = auto()


@dataclass(frozen=True, slots=True)
class Condition:
    """One key of a condition operator, with the values of the policy."""

    operator: str  # without qualifier and IfExists, as in the documentation
    key: str
    values: tuple[str, ...]
    qualifier: str = ""  # "ForAllValues" or "ForAnyValue"
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class Principals:
    """The principals of a statement by type: "AWS", "Service", "Federated" and "CanonicalUser"."""

    by_type: tuple[tuple[str, tuple[str, ...]], ...]
    is_negated: bool = False  # NotPrincipal

    def of_type(self, kind: str) -> tuple[str, ...]:
        """Return the principals of a type."""
        return next((names for name, names in self.by_type if name == kind), ())


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement; an element that it lacks is None."""

    effect: str
    actions: tuple[str, ...]
    is_not_action: bool
    resources: tuple[str, ...] | None  # None: what the policy is attached to
    is_not_resource: bool
    principals: Principals | None
    conditions: tuple[Condition, ...]
    has_variables: bool  # the document's version supports policy variables
    sid: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A policy."""

    statements: tuple[Statement, ...]
    version: str = _VERSIONS[0]


def parse(policy: str | bytes | Mapping[str, Any], kind: PolicyKind = PolicyKind.IDENTITY) -> Document:
    """Return a policy. Raises PolicyError if it is invalid."""
    if isinstance(policy, (str, bytes)):
        try:
            policy = json.loads(policy)
        except (ValueError, RecursionError) as error:
            raise PolicyError(f"the policy is not valid JSON: {error}") from None
    if not isinstance(policy, Mapping):
        raise PolicyError("the policy must be a JSON object")
    if unknown := set(policy) - {"Version", "Id", "Statement"}:
        raise PolicyError(f"unknown element {min(unknown)} of the policy")
    version = policy.get("Version", _VERSIONS[0])
    if version not in _VERSIONS:
        raise PolicyError(f"the version is {version!r}: it must be {' or '.join(_VERSIONS)}")
    statements = policy.get("Statement")
    statements = [statements] if isinstance(statements, Mapping) else statements
    if not isinstance(statements, list) or not statements:
        raise PolicyError("missing required field Statement")
    return Document(tuple(_statement(each, version, kind) for each in statements), version)


def _statement(statement: Any, version: str, kind: PolicyKind) -> Statement:
    if not isinstance(statement, Mapping):
        raise PolicyError("a statement must be a JSON object")
    if unknown := set(statement) - _STATEMENT:
        raise PolicyError(f"unknown element {min(unknown)} of a statement")
    effect = statement.get("Effect")
    if effect not in _EFFECTS:
        raise PolicyError(f"the effect is {effect!r}: it must be Allow or Deny")
    actions = _one_of(statement, "Action")
    if actions is None:
        raise PolicyError("missing required field Action")
    for action in actions:
        if not _ACTION.fullmatch(action):
            raise PolicyError(f"the action {action!r} must be a vendor and an action, such as s3:GetObject")
    return Statement(
        effect=effect,
        actions=actions,
        is_not_action="NotAction" in statement,
        resources=_resources(statement, kind),
        is_not_resource="NotResource" in statement,
        principals=_principals(statement, kind),
        conditions=_conditions(statement.get("Condition", {})),
        has_variables=version == VERSION_WITH_VARIABLES,
        sid=str(statement.get("Sid", "")),
    )


def _resources(statement: Mapping[str, Any], kind: PolicyKind) -> tuple[str, ...] | None:
    resources = _one_of(statement, "Resource")
    if kind is PolicyKind.TRUST:
        if resources is not None:
            raise PolicyError("a trust policy has no field Resource")
        return None
    if resources is None:
        if kind is PolicyKind.RESOURCE:
            return None
        raise PolicyError("missing required field Resource")
    for resource in resources:
        if resource != "*" and not resource.startswith("arn:") and "*" not in resource[:4]:
            raise PolicyError(f'the resource {resource} must be in ARN format or "*"')
    return resources


def _principals(statement: Mapping[str, Any], kind: PolicyKind) -> Principals | None:
    is_negated = "NotPrincipal" in statement
    value = statement.get("NotPrincipal" if is_negated else "Principal")
    if kind is PolicyKind.IDENTITY:
        if value is not None:
            raise PolicyError("a policy of an identity has no field Principal")
        return None
    if value is None or (is_negated and "Principal" in statement):
        raise PolicyError("a statement must have either Principal or NotPrincipal")
    if is_negated and kind is PolicyKind.TRUST:
        raise PolicyError("a trust policy has no field NotPrincipal")
    if value == "*":
        value = {"AWS": "*"}
    if not isinstance(value, Mapping) or set(value) - set(_PRINCIPALS):
        raise PolicyError(f'the principal {value!r} must be "*" or have the types {", ".join(_PRINCIPALS)}')
    return Principals(tuple((name, _texts(names, name)) for name, names in value.items()), is_negated)


def _conditions(blocks: Any) -> tuple[Condition, ...]:
    if not isinstance(blocks, Mapping):
        raise PolicyError("the condition must be a JSON object")
    return tuple(
        _condition(name, key, values) for name, keys in blocks.items() for key, values in _items(name, keys)
    )


def _items(name: str, keys: Any) -> list[tuple[str, Any]]:
    if not isinstance(keys, Mapping):
        raise PolicyError(f"the condition {name} must be a JSON object")
    return list(keys.items())


def _condition(name: str, key: str, values: Any) -> Condition:
    qualifier, separator, operator = name.rpartition(":")
    if separator and qualifier not in ("ForAllValues", "ForAnyValue"):
        raise PolicyError(f"the set operator of {name} must be ForAllValues or ForAnyValue")
    base = operator.removesuffix("IfExists")
    if not is_operator(base) or (base.lower() == "null" and (base != operator or qualifier)):
        raise PolicyError(f"{name} is no condition operator")
    return Condition(
        operator=next(each for each in OPERATORS if each.lower() == base.lower()),
        key=key,
        values=_texts(values, key),
        qualifier=qualifier,
        if_exists=base != operator,
    )


def _one_of(statement: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    """Return the values of an element or of its negation, None if the statement has neither."""
    names = [each for each in (name, f"Not{name}") if each in statement]
    if len(names) > 1:
        raise PolicyError(f"a statement must have either {name} or Not{name}")
    return _texts(statement[names[0]], names[0]) if names else None


def _texts(value: Any, name: str) -> tuple[str, ...]:
    """Return one or several values as text; numbers and booleans are written as in JSON."""
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(each, (str, int, float)) for each in values):
        raise PolicyError(f"the values of {name} must be strings")
    return tuple(each if isinstance(each, str) else json.dumps(each) for each in values)
