"""Asynchronous invocations: attempts, retries, destinations and dead letters."""

from __future__ import annotations

import json
import threading
import time
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served.functions import ARN, TIMEOUT, create, eventually, zipped
from tests.support.served.region import Region, api_error, unique
from vpcache.lab.aws.awslambda.config.retries import Condition, RetryPolicy, after_failure, after_throttle

EVENT = b'{"event": 1}'


class Queue:
    """A new SQS queue."""

    def __init__(self, region: Region) -> None:
        self._sqs = region.client("sqs")
        self._url = self._sqs.create_queue(QueueName=unique("q"))["QueueUrl"]
        self.arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])[
            "Attributes"
        ]["QueueArn"]

    def take(self) -> Any:
        """Wait for a message and return it."""
        return eventually(self.peek)

    def peek(self) -> Any:
        """Return a message, None if there is none."""
        response = self._sqs.receive_message(
            QueueUrl=self._url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
        )
        return response.get("Messages", [None])[0]


@pytest.fixture
def quick(region: Region, functions: Any) -> Any:
    """A client of a region where a minute between two attempts is 60 ms."""
    region.settings = region.settings.changed({"async_minute_ms": 60})
    return functions


def fail(region: Region, times: int = 1000) -> list[float]:
    """Make functions fail a number of times; return the times of their attempts, in seconds."""
    attempts: list[float] = []

    def answer(payload: bytes) -> tuple[bytes, bool]:
        attempts.append(time.monotonic())
        if len(attempts) > times:
            return b'"done"', False
        return b'{"errorMessage": "no", "errorType": "Boom"}', True

    region.runner.answer = answer
    return attempts


def put(functions: Any, name: str = "one", **options: Any) -> str:
    """Queue an event; return the request ID."""
    response = functions.invoke(FunctionName=name, InvocationType="Event", Payload=EVENT, **options)
    assert (response["StatusCode"], response["Payload"].read()) == (202, b"")
    return str(response["ResponseMetadata"]["RequestId"])


def test_event_is_accepted_at_once_and_run(region: Region, functions: Any) -> None:
    create(functions)
    finish = threading.Event()

    def wait(payload: bytes) -> tuple[bytes, bool]:
        assert finish.wait(TIMEOUT)
        return payload, False

    region.runner.answer = wait
    request_id = put(functions)
    finish.set()
    ((spec, event),) = eventually(lambda: list(region.runner.invoked))
    assert (spec.version, event.payload, event.function_arn) == ("$LATEST", EVENT, ARN)
    assert event.request_id == request_id


def test_failed_event_is_retried_after_one_and_two_minutes(region: Region, quick: Any) -> None:
    queue = Queue(region)
    create(quick, DeadLetterConfig={"TargetArn": queue.arn})
    attempts = fail(region)
    request_id = put(quick)
    letter = queue.take()
    assert len(attempts) == 3
    first, second = (later - earlier for earlier, later in pairwise(attempts))
    assert first >= 0.06 and second >= 0.12  # at least: a busy machine adds delays
    assert {event.request_id for _, event in region.runner.invoked} == {request_id}
    assert letter["Body"].encode() == EVENT
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert attributes == {"RequestID": request_id, "ErrorCode": "200", "ErrorMessage": "no"}


def test_successful_retry_sends_no_dead_letter(region: Region, quick: Any) -> None:
    letters, records = Queue(region), Queue(region)
    create(quick, DeadLetterConfig={"TargetArn": letters.arn})
    quick.put_function_event_invoke_config(
        FunctionName="one", DestinationConfig={"OnSuccess": {"Destination": records.arn}}
    )
    attempts = fail(region, times=1)
    request_id = put(quick)
    record = json.loads(records.take()["Body"])
    assert len(attempts) == 2
    assert letters.peek() is None
    assert record.pop("timestamp").endswith("Z")
    assert record == {
        "version": "1.0",
        "requestContext": {
            "requestId": request_id,
            "functionArn": f"{ARN}:$LATEST",
            "condition": "Success",
            "approximateInvokeCount": 2,
        },
        "requestPayload": {"event": 1},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": "done",
    }


def test_results_of_an_event_have_its_trace_header(region: Region, quick: Any) -> None:
    letters, records = Queue(region), Queue(region)
    create(quick, DeadLetterConfig={"TargetArn": letters.arn})
    quick.put_function_event_invoke_config(
        FunctionName="one",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": records.arn}},
    )
    fail(region)
    put(quick)
    headers = [queue.take()["Attributes"]["AWSTraceHeader"] for queue in (letters, records)]
    assert headers == [region.runner.invoked[0][1].trace_id] * 2


@pytest.mark.parametrize("retries", [0, 1])
def test_maximum_retry_attempts_are_configurable(region: Region, quick: Any, retries: int) -> None:
    queue = Queue(region)
    create(quick)
    quick.put_function_event_invoke_config(
        FunctionName="one",
        MaximumRetryAttempts=retries,
        DestinationConfig={"OnFailure": {"Destination": queue.arn}},
    )
    attempts = fail(region)
    put(quick)
    record = json.loads(queue.take()["Body"])
    assert len(attempts) == record["requestContext"]["approximateInvokeCount"] == retries + 1
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"]["errorMessage"] == "no"


def test_event_above_maximum_age_is_not_retried(region: Region, quick: Any) -> None:
    queue = Queue(region)
    create(quick)
    quick.put_function_event_invoke_config(
        FunctionName="one",
        MaximumEventAgeInSeconds=60,
        DestinationConfig={"OnFailure": {"Destination": queue.arn}},
    )
    attempts = fail(region)
    put(quick)
    assert json.loads(queue.take()["Body"])["requestContext"]["condition"] == "EventAgeExceeded"
    assert len(attempts) == 1


def test_throttled_events_run_later(region: Region, quick: Any) -> None:
    create(quick)
    quick.put_function_concurrency(FunctionName="one", ReservedConcurrentExecutions=1)
    running, concurrency, finish = [], [], threading.Event()

    def answer(payload: bytes) -> tuple[bytes, bool]:
        running.append(payload)
        concurrency.append(len(running))
        assert finish.wait(TIMEOUT)
        running.pop()
        return payload, False

    region.runner.answer = answer
    for _ in range(5):
        put(quick)
    eventually(lambda: running)
    with pytest.raises(ClientError):  # the running event occupies the only slot
        quick.invoke(FunctionName="one")
    finish.set()
    eventually(lambda: len(concurrency) == 5 and not running)
    assert concurrency == [1] * 5


def test_zero_reserved_concurrency_discards_events(region: Region, quick: Any) -> None:
    letters, records = Queue(region), Queue(region)
    create(quick, DeadLetterConfig={"TargetArn": letters.arn})
    quick.put_function_event_invoke_config(
        FunctionName="one", DestinationConfig={"OnFailure": {"Destination": records.arn}}
    )
    quick.put_function_concurrency(FunctionName="one", ReservedConcurrentExecutions=0)
    put(quick)
    record = json.loads(records.take()["Body"])
    assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert "responsePayload" not in record
    assert letters.take()["MessageAttributes"]["ErrorCode"]["StringValue"] == "429"
    assert region.runner.invoked == []


def test_dead_letters_can_be_sent_to_topic(region: Region, quick: Any) -> None:
    queue, sns = Queue(region), region.client("sns")
    topic = sns.create_topic(Name=unique("dead"))["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    create(quick, DeadLetterConfig={"TargetArn": topic})
    fail(region)
    request_id = put(quick)
    notification = json.loads(queue.take()["Body"])
    assert notification["Message"].encode() == EVENT
    assert notification["MessageAttributes"]["RequestID"]["Value"] == request_id


def test_destination_can_be_a_function(region: Region, quick: Any) -> None:
    create(quick, "one")
    other = create(quick, "two")["FunctionArn"]
    quick.put_function_event_invoke_config(
        FunctionName="one", DestinationConfig={"OnSuccess": {"Destination": other}}
    )
    put(quick)
    invoked = eventually(lambda: len(region.runner.invoked) == 2 and region.runner.invoked)
    spec, event = invoked[1]
    assert spec.name == "two"
    assert json.loads(event.payload)["requestPayload"] == {"event": 1}


def test_missing_target_is_logged(region: Region, quick: Any, caplog: pytest.LogCaptureFixture) -> None:
    create(quick, DeadLetterConfig={"TargetArn": "arn:aws:sqs:us-east-1:123456789012:none"})
    quick.put_function_event_invoke_config(FunctionName="one", MaximumRetryAttempts=0)
    fail(region)
    put(quick)
    eventually(lambda: "cannot send the result" in caplog.text)
    assert "Traceback" not in caplog.text


def test_retry_uses_current_code_of_latest(region: Region, quick: Any) -> None:
    region.settings = region.settings.changed({"async_minute_ms": 300})
    create(quick, Publish=True)
    fail(region)
    put(quick)
    put(quick, "one:1")
    eventually(lambda: len(region.runner.invoked) == 2)
    quick.update_function_code(FunctionName="one", ZipFile=zipped("second"))
    eventually(lambda: len(region.runner.invoked) == 4)
    code = {(spec.version, spec.code) for spec, _ in region.runner.invoked[2:]}
    assert code == {("$LATEST", zipped("second")), ("1", zipped("first"))}


def test_events_of_deleted_function_are_dropped(
    region: Region, quick: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    region.settings = region.settings.changed({"async_minute_ms": 300})
    create(quick)
    fail(region)
    put(quick)
    eventually(lambda: region.runner.invoked)
    quick.delete_function(FunctionName="one")
    eventually(lambda: "was deleted" in caplog.text)
    assert len(region.runner.invoked) == 1
    assert "Traceback" not in caplog.text


def test_event_invoke_config_is_per_qualifier(quick: Any) -> None:
    create(quick, Publish=True)
    quick.create_alias(FunctionName="one", Name="live", FunctionVersion="1")
    quick.put_function_event_invoke_config(FunctionName="one", MaximumEventAgeInSeconds=90)
    created = quick.put_function_event_invoke_config(FunctionName="one:live", MaximumRetryAttempts=1)
    assert created["FunctionArn"] == f"{ARN}:live" and "MaximumEventAgeInSeconds" not in created
    changed = quick.update_function_event_invoke_config(
        FunctionName="one", Qualifier="live", MaximumEventAgeInSeconds=60
    )
    assert (changed["MaximumRetryAttempts"], changed["MaximumEventAgeInSeconds"]) == (1, 60)
    listed = quick.list_function_event_invoke_configs(FunctionName="one")["FunctionEventInvokeConfigs"]
    assert [each["FunctionArn"] for each in listed] == [f"{ARN}:$LATEST", f"{ARN}:live"]
    quick.delete_function_event_invoke_config(FunctionName="one", Qualifier="live")
    for call in (quick.get_function_event_invoke_config, quick.update_function_event_invoke_config):
        error = api_error(call, FunctionName="one", Qualifier="live")
        assert error.code == "ResourceNotFoundException"
    config = quick.get_function_event_invoke_config(FunctionName="one")
    assert config["MaximumEventAgeInSeconds"] == 90


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("arn:aws:sqs:us-east-1:123456789012:q.fifo", "InvalidParameterValueException"),
        ("arn:aws:iam::123456789012:role/x", "InvalidParameterValueException"),
        ("arn:aws:events:us-east-1:123456789012:event-bus/default", "NotImplemented"),
    ],
)
def test_invalid_event_targets_are_rejected(quick: Any, arn: str, code: str) -> None:
    create(quick)
    destinations = {"OnFailure": {"Destination": arn}}
    error = api_error(
        quick.put_function_event_invoke_config, FunctionName="one", DestinationConfig=destinations
    )
    assert error.code == code
    if code != "NotImplemented":
        error = api_error(
            quick.update_function_configuration, FunctionName="one", DeadLetterConfig={"TargetArn": arn}
        )
        assert error.code == code


def test_event_above_one_megabyte_is_rejected(quick: Any) -> None:
    create(quick)
    payload = b'"' + b"x" * (1 << 20) + b'"'
    error = api_error(quick.invoke, FunctionName="one", InvocationType="Event", Payload=payload)
    assert error.code == "RequestTooLargeException"
    assert quick.invoke(FunctionName="one", Payload=payload)["StatusCode"] == 200


def test_retry_delays_match_aws() -> None:
    policy, hours = RetryPolicy(), 3600
    assert [after_failure(attempts, 0, policy) for attempts in (1, 2, 3)] == [
        60,
        120,
        Condition.RETRIES_EXHAUSTED,
    ]
    assert after_failure(1, 6 * hours - 59, policy) is Condition.EVENT_AGE_EXCEEDED
    delays = [after_throttle(times, 0, policy, reserved=1) for times in (1, 2, 3, 9, 10, 1000)]
    assert delays == [1, 2, 4, 256, 300, 300]
    assert after_throttle(1, 6 * hours, policy, None) is Condition.EVENT_AGE_EXCEEDED
    assert after_throttle(1, 0, policy, 0) is Condition.ZERO_RESERVED_CONCURRENCY
