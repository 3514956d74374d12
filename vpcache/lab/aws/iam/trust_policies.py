"""Trust policies of roles.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from moto.iam.exceptions import MalformedPolicyDocument

from vpcache.lab.aws.accounts import is_account_id
from vpcache.lab.aws.policies.documents import PolicyError, PolicyKind, Statement, parse

_VERSIONS = ("2012-10-17", "2008-10-17")
_PROHIBITED = ("Resource", "NotResource", "NotPrincipal")
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
    except (ValueError, RecursionError) as error:
        raise MalformedPolicyDocument("This policy contains invalid Json") from error
    if not isinstance(policy, dict):
        raise MalformedPolicyDocument("This policy contains invalid Json")
    if policy.get("Version", _VERSIONS[0]) not in _VERSIONS:
        raise MalformedPolicyDocument("The policy must contain a valid version string")
    statements = _as_list(policy.get("Statement"))
    if not statements:
        raise MalformedPolicyDocument("Missing required field Statement")
    for statement in statements:
        if isinstance(statement, dict):
            _check_fields(statement)
    try:
        parsed = parse(policy, PolicyKind.TRUST)
    except PolicyError as error:
        raise MalformedPolicyDocument("Syntax errors in policy.") from error
    for each in parsed.statements:
        _check_actions(each)
        _check_principals(each, exists)


def _check_fields(statement: dict[str, Any]) -> None:
    for field in _PROHIBITED:
        if field in statement:
            raise MalformedPolicyDocument(f"Has prohibited field {field}")
    for field in ("Effect", "Principal", "Action"):
        if field not in statement and f"Not{field}" not in statement:
            raise MalformedPolicyDocument(f"Missing required field {field}")


def _check_actions(statement: Statement) -> None:
    if not all(action.lower().startswith("sts:") for action in statement.actions):
        raise MalformedPolicyDocument("AssumeRole policy may only specify STS AssumeRole actions.")


def _check_principals(statement: Statement, exists: Callable[[str], bool]) -> None:
    for kind, names in statement.principals.by_type if statement.principals else ():
        for name in names:
            if not _is_principal(kind, name, exists):
                raise MalformedPolicyDocument(f'Invalid principal in policy: "{kind.upper()}":"{name}"')


def _is_principal(kind: str, value: str, exists: Callable[[str], bool]) -> bool:
    if kind == "Service":
        return _SERVICE.fullmatch(value) is not None
    if kind != "AWS" or value == "*" or is_account_id(value):
        return True
    if identity := _IDENTITY.fullmatch(value):
        return identity["resource"] == "root" or exists(value)
    return _SESSION.fullmatch(value) is not None


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
