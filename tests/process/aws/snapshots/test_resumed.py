"""What was in progress when a snapshot was written continues, or ends as AWS would end it."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto.cloudformation.models import cloudformation_backends
from moto.events.models import events_backends

from tests.support.served.functions import ARN, create, eventually
from tests.support.served.queues import Source
from tests.support.served.region import Region, api_error, serve
from tests.support.served.saved import model_of, parts_of
from vpcache.lab.aws import ACCOUNT
from vpcache.lab.aws.iam.execution_sessions import ExecutionSessions, is_of_function
from vpcache.lab.aws.messaging.schedules import parse_schedule
from vpcache.lab.functions.spec import Credentials, FunctionSpec
from vpcache.lab.snapshots.model import load


@pytest.fixture
def released() -> Any:
    """An event that the functions of the region wait for."""
    event = threading.Event()
    yield event
    event.set()


def blocking(released: threading.Event) -> Any:
    def answer(payload: bytes) -> tuple[bytes, bool]:
        released.wait()
        return payload, False

    return answer


def sts(region: Region, credentials: Credentials) -> Any:
    return boto3.client(
        "sts",
        endpoint_url=region.url,
        region_name="us-east-1",
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        aws_session_token=credentials.session_token,
    )


def test_event_in_an_attempt_is_run_again(region: Region, functions: Any, released: Any) -> None:
    create(functions)
    region.runner.answer = blocking(released)
    functions.invoke(FunctionName="one", InvocationType="Event", Payload=b'{"key": 1}')
    eventually(lambda: region.runner.invoked)
    model = model_of(region)
    with serve() as second:
        load(parts_of(second), model)()
        eventually(lambda: second.runner.invoked)
        ((_, again),) = second.runner.invoked
        assert again == region.runner.invoked[0][1]  # with its request ID


def test_batch_in_progress_is_received_again(region: Region, released: Any) -> None:
    source = Source(region)
    create(source.functions, Timeout=1)
    source.map()
    url = region.client("sqs").get_queue_url(QueueName=source.arn.rpartition(":")[2])["QueueUrl"]
    region.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1"})
    region.runner.answer = blocking(released)
    region.client("sqs").send_message(QueueUrl=url, MessageBody="work")
    eventually(lambda: region.runner.invoked)
    model = model_of(region)
    with serve() as second:
        load(parts_of(second), model)()
        eventually(lambda: second.runner.invoked)
        assert json.loads(second.runner.invoked[0][1].payload)["Records"][0]["body"] == "work"


def test_sessions_of_function_processes_are_revoked(region: Region, functions: Any) -> None:
    credentials = ExecutionSessions().begin(f"arn:aws:iam::{ACCOUNT}:role/function", "one")
    assert "assumed-role" in sts(region, credentials).get_caller_identity()["Arn"]
    model = model_of(region)
    with serve() as second:
        load(parts_of(second), model)()
        assert api_error(sts(second, credentials).get_caller_identity).code == "InvalidClientTokenId"
        assert is_of_function(credentials.access_key_id)


@pytest.mark.parametrize(
    ("during", "after"),
    [
        ("CREATE_IN_PROGRESS", "CREATE_FAILED"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"),
        ("REVIEW_IN_PROGRESS", "REVIEW_IN_PROGRESS"),
        ("CREATE_COMPLETE", "CREATE_COMPLETE"),
    ],
)
def test_operation_of_cloudformation_has_failed(region: Region, during: str, after: str) -> None:
    stacks = region.client("cloudformation")
    stacks.create_stack(
        StackName="one", TemplateBody=json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    )
    stacks.get_waiter("stack_create_complete").wait(StackName="one", WaiterConfig={"Delay": 0})
    backend: Any = cloudformation_backends[ACCOUNT]["us-east-1"]
    backend.find("one").status = during
    model = model_of(region)
    with serve() as second:
        load(parts_of(second), model)()
        stack = second.client("cloudformation").describe_stacks(StackName="one")["Stacks"][0]
        assert stack["StackStatus"] == after
        assert ("StackStatusReason" in stack) == (during != after)


def test_runtimes_of_functions_are_prepared(
    region: Region, functions: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(functions, Runtime="python3.13")
    create(functions, "two", Runtime="nodejs22.x")
    model = model_of(region)
    prepared: list[str] = []
    with serve() as second:
        monkeypatch.setattr(second.runner, "check_runtime", prepared.append)
        load(parts_of(second), model)()
    assert sorted(prepared) == ["nodejs22.x", "python3.13"]


def test_missing_runtime_does_not_prevent_loading(region: Region, functions: Any) -> None:
    create(functions)
    model = model_of(region)
    with serve() as second:
        second.runner.missing = frozenset({"python3.13"})
        load(parts_of(second), model)()
        assert second.client("lambda").get_function(FunctionName="one")["Configuration"]["FunctionArn"] == ARN


def test_schedule_does_not_make_up_for_the_time_that_has_passed(region: Region, functions: Any) -> None:
    events = region.client("events")
    events.put_rule(Name="minute", ScheduleExpression="rate(1 minute)")
    backend: Any = events_backends[ACCOUNT]["us-east-1"]
    scheduler = backend._scheduler
    before = len(scheduler.pending())
    last_week = datetime.now(UTC) - timedelta(days=7)
    backend._arm(backend.describe_rule("minute", None), parse_schedule("rate(1 minute)"), last_week)
    assert len(scheduler.pending()) == before + 1
    assert all(due > time.monotonic() + 30 for due, _ in scheduler.pending())


def test_code_of_a_function_is_the_same(region: Region, functions: Any) -> None:
    create(functions)
    functions.invoke(FunctionName="one", Payload=b"{}")
    ((original, _),) = region.runner.invoked
    model = model_of(region)
    with serve() as second:
        load(parts_of(second), model)()
        second.client("lambda").invoke(FunctionName="one", Payload=b"{}")
        ((spec, _),) = second.runner.invoked
    assert isinstance(spec, FunctionSpec)
    assert (spec, spec.code) == (original, original.code)
