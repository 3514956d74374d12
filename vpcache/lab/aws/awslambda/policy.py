"""Resource-based policies of functions: statements from AddPermission, and what they allow to everyone. Pure.

https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException

Statement = dict[str, Any]

_CONDITIONS = {
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "InvokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "SourceAccount": ("StringEquals", "AWS:SourceAccount"),
    "SourceArn": ("ArnLike", "AWS:SourceArn"),
}
"""The condition that each parameter of AddPermission becomes: its operator and its key."""
_ACTIONS = {
    "FunctionUrlAuthType": "lambda:InvokeFunctionUrl",
    "InvokedViaFunctionUrl": "lambda:InvokeFunction",
}
"""The only action that a parameter goes with."""
_URL_CONTEXT = {"lambda:FunctionUrlAuthType": "NONE", "lambda:InvokedViaFunctionUrl": "true"}
"""What is known of an anonymous request to a function URL. It has no account, organization or source."""
_URL_ACTIONS = ("lambda:InvokeFunctionUrl", "lambda:InvokeFunction")
"""What a function URL needs, both since October 2025."""


def statement(parameters: Mapping[str, Any], resource: str) -> Statement:
    """Return the statement that AddPermission's `parameters` mean for the function or alias `resource`.

    Raises InvalidParameterValueException for a condition that does not go with the action.
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
    made: Statement = {
        "Sid": parameters["StatementId"],
        "Effect": "Allow",
        "Principal": _principal(parameters["Principal"], resource),
        "Action": action,
        "Resource": resource,
    }
    return made | {"Condition": conditions} if conditions else made


def is_open_url(statements: Iterable[Statement]) -> bool:
    """Tell whether everyone may call the URL (AuthType NONE) of a function with these statements."""
    every = list(statements)
    return all(any(_allows_everyone(each, action) for each in every) for action in _URL_ACTIONS)


def _allows_everyone(statement: Statement, action: str) -> bool:
    conditions = statement.get("Condition", {}).values()
    return (
        fnmatchcase(action, statement["Action"])
        and statement["Principal"] in ("*", {"AWS": "*"})
        and all(_URL_CONTEXT.get(key) == value for each in conditions for key, value in each.items())
    )


def _principal(text: str, resource: str) -> str | dict[str, str]:
    """Return a principal as policies have it: a service, everyone, or an account's or another ARN."""
    if text == "*":
        return text
    if re.fullmatch(r"\d{12}", text):
        return {"AWS": f"arn:{resource.split(':')[1]}:iam::{text}:root"}
    return {"AWS": text} if text.startswith("arn:") else {"Service": text}
