"""Resource-based policies of functions: statements, and public access to function URLs. Pure.

https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException

from vpcache.lab.aws.accounts import user_arn
from vpcache.lab.aws.policies.decision import Policies, Request, decide
from vpcache.lab.aws.policies.documents import PolicyKind, parse
from vpcache.lab.aws.policies.matching import Context
from vpcache.lab.aws.policies.principals import Principal

Statement = dict[str, Any]

_EVERYTHING = parse({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})

_CONDITIONS = {
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "InvokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
}
"""By parameter of AddPermission: operator and key of the resulting condition."""
_ACTIONS = {
    "FunctionUrlAuthType": "lambda:InvokeFunctionUrl",
    "InvokedViaFunctionUrl": "lambda:InvokeFunction",
}
"""By parameter: the only action that it is valid for."""
_SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazon(aws)?\.com(\.cn)?")
_ACCOUNT_ARN = re.compile(
    r"arn:aws[a-z-]*:(iam|sts)::\d{12}:(root|(user|role|assumed-role|federated-user)/\S+)"
)
_URL_CONTEXT = {"lambda:FunctionUrlAuthType": "NONE", "lambda:InvokedViaFunctionUrl": "true"}
"""The condition context of an anonymous request to a function URL, without account and source."""
_URL_ACTIONS = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
"""The permissions that a function URL requires; both since October 2025."""


def statement(parameters: Mapping[str, Any], resource: str) -> Statement:
    """Return the statement of AddPermission's `parameters` for the function or alias with the ARN `resource`.

    Raises InvalidParameterValueException for an invalid principal, and for a condition that is not valid for
    the action.
    """
    action = parameters["Action"]
    conditions: dict[str, dict[str, str]] = {}
    for name, (operator, key) in _CONDITIONS.items():
        value = parameters.get(name)
        if value is None:
            continue
        if action != _ACTIONS.get(name, action):
            raise InvalidParameterValueException(f"{name} is only supported for {_ACTIONS[name]} action")
        text = str(value).lower() if isinstance(value, bool) else str(value)
        conditions.setdefault(operator, {})[key] = text
    result: Statement = {
        "Sid": parameters["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(parameters["Principal"], resource),
        "Action": action,
        "Resource": resource,
    }
    return result | {"Condition": conditions} if conditions else result


def is_public_url(statements: Iterable[Statement]) -> bool:
    """Return whether these statements make a function's URL (AuthType NONE) public."""
    policy = list(statements)
    return all(any(_allows_everyone(each, action) for each in policy) for action in _URL_ACTIONS)


def allows_account(statements: Iterable[Statement], account: str, action: str) -> bool:
    """Return whether these statements allow the user of another account an action on their function."""
    user = user_arn(account)
    keys = {"aws:principalaccount": (account,), "aws:principalarn": (user,)}
    return _allow(statements, Principal(user, account), action, keys)


def allows_service(
    statements: Iterable[Statement], service: str, source_arn: str, source_account: str
) -> bool:
    """Return whether these statements allow a service to invoke their function.

    The service invokes it for a resource of an account.
    """
    keys = {"aws:sourcearn": (source_arn,), "aws:sourceaccount": (source_account,)}
    return _allow(statements, Principal(service, "", is_service=True), "lambda:InvokeFunction", keys)


def _allow(statements: Iterable[Statement], principal: Principal, action: str, keys: Context) -> bool:
    """Return whether statements allow a principal, whose account lets it do everything, an action.

    The statements of a function have one resource.
    """
    granted = list(statements)
    if not granted:
        return False
    resource = str(granted[0]["Resource"])
    policies = Policies(
        identity=(_EVERYTHING,),
        resource=parse({"Version": "2012-10-17", "Statement": granted}, PolicyKind.RESOURCE),
        resource_account=resource.split(":")[4],
    )
    return decide(Request(principal, action, resource, keys), policies).is_allowed


def _allows_everyone(statement: Statement, action: str) -> bool:
    conditions = statement.get("Condition", {}).values()
    return (
        fnmatchcase(action, statement["Action"])
        and statement["Principal"] in ("*", {"AWS": "*"})
        and all(_URL_CONTEXT.get(key) == value for each in conditions for key, value in each.items())
    )


def _principal(text: str, resource: str) -> str | dict[str, str]:
    """Return a policy's principal for an account ID, an ARN, a service or `*`."""
    if text == "*":
        return text
    if re.fullmatch(r"\d{12}", text):
        return {"AWS": f"arn:{resource.split(':')[1]}:iam::{text}:root"}
    if _ACCOUNT_ARN.fullmatch(text):
        return {"AWS": text}
    if _SERVICE.fullmatch(text):
        return {"Service": text}
    raise invalid_principal()


def invalid_principal() -> InvalidParameterValueException:
    """Return the error for a principal that does not exist."""
    return InvalidParameterValueException(
        "The provided principal was invalid. Please check the principal and try again."
    )
