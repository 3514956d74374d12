"""Functions as callers of AWS's API meet them: real processes in a VPC."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.network.vpc_factory import VpcFactory, zip_of
from vpcache.stack.target import lab_target

TIMEOUT = 20.0  # seconds for what must happen, on a busy machine
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


class Subject:
    """One function and what is asked of it."""

    def __init__(self, vpc_factory: VpcFactory, code: str = CODE, **options: Any) -> None:
        self.vpc_factory = vpc_factory
        self.api = lab_target(vpc_factory.lab.endpoint, {}).client(
            "lambda", retries={"total_max_attempts": 1}
        )
        self.name = vpc_factory.new_function("subject", code=code, **options)

    def call(self, by: str = "", **event: Any) -> dict[str, Any]:
        """Invoke it and return its answer, which must be no error."""
        answer = self.api.invoke(FunctionName=self.name + by, Payload=json.dumps(event))
        assert "FunctionError" not in answer, answer["Payload"].read()
        return dict(json.load(answer["Payload"]))

    def fail(self, **event: Any) -> tuple[str, list[str]]:
        """Invoke it and return its error and the end of its log."""
        answer = self.api.invoke(FunctionName=self.name, Payload=json.dumps(event), LogType="Tail")
        assert answer["FunctionError"] == "Unhandled"
        tail = base64.b64decode(answer["LogResult"]).decode()
        return str(json.load(answer["Payload"])["errorType"]), tail.splitlines()

    def change(self, call: str, **change: Any) -> None:
        """Change it and wait until that is done."""
        getattr(self.api, call)(FunctionName=self.name, **change)
        waiter = self.api.get_waiter("function_updated_v2")
        waiter.wait(FunctionName=self.name, WaiterConfig={"Delay": 0.02})

    def log(self) -> list[str]:
        """Return what CloudWatch Logs has of it, oldest first."""
        logs = self.vpc_factory.client("logs")
        try:
            found = logs.filter_log_events(logGroupName=f"/aws/lambda/{self.name}")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [each["message"] for each in found]


@pytest.fixture
def subject(vpc_factory: VpcFactory) -> Subject:
    return Subject(vpc_factory)


def eventually(condition: Callable[[], Any]) -> Any:
    """Return what a condition comes to once that is true."""
    deadline = time.monotonic() + TIMEOUT
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found


def test_update_does_not_affect_published_versions(subject: Subject) -> None:
    subject.change("update_function_configuration", Environment={"Variables": {"COLOUR": "green"}})
    subject.change("publish_version")
    subject.change("create_alias", Name="live", FunctionVersion="1")
    first, latest = subject.call(":live"), subject.call()
    assert first["pid"] != latest["pid"]
    assert (first["version"], latest["version"]) == ("1", "$LATEST")
    assert first["arn"].endswith(":live") and latest["arn"].endswith(subject.name)

    subject.change("update_function_code", ZipFile=zip_of(CHANGED))
    subject.change("update_function_configuration", Environment={"Variables": {"COLOUR": "blue"}})
    changed = subject.call()
    assert (changed["code"], changed["colour"], changed["served"]) == (2, "blue", 1)
    kept = subject.call(":live")
    assert (kept["code"], kept["colour"]) == (1, "green")
    assert (kept["pid"], kept["served"]) == (first["pid"], 2)

    subject.change("publish_version")
    subject.change("update_alias", Name="live", FunctionVersion="2")
    moved = subject.call(":live")
    assert (moved["code"], moved["version"]) == (2, "2")


def test_reserved_concurrency_limits_running_invocations(subject: Subject) -> None:
    subject.change("put_function_concurrency", ReservedConcurrentExecutions=2)

    def reason(_: int) -> str:
        try:
            subject.call(run="time.sleep(3)")  # long enough for all to come, on a busy machine
        except ClientError as error:
            return str(error.response["Reason"])
        return "served"

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(reason, range(4)))
    assert outcomes == ["ReservedFunctionConcurrentInvocationLimitExceeded"] * 2 + ["served"] * 2
    assert subject.call()["served"] == 2


def test_failed_event_is_retried_and_sent_to_dead_letter_queue(
    vpc_factory: VpcFactory,
) -> None:
    sqs = vpc_factory.client("sqs")
    queue = sqs.create_queue(QueueName=vpc_factory.name)["QueueUrl"]
    shown = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    subject = Subject(vpc_factory, DeadLetterConfig={"TargetArn": shown["QueueArn"]})
    before = vpc_factory.lab.settings().async_minute_ms
    vpc_factory.lab.configure(async_minute_ms=50)
    event = json.dumps({"run": "raise ValueError('no')"})
    taken = subject.api.invoke(FunctionName=subject.name, InvocationType="Event", Payload=event)
    assert taken["StatusCode"] == 202
    (letter,) = eventually(
        lambda: sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"]).get("Messages")
    )
    vpc_factory.lab.configure(async_minute_ms=before)
    request_id = taken["ResponseMetadata"]["RequestId"]
    assert letter["Body"] == event
    assert letter["MessageAttributes"]["RequestID"]["StringValue"] == request_id
    assert letter["MessageAttributes"]["ErrorMessage"]["StringValue"] == "no"
    starts = [line for line in subject.log() if line.startswith("START")]
    assert starts == [f"START RequestId: {request_id} Version: $LATEST"] * 3


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
    subject = Subject(vpc_factory, Timeout=2)
    kind, tail = subject.fail(run=run)
    assert kind == error
    assert tail[0].startswith("START RequestId: ") and tail[1] == "loading"
    assert any(line.startswith("END RequestId: ") for line in tail)
    assert tail[-1].startswith("REPORT RequestId: ") and status in tail[-1]
    assert subject.log() == tail
    assert subject.call()["served"] == (2 if error == "ValueError" else 1)


def test_function_recovers_after_an_import_error_is_fixed(
    vpc_factory: VpcFactory,
) -> None:
    subject = Subject(vpc_factory, code="import nothing_of_that_name")
    for _ in range(2):
        kind, tail = subject.fail()
        assert kind == "Runtime.ImportModuleError"
        assert "Error Type: Runtime.ImportModuleError" in tail[-1]
    subject.change("update_function_code", ZipFile=zip_of(CODE))
    assert subject.call()["code"] == 1


def test_log_tail_is_returned_and_full_log_stored(subject: Subject) -> None:
    answer = subject.api.invoke(
        FunctionName=subject.name, Payload=json.dumps({"run": "print('x' * 9000)"}), LogType="Tail"
    )
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert len(tail) == 4096 and tail.splitlines()[-1].startswith("REPORT")
    assert "x" * 9000 in subject.log()


def test_unsupported_function_returns_not_implemented(vpc_factory: VpcFactory) -> None:
    subject = Subject(vpc_factory)
    for call, change, words in (
        ("update_function_configuration", {"Runtime": "nodejs22.x"}, "has the runtime nodejs22.x"),
        ("update_function_configuration", {"VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []}}, "no VPC"),
    ):
        subject.change(call, **change)
        for kind in ("RequestResponse", "Event", "DryRun"):
            with pytest.raises(ClientError) as error:
                subject.api.invoke(FunctionName=subject.name, InvocationType=kind)
            assert error.value.response["Error"]["Code"] == "NotImplemented"
            assert words in error.value.response["Error"]["Message"]
