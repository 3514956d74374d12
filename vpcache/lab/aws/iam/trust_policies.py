"""Trust policies of roles.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from moto.iam.exceptions import MalformedPolicyDocument

from vpcache.lab.aws.accounts import is_account_id

_VERSIONS = ("2012-10-17", "2008-10-17")
_FIELDS = frozenset({"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"})
_PROHIBITED = ("Resource", "NotResource")
_KINDS = ("AWS", "Service", "Federated", "CanonicalUser")
_SERVICE = re.compile(
    r"[a-z0-9-]+(\.[a-z0-9-]+)*\.(amazonaws\.com|amazonaws\.com\.cn|amazon\.com|aws\.internal)"
)
_IDENTITY = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(?P<resource>root|(?:user|role)/.+)")
_SESSION = re.compile(r"arn:aws[a-z-]*:sts::\d{12}:(assumed-role/[^/]+/[^/]+|federated-user/.+)")


def check_trust_policy(document: str, exists: Callable[[str], bool]) -> None:
    """Raise MalformedPolicyDocument for a document that is not a trust policy.

    `exists` returns whether the role or user of an ARN exists.
    """
    try:
        policy = json.loads(document)
    except ValueError as error:
        raise MalformedPolicyDocument("This policy contains invalid Json") from error
    if not isinstance(policy, dict):
        raise MalformedPolicyDocument("This policy contains invalid Json")
    if policy.get("Version", _VERSIONS[0]) not in _VERSIONS:
        raise MalformedPolicyDocument("The policy must contain a valid version string")
    statements = _as_list(policy.get("Statement"))
    if not statements:
        raise MalformedPolicyDocument("Missing required field Statement")
    for statement in statements:
        if not isinstance(statement, dict):
            raise MalformedPolicyDocument("Syntax errors in policy.")
        _check_statement(statement, exists)


def _check_statement(statement: Mapping[str, Any], exists: Callable[[str], bool]) -> None:
    for field in _PROHIBITED:
        if field in statement:
            raise MalformedPolicyDocument(f"Has prohibited field {field}")
    for field in ("Effect", "Principal", "Action"):
        if field not in statement and f"Not{field}" not in statement:
            raise MalformedPolicyDocument(f"Missing required field {field}")
    unknown = next(iter(statement.keys() - _FIELDS), None)
    if unknown or statement.get("Effect") not in ("Allow", "Deny"):
        raise MalformedPolicyDocument("Syntax errors in policy.")
    for action in _as_list(statement.get("Action", statement.get("NotAction"))):
        if not isinstance(action, str) or not action.lower().startswith("sts:"):
            raise MalformedPolicyDocument("AssumeRole policy may only specify STS AssumeRole actions.")
    for kind, principal in _principals(statement.get("Principal", statement.get("NotPrincipal"))):
        if kind not in _KINDS or not _is_principal(kind, principal, exists):
            raise MalformedPolicyDocument(f'Invalid principal in policy: "{kind.upper()}":"{principal}"')


def _principals(value: Any) -> Iterator[tuple[str, Any]]:
    if value == "*":
        return
    if not isinstance(value, dict) or not value:
        raise MalformedPolicyDocument("Invalid principal in policy")
    for kind, listed in value.items():
        for each in _as_list(listed):
            yield kind, each


def _is_principal(kind: str, value: Any, exists: Callable[[str], bool]) -> bool:
    if not isinstance(value, str):
        return False
    if kind == "Service":
        return _SERVICE.fullmatch(value) is not None
    if kind != "AWS" or value == "*" or is_account_id(value):
        return True
    if identity := _IDENTITY.fullmatch(value):
        return identity["resource"] == "root" or exists(value)
    return _SESSION.fullmatch(value) is not None


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
