"""What callers call a function: its name or its ARN, in full or in part, with or without a qualifier."""

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


@dataclass(frozen=True, slots=True)
class FunctionName:
    """A function's name with the version or alias that is meant, None where the caller left it open."""

    name: str
    qualifier: str | None = None

    @property
    def version(self) -> str:
        """The version or alias, "$LATEST" where the caller left it open."""
        return self.qualifier or LATEST


def function_arn(region: str, account: str, name: str, qualifier: str | None = None) -> str:
    """Return a function's ARN, with a version or alias if one is given."""
    return ":".join(filter(None, ("arn:aws:lambda", region, account, "function", name, qualifier)))


def parse(text: str, qualifier: str | None, region: str, account: str) -> FunctionName:
    """Return which function of this region and account is meant.

    Raises InvalidParameterValueException where there is no such name, or another qualifier in it;
    UnknownFunctionException for other accounts, ResourceNotFoundError for other regions.
    """
    found = _NAME.fullmatch(text)
    if not found:
        raise InvalidParameterValueException(f"Value '{text}' at 'functionName' is no function's name or ARN")
    if found["region"] not in (None, region):
        raise ResourceNotFoundError(
            f"Functions from '{found['region']}' are not reachable in this region ('{region}')"
        )
    if found["account"] not in (None, account):
        raise UnknownFunctionException(function_arn(region, found["account"], found["name"]))
    if qualifier and found["qualifier"] not in (None, qualifier):
        raise InvalidParameterValueException(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    return FunctionName(found["name"], qualifier or found["qualifier"])
