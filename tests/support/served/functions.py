"""Functions in a served region, for tests of Lambda's API."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from typing import Any

from tests.support.execution_roles import create_execution_role
from tests.support.served.region import Region

ARN = "arn:aws:lambda:us-east-1:123456789012:function:one"  # of the function that `create` creates

TIMEOUT = 10.0  # seconds, enough for a busy machine


def role_and_client(region: Region) -> Any:
    """Create the role of the functions, and return a Lambda client."""
    create_execution_role(region.client("iam"), "function", "*")
    return region.client("lambda")


def zipped(source: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        target.writestr(
            zipfile.ZipInfo("handler.py"), source
        )  # with a fixed date, so that equal sources give equal archives
    return archive.getvalue()


def create(functions: Any, name: str = "one", **options: Any) -> dict[str, Any]:
    configuration: dict[str, Any] = functions.create_function(
        FunctionName=name,
        Role="arn:aws:iam::123456789012:role/function",
        Handler="handler.handler",
        Code={"ZipFile": zipped("first")},
        **{"Runtime": "python3.13", **options},
    )
    return configuration


def eventually(condition: Callable[[], Any]) -> Any:
    """Wait until a condition is true, and return its value."""
    deadline = time.monotonic() + TIMEOUT
    while not (value := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return value
