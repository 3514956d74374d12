"""Functions, called through AWS's API: real processes in a VPC."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.execution_roles import OF_VPC, allow
from tests.support.network.vpc_factory import VpcFactory, zip_of
from vpcache.stack.target import lab_target

TIMEOUT = 20.0  # seconds; long enough for a busy machine
CODE = """
    import os, time

    print("loading")
    served = 0

    def handler(event, context):
        global served
        served += 1
        exec(event.get("run", ""))
        return {
            "code": 1,
            "colour": os.environ.get("COLOUR"),
            "pid": os.getpid(),
            "served": served,
            "request": context.aws_request_id,
            "version": context.function_version,
            "arn": context.invoked_function_arn,
        }
"""
CHANGED = CODE.replace('"code": 1', '"code": 2')


class Function:
    """One function, and calls of it."""

    def __init__(self, vpc_factory: VpcFactory, code: str = CODE, **options: Any) -> None:
        self.vpc_factory = vpc_factory
        self.api = lab_target(vpc_factory.lab.endpoint, {}).client(
            "lambda", retries={"total_max_attempts": 1}
        )
        self.name = vpc_factory.new_function("function", code=code, **options)

    def call(self, by: str = "", **event: Any) -> dict[str, Any]:
        """Invoke it and return its result. Fails if that is an error."""
        answer = self.api.invoke(FunctionName=self.name + by, Payload=json.dumps(event))
        assert "FunctionError" not in answer, answer["Payload"].read()
        return dict(json.load(answer["Payload"]))

    def fail(self, **event: Any) -> tuple[str, list[str]]:
        """Invoke it and return its error type and the tail of its log."""
        answer = self.api.invoke(FunctionName=self.name, Payload=json.dumps(event), LogType="Tail")
        assert answer["FunctionError"] == "Unhandled"
        tail = base64.b64decode(answer["LogResult"]).decode()
        return str(json.load(answer["Payload"])["errorType"]), tail.splitlines()

    def change(self, call: str, **change: Any) -> None:
        """Change it and wait until the update has succeeded."""
        getattr(self.api, call)(FunctionName=self.name, **change)
        waiter = self.api.get_waiter("function_updated_v2")
        waiter.wait(FunctionName=self.name, WaiterConfig={"Delay": 0.02})

    def log(self) -> list[str]:
        """Return its messages in CloudWatch Logs, oldest first."""
        logs = self.vpc_factory.client("logs")
        try:
            events = logs.filter_log_events(logGroupName=f"/aws/lambda/{self.name}")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [each["message"] for each in events]


@pytest.fixture
def function(vpc_factory: VpcFactory) -> Function:
    return Function(vpc_factory)


def eventually(condition: Callable[[], Any]) -> Any:
    """Wait until a condition returns a true value, and return that."""
    deadline = time.monotonic() + TIMEOUT
    while not (result := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return result


def test_update_does_not_affect_published_versions(function: Function) -> None:
    function.change("update_function_configuration", Environment={"Variables": {"COLOUR": "green"}})
    function.change("publish_version")
    function.change("create_alias", Name="live", FunctionVersion="1")
    first, latest = function.call(":live"), function.call()
    assert first["pid"] != latest["pid"]
    assert (first["version"], latest["version"]) == ("1", "$LATEST")
    assert first["arn"].endswith(":live") and latest["arn"].endswith(function.name)

    function.change("update_function_code", ZipFile=zip_of(CHANGED))
    function.change("update_function_configuration", Environment={"Variables": {"COLOUR": "blue"}})
    changed = function.call()
    assert (changed["code"], changed["colour"], changed["served"]) == (2, "blue", 1)
    kept = function.call(":live")
    assert (kept["code"], kept["colour"]) == (1, "green")
    assert (kept["pid"], kept["served"]) == (first["pid"], 2)

    function.change("publish_version")
    function.change("update_alias", Name="live", FunctionVersion="2")
    moved = function.call(":live")
    assert (moved["code"], moved["version"]) == (2, "2")


def test_reserved_concurrency_limits_running_invocations(function: Function) -> None:
    function.change("put_function_concurrency", ReservedConcurrentExecutions=2)

    def reason(_: int) -> str:
        try:
            function.call(run="time.sleep(3)")  # long enough for all calls to arrive, on a busy machine
        except ClientError as error:
            return str(error.response["Reason"])
        return "served"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(reason, range(4)))
    assert outcomes == ["ReservedFunctionConcurrentInvocationLimitExceeded"] * 2 + ["served"] * 2
    assert function.call()["served"] == 2


def test_failed_event_is_retried_and_sent_to_dead_letter_queue(
    vpc_factory: VpcFactory,
) -> None:
    sqs = vpc_factory.client("sqs")
    queue = sqs.create_queue(QueueName=vpc_factory.name)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    allow(vpc_factory.client("iam"), vpc_factory.name, *OF_VPC, "sqs:SendMessage")
    function = Function(vpc_factory, DeadLetterConfig={"TargetArn": attributes["QueueArn"]})
    before = vpc_factory.lab.settings().async_minute_ms
    vpc_factory.lab.configure(async_minute_ms=50)
    event = json.dumps({"run": "raise ValueError('no')"})
    response = function.api.invoke(FunctionName=function.name, InvocationType="Event", Payload=event)
    assert response["StatusCode"] == 202
    (letter,) = eventually(
        lambda: sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"]).get("Messages")
    )
    vpc_factory.lab.configure(async_minute_ms=before)
    request_id = response["ResponseMetadata"]["RequestId"]
    assert letter["Body"] == event
    assert letter["MessageAttributes"]["RequestID"]["StringValue"] == request_id
    assert letter["MessageAttributes"]["ErrorMessage"]["StringValue"] == "no"
    starts = [line for line in function.log() if line.startswith("START")]
    assert starts == [f"START RequestId: {request_id} Version: $LATEST\n"] * 3


@pytest.mark.parametrize(
    ("run", "error", "status"),
    [
        ("time.sleep(30)", "Sandbox.Timedout", "Status: timeout"),
        ("b'x' * (1 << 29)", "Runtime.OutOfMemory", "Status: error\tError Type: Runtime.OutOfMemory"),
        ("os._exit(3)", "Runtime.ExitError", "Status: error\tError Type: Runtime.ExitError"),
        ("raise ValueError('no')", "ValueError", "ms\t"),
    ],
    ids=["timeout", "memory", "crash", "exception"],
)
def test_failure_is_returned_and_logged(vpc_factory: VpcFactory, run: str, error: str, status: str) -> None:
    function = Function(vpc_factory, Timeout=5)  # enough for the start on a busy machine
    kind, tail = function.fail(run=run)
    assert kind == error
    assert tail[0] == "loading" and tail[1].startswith("START RequestId: ")
    assert any("END RequestId: " in line for line in tail)
    assert tail[-1].startswith("REPORT RequestId: ") and status in tail[-1]
    init, *events = function.log()
    assert init.startswith("INIT_START ") and "".join(events).splitlines() == tail
    assert function.call()["served"] == (2 if error == "ValueError" else 1)


def test_function_recovers_after_an_import_error_is_fixed(
    vpc_factory: VpcFactory,
) -> None:
    function = Function(vpc_factory, code="import unknown_module")
    for _ in range(2):
        kind, tail = function.fail()
        assert kind == "Runtime.ImportModuleError"
        assert "Error Type: Runtime.ImportModuleError" in tail[-1]
    function.change("update_function_code", ZipFile=zip_of(CODE))
    assert function.call()["code"] == 1


def test_log_tail_is_returned_and_full_log_stored(function: Function) -> None:
    answer = function.api.invoke(
        FunctionName=function.name, Payload=json.dumps({"run": "print('x' * 9000)"}), LogType="Tail"
    )
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert len(tail) == 4096 and tail.splitlines()[-1].startswith("REPORT")
    assert "x" * 9000 + "\n" in function.log()


def test_unsupported_function_returns_not_implemented(vpc_factory: VpcFactory) -> None:
    function = Function(vpc_factory)
    function.change("update_function_configuration", Runtime="ruby3.3")
    for kind in ("RequestResponse", "Event", "DryRun"):
        with pytest.raises(ClientError) as error:
            function.api.invoke(FunctionName=function.name, InvocationType=kind)
        assert error.value.response["Error"]["Code"] == "NotImplemented"
        assert "runtime ruby3.3 is not supported" in error.value.response["Error"]["Message"]
