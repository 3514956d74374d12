"""Function names in requests: a name, a full or a partial ARN, with or without a qualifier."""

from __future__ import annotations

import re
from dataclasses import dataclass

from moto.awslambda.exceptions import InvalidParameterValueException, UnknownFunctionException

from vpcache.lab.aws.awslambda.errors import ResourceNotFoundError
from vpcache.lab.functions.spec import LATEST

_NAME = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:)?(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):)?(?:(?P<account>\d{12}):)?"
    r"(?:function:)?(?P<name>[a-zA-Z0-9_-]+)(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9_-]+))?"
)
"""https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_RequestParameters"""


_MAX_NAME = 64  # characters of a function's name, without the rest of its ARN


@dataclass(frozen=True, slots=True)
class FunctionName:
    """A function's name and qualifier (version or alias), None if the request has no qualifier."""

    name: str
    qualifier: str | None = None

    @property
    def version(self) -> str:
        """The version or alias, "$LATEST" by default."""
        return self.qualifier or LATEST


def function_arn(region: str, account: str, name: str, qualifier: str | None = None) -> str:
    """Return a function's ARN, with a qualifier if there is one."""
    return ":".join(filter(None, ("arn:aws:lambda", region, account, "function", name, qualifier)))


def account_in(text: str) -> str | None:
    """Return the account of a function's ARN, None for a name and for what is neither."""
    match = _NAME.fullmatch(text)
    return match["account"] if match else None


def check_name_length(name: str) -> None:
    """Raise InvalidParameterValueException if the name of a new function is too long."""
    if len(name) > _MAX_NAME:
        raise InvalidParameterValueException(
            f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: "
            f"Member must have length less than or equal to {_MAX_NAME}"
        )


def parse(text: str, qualifier: str | None, region: str, account: str) -> FunctionName:
    """Return the name and qualifier of a function in this region and account.

    Raises InvalidParameterValueException for an invalid name or a qualifier that differs from the one in the
    name, UnknownFunctionException for other accounts, ResourceNotFoundError for other regions.
    """
    match = _NAME.fullmatch(text)
    if not match:
        raise InvalidParameterValueException(
            f"Value '{text}' at 'functionName' must be a function's name or ARN"
        )
    if match["region"] not in (None, region):
        raise ResourceNotFoundError(
            f"Functions from '{match['region']}' are not reachable in this region ('{region}')"
        )
    if match["account"] not in (None, account):
        raise UnknownFunctionException(function_arn(region, match["account"], match["name"]))
    if qualifier and match["qualifier"] not in (None, qualifier):
        raise InvalidParameterValueException(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    return FunctionName(match["name"], qualifier or match["qualifier"])
