"""Functions in a served region, for tests of Lambda's API."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served_region import Region

ARN = "arn:aws:lambda:us-east-1:123456789012:function:one"  # of what `create` makes

TIMEOUT = 10.0  # seconds for what must happen, on a busy machine


def role_and_client(region: Region) -> Any:
    """Make the role that functions have, and return a Lambda client."""
    with suppress(ClientError):  # another test of this process made it
        region.client("iam").create_role(RoleName="function", AssumeRolePolicyDocument="{}")
    return region.client("lambda")


def zipped(source: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr(zipfile.ZipInfo("handler.py"), source)  # of one date, so that equal is equal
    return archive.getvalue()


def create(functions: Any, name: str = "one", **wanted: Any) -> dict[str, Any]:
    made: dict[str, Any] = functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role="arn:aws:iam::123456789012:role/function",
        Handler="handler.handler",
        Code={"ZipFile": zipped("first")},
        **wanted,
    )
    return made


def refusal(call: Any, **arguments: Any) -> Any:
    """Return the error that a call must end in."""
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return error.value.response["Error"]


def eventually(condition: Callable[[], Any]) -> Any:
    """Return what a condition comes to once that is true."""
    deadline = time.monotonic() + TIMEOUT
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return found
