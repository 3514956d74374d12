"""How many invocations of a function run at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served_functions import create, refusal, zipped
from tests.support.served_region import Region
from vpcache.lab.aws.awslambda.invocation.concurrency import throttle_reason

RESERVED = "ReservedFunctionConcurrentInvocationLimitExceeded"
ACCOUNT = "ConcurrentInvocationLimitExceeded"


@contextmanager
def busy(region: Region, functions: Any, *names: str) -> Iterator[None]:
    """Let one invocation of each named function be under way inside a `with` block."""
    begun, go_on = threading.Barrier(len(names) + 1), threading.Event()
    quick = region.runner.answer

    def slow(payload: bytes) -> tuple[bytes, bool]:
        if payload == b'"slow"':
            begun.wait(10)
            assert go_on.wait(10)
        return payload, False

    region.runner.answer = slow
    with ThreadPoolExecutor() as pool:
        done: list[Future[Any]] = [
            pool.submit(functions.invoke, FunctionName=name, Payload=b'"slow"') for name in names
        ]
        try:
            begun.wait(10)
            yield
        finally:
            go_on.set()
        assert all(each.result()["StatusCode"] == 200 for each in done)
    region.runner.answer = quick


def throttled(functions: Any, name: str) -> str:
    """Return why an invocation is throttled."""
    with pytest.raises(ClientError) as error:
        functions.invoke(FunctionName=name)
    answer = error.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert (answer["Error"]["Code"], answer["Error"]["Message"]) == (
        "TooManyRequestsException",
        "Rate Exceeded.",
    )
    assert answer["Type"] == "User"
    return str(answer["Reason"])


def reserve(functions: Any, name: str, count: int) -> None:
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=count)


def test_an_invocation_beyond_the_reserved_ones_is_throttled(region: Region, functions: Any) -> None:
    create(functions, "one", Publish=True)
    create(functions, "two")
    reserve(functions, "one", 2)
    with busy(region, functions, "one", "one:1"):  # versions count together
        assert throttled(functions, "one") == throttled(functions, "one:1") == RESERVED
        assert functions.invoke(FunctionName="two")["StatusCode"] == 200
        reserve(functions, "one", 3)
        assert functions.invoke(FunctionName="one")["StatusCode"] == 200
    reserve(functions, "one", 1)
    for _ in range(3):
        assert functions.invoke(FunctionName="one")["StatusCode"] == 200


def test_a_failed_invocation_gives_its_place_back(region: Region, functions: Any) -> None:
    create(functions)
    reserve(functions, "one", 1)

    def breaks(payload: bytes) -> tuple[bytes, bool]:
        raise RuntimeError("no")

    quick, region.runner.answer = region.runner.answer, breaks
    refusal(functions.invoke, FunctionName="one")
    region.runner.answer = quick
    assert functions.invoke(FunctionName="one")["StatusCode"] == 200


def test_a_reservation_of_none_throttles_everything(region: Region, functions: Any) -> None:
    create(functions)
    reserve(functions, "one", 0)
    assert throttled(functions, "one") == RESERVED
    assert region.runner.invoked == []
    shown = functions.get_function(FunctionName="one")
    assert shown["Concurrency"] == {"ReservedConcurrentExecutions": 0}
    functions.delete_function_concurrency(FunctionName="one")
    assert functions.invoke(FunctionName="one")["StatusCode"] == 200
    assert "Concurrency" not in functions.get_function(FunctionName="one")


def test_a_reservation_is_shown_and_outlives_changes(functions: Any) -> None:
    create(functions)
    assert "ReservedConcurrentExecutions" not in functions.get_function_concurrency(FunctionName="one")
    reserve(functions, "one", 5)
    functions.update_function_code(FunctionName="one", ZipFile=zipped("second"), Publish=True)
    assert functions.get_function_concurrency(FunctionName="one")["ReservedConcurrentExecutions"] == 5
    assert functions.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"] == 995


def test_functions_without_a_reservation_share_what_is_left_and_that_is_a_hundred_at_least(
    region: Region, functions: Any
) -> None:
    create(functions, "one")
    create(functions, "two")
    region.settings = region.settings.changed({"concurrent_executions": 102})
    too_many = refusal(functions.put_function_concurrency, FunctionName="one", ReservedConcurrentExecutions=3)
    assert too_many["Code"] == "InvalidParameterValueException" and "[100]" in too_many["Message"]
    reserve(functions, "one", 2)
    reserve(functions, "one", 1)
    too_many = refusal(functions.put_function_concurrency, FunctionName="two", ReservedConcurrentExecutions=2)
    assert too_many["Code"] == "InvalidParameterValueException"


def test_the_accounts_limit_holds_for_all_that_reserve_nothing() -> None:
    running, reserved = {"a": 3, "b": 4, "c": 1}, {"b": 4, "c": 2}
    assert throttle_reason("a", running, reserved, account=10) is None
    assert throttle_reason("a", running, reserved, account=9) == ACCOUNT
    assert throttle_reason("new", running, reserved, account=9) == ACCOUNT
    assert throttle_reason("b", running, reserved, account=1000) == RESERVED
    assert throttle_reason("c", running, reserved, account=1) is None
