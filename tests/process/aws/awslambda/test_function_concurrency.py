"""Limits of concurrent invocations."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served.functions import create, zipped
from tests.support.served.region import Region, api_error
from vpcache.lab.aws.awslambda.invocation.concurrency import throttle_reason

RESERVED = "ReservedFunctionConcurrentInvocationLimitExceeded"
ACCOUNT = "ConcurrentInvocationLimitExceeded"


@contextmanager
def busy(region: Region, functions: Any, *names: str) -> Iterator[None]:
    """Keep one invocation of each named function running inside a `with` block."""
    started, finish = threading.Barrier(len(names) + 1), threading.Event()
    quick = region.runner.answer

    def slow(payload: bytes) -> tuple[bytes, bool]:
        if payload == b'"slow"':
            started.wait(10)
            assert finish.wait(10)
        return payload, False

    region.runner.answer = slow
    with ThreadPoolExecutor() as pool:
        invocations: list[Future[Any]] = [
            pool.submit(functions.invoke, FunctionName=name, Payload=b'"slow"') for name in names
        ]
        try:
            started.wait(10)
            yield
        finally:
            finish.set()
        assert all(each.result()["StatusCode"] == 200 for each in invocations)
    region.runner.answer = quick


def throttle_reason_of(functions: Any, name: str) -> str:
    """Return the reason why an invocation is throttled."""
    with pytest.raises(ClientError) as error:
        functions.invoke(FunctionName=name)
    response = error.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert (response["Error"]["Code"], response["Error"]["Message"]) == (
        "TooManyRequestsException",
        "Rate Exceeded.",
    )
    assert response["Type"] == "User"
    return str(response["Reason"])


def reserve(functions: Any, name: str, count: int) -> None:
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=count)


def test_invocation_above_reservation_is_throttled(region: Region, functions: Any) -> None:
    create(functions, "one", Publish=True)
    create(functions, "two")
    reserve(functions, "one", 2)
    with busy(region, functions, "one", "one:1"):  # versions count together
        assert throttle_reason_of(functions, "one") == throttle_reason_of(functions, "one:1") == RESERVED
        assert functions.invoke(FunctionName="two")["StatusCode"] == 200
        reserve(functions, "one", 3)
        assert functions.invoke(FunctionName="one")["StatusCode"] == 200
    reserve(functions, "one", 1)
    for _ in range(3):
        assert functions.invoke(FunctionName="one")["StatusCode"] == 200


def test_failed_invocation_frees_its_slot(region: Region, functions: Any) -> None:
    create(functions)
    reserve(functions, "one", 1)

    def fail(payload: bytes) -> tuple[bytes, bool]:
        raise RuntimeError("failure of the runner")

    quick, region.runner.answer = region.runner.answer, fail
    api_error(functions.invoke, FunctionName="one")
    region.runner.answer = quick
    assert functions.invoke(FunctionName="one")["StatusCode"] == 200


def test_reservation_of_zero_throttles_all_invocations(region: Region, functions: Any) -> None:
    create(functions)
    reserve(functions, "one", 0)
    assert throttle_reason_of(functions, "one") == RESERVED
    assert region.runner.invoked == []
    description = functions.get_function(FunctionName="one")
    assert description["Concurrency"] == {"ReservedConcurrentExecutions": 0}
    functions.delete_function_concurrency(FunctionName="one")
    assert functions.invoke(FunctionName="one")["StatusCode"] == 200
    assert "Concurrency" not in functions.get_function(FunctionName="one")


def test_reservation_is_described_and_survives_updates(functions: Any) -> None:
    create(functions)
    assert "ReservedConcurrentExecutions" not in functions.get_function_concurrency(FunctionName="one")
    reserve(functions, "one", 5)
    functions.update_function_code(FunctionName="one", ZipFile=zipped("second"), Publish=True)
    assert functions.get_function_concurrency(FunctionName="one")["ReservedConcurrentExecutions"] == 5
    assert functions.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 995


def test_unreserved_concurrency_is_at_least_100(region: Region, functions: Any) -> None:
    create(functions, "one")
    create(functions, "two")
    region.settings = region.settings.changed({"concurrent_executions": 102})
    error = api_error(functions.put_function_concurrency, FunctionName="one", ReservedConcurrentExecutions=3)
    assert error.code == "InvalidParameterValueException" and "[100]" in error.message
    reserve(functions, "one", 2)
    reserve(functions, "one", 1)
    error = api_error(functions.put_function_concurrency, FunctionName="two", ReservedConcurrentExecutions=2)
    assert error.code == "InvalidParameterValueException"


def test_account_limit_applies_to_unreserved_functions() -> None:
    running, reserved = {"a": 3, "b": 4, "c": 1}, {"b": 4, "c": 2}
    assert throttle_reason("a", running, reserved, account=10) is None
    assert throttle_reason("a", running, reserved, account=9) == ACCOUNT
    assert throttle_reason("new", running, reserved, account=9) == ACCOUNT
    assert throttle_reason("b", running, reserved, account=1000) == RESERVED
    assert throttle_reason("c", running, reserved, account=1) is None
