"""Events that nobody waits for: attempts, retries, and who is told what became of them."""

from __future__ import annotations

import json
import threading
import time
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served_functions import ARN, TIMEOUT, create, eventually, refusal, zipped
from tests.support.served_region import Region, unique
from vpcache.lab.aws.awslambda.invocation.retries import Condition, RetryPolicy, after_failure, after_throttle

EVENT = b'{"event": 1}'


class Queue:
    """An SQS queue of the test's own."""

    def __init__(self, region: Region) -> None:
        self._sqs = region.client("sqs")
        self._url = self._sqs.create_queue(QueueName=unique("q"))["QueueUrl"]
        self.arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])[
            "Attributes"
        ]["QueueArn"]

    def take(self) -> Any:
        """Wait for a message, or return None if there is none for a moment."""
        return eventually(self.peek)

    def peek(self) -> Any:
        found = self._sqs.receive_message(QueueUrl=self._url, MessageAttributeNames=["All"])
        return found.get("Messages", [None])[0]


@pytest.fixture
def quick(region: Region, functions: Any) -> Any:
    """A client of a region where a minute between two attempts lasts 60 ms."""
    region.settings = region.settings.changed({"async_minute_ms": 60})
    return functions


def fail(region: Region, times: int = 1000) -> list[float]:
    """Let a function fail some times; return the times of its attempts, in seconds."""
    attempts: list[float] = []

    def answer(payload: bytes) -> tuple[bytes, bool]:
        attempts.append(time.monotonic())
        if len(attempts) > times:
            return b'"done"', False
        return b'{"errorMessage": "no", "errorType": "Boom"}', True

    region.runner.answer = answer
    return attempts


def put(functions: Any, name: str = "one", **by: Any) -> str:
    """Queue an event; return the request's id."""
    answer = functions.invoke(FunctionName=name, InvocationType="Event", Payload=EVENT, **by)
    assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
    return str(answer["ResponseMetadata"]["RequestId"])


def test_an_event_is_taken_at_once_and_run(region: Region, functions: Any) -> None:
    create(functions)
    go_on = threading.Event()

    def waits(payload: bytes) -> tuple[bytes, bool]:
        assert go_on.wait(TIMEOUT)
        return payload, False

    region.runner.answer = waits
    request_id = put(functions)
    go_on.set()
    ((spec, event),) = eventually(lambda: list(region.runner.invoked))
    assert (spec.version, event.payload, event.function_arn) == ("$LATEST", EVENT, ARN)
    assert event.request_id == request_id


def test_a_failed_event_is_tried_twice_more_after_a_minute_and_two(region: Region, quick: Any) -> None:
    queue = Queue(region)
    create(quick, DeadLetterConfig={"TargetArn": queue.arn})
    attempts = fail(region)
    request_id = put(quick)
    letter = queue.take()
    assert len(attempts) == 3
    first, second = (later - earlier for earlier, later in pairwise(attempts))
    assert 0.06 <= first < second and second >= 0.12
    assert {event.request_id for _, event in region.runner.invoked} == {request_id}
    assert letter["Body"].encode() == EVENT
    shown = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert shown == {"RequestID": request_id, "ErrorCode": "200", "ErrorMessage": "no"}


def test_an_event_that_succeeds_in_the_end_is_no_dead_letter(region: Region, quick: Any) -> None:
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


@pytest.mark.parametrize("retries", [0, 1])
def test_a_function_is_retried_as_often_as_it_says(region: Region, quick: Any, retries: int) -> None:
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


def test_an_event_that_is_too_old_is_not_tried_again(region: Region, quick: Any) -> None:
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


def test_a_throttled_event_waits_for_its_turn(region: Region, quick: Any) -> None:
    create(quick)
    quick.put_function_concurrency(FunctionName="one", ReservedConcurrentExecutions=1)
    running, most, go_on = [], [], threading.Event()

    def answer(payload: bytes) -> tuple[bytes, bool]:
        running.append(payload)
        most.append(len(running))
        assert go_on.wait(TIMEOUT)
        running.pop()
        return payload, False

    region.runner.answer = answer
    for _ in range(5):
        put(quick)
    eventually(lambda: running)
    with pytest.raises(ClientError):  # the event under way leaves no place
        quick.invoke(FunctionName="one")
    go_on.set()
    eventually(lambda: len(most) == 5 and not running)
    assert most == [1] * 5


def test_with_none_reserved_events_are_given_up_at_once(region: Region, quick: Any) -> None:
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


def test_dead_letters_can_go_to_a_topic(region: Region, quick: Any) -> None:
    queue, sns = Queue(region), region.client("sns")
    topic = sns.create_topic(Name=unique("dead"))["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    create(quick, DeadLetterConfig={"TargetArn": topic})
    fail(region)
    request_id = put(quick)
    notice = json.loads(queue.take()["Body"])
    assert notice["Message"].encode() == EVENT
    assert notice["MessageAttributes"]["RequestID"]["Value"] == request_id


def test_a_record_can_be_another_functions_event(region: Region, quick: Any) -> None:
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


def test_a_target_that_is_gone_harms_nobody(
    region: Region, quick: Any, caplog: pytest.LogCaptureFixture
) -> None:
    create(quick, DeadLetterConfig={"TargetArn": "arn:aws:sqs:us-east-1:123456789012:none"})
    quick.put_function_event_invoke_config(FunctionName="one", MaximumRetryAttempts=0)
    fail(region)
    put(quick)
    eventually(lambda: "cannot be told" in caplog.text)
    assert "Traceback" not in caplog.text


def test_a_retry_runs_what_the_function_is_by_then_but_a_version_never_changes(
    region: Region, quick: Any
) -> None:
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


def test_events_of_a_deleted_function_are_dropped(
    region: Region, quick: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    region.settings = region.settings.changed({"async_minute_ms": 300})
    create(quick)
    fail(region)
    put(quick)
    eventually(lambda: region.runner.invoked)
    quick.delete_function(FunctionName="one")
    eventually(lambda: "is gone" in caplog.text)
    assert len(region.runner.invoked) == 1
    assert "Traceback" not in caplog.text


def test_settings_of_events_are_an_aliass_or_the_functions(quick: Any) -> None:
    create(quick, Publish=True)
    quick.create_alias(FunctionName="one", Name="live", FunctionVersion="1")
    quick.put_function_event_invoke_config(FunctionName="one", MaximumEventAgeInSeconds=90)
    made = quick.put_function_event_invoke_config(FunctionName="one:live", MaximumRetryAttempts=1)
    assert made["FunctionArn"] == f"{ARN}:live" and "MaximumEventAgeInSeconds" not in made
    changed = quick.update_function_event_invoke_config(
        FunctionName="one", Qualifier="live", MaximumEventAgeInSeconds=60
    )
    assert (changed["MaximumRetryAttempts"], changed["MaximumEventAgeInSeconds"]) == (1, 60)
    listed = quick.list_function_event_invoke_configs(FunctionName="one")["FunctionEventInvokeConfigs"]
    assert [each["FunctionArn"] for each in listed] == [f"{ARN}:$LATEST", f"{ARN}:live"]
    quick.delete_function_event_invoke_config(FunctionName="one", Qualifier="live")
    for call in (quick.get_function_event_invoke_config, quick.update_function_event_invoke_config):
        gone = refusal(call, FunctionName="one", Qualifier="live")
        assert gone["Code"] == "ResourceNotFoundException"
    shown = quick.get_function_event_invoke_config(FunctionName="one")
    assert shown["MaximumEventAgeInSeconds"] == 90


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("arn:aws:sqs:us-east-1:123456789012:q.fifo", "InvalidParameterValueException"),
        ("arn:aws:iam::123456789012:role/x", "InvalidParameterValueException"),
        ("arn:aws:events:us-east-1:123456789012:event-bus/default", "NotImplemented"),
    ],
)
def test_records_go_to_queues_topics_and_functions_alone(quick: Any, arn: str, code: str) -> None:
    create(quick)
    wanted = {"OnFailure": {"Destination": arn}}
    refused = refusal(quick.put_function_event_invoke_config, FunctionName="one", DestinationConfig=wanted)
    assert refused["Code"] == code
    if code != "NotImplemented":
        dead = refusal(
            quick.update_function_configuration, FunctionName="one", DeadLetterConfig={"TargetArn": arn}
        )
        assert dead["Code"] == code


def test_an_event_of_more_than_a_megabyte_is_too_large(quick: Any) -> None:
    create(quick)
    payload = b'"' + b"x" * (1 << 20) + b'"'
    refused = refusal(quick.invoke, FunctionName="one", InvocationType="Event", Payload=payload)
    assert refused["Code"] == "RequestTooLargeException"
    assert quick.invoke(FunctionName="one", Payload=payload)["StatusCode"] == 200


def test_waits_are_awss() -> None:
    policy, hours = RetryPolicy(), 3600
    assert [after_failure(attempts, 0, policy) for attempts in (1, 2, 3)] == [
        60,
        120,
        Condition.RETRIES_EXHAUSTED,
    ]
    assert after_failure(1, 6 * hours - 59, policy) is Condition.EVENT_AGE_EXCEEDED
    waits = [after_throttle(times, 0, policy, reserved=1) for times in (1, 2, 3, 9, 10, 1000)]
    assert waits == [1, 2, 4, 256, 300, 300]
    assert after_throttle(1, 6 * hours, policy, None) is Condition.EVENT_AGE_EXCEEDED
    assert after_throttle(1, 0, policy, 0) is Condition.ZERO_RESERVED_CONCURRENCY
