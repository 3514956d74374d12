"""Batches of queues' messages: events, sizes, failures, filters, order and concurrency."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

import pytest

from tests.support.served.functions import create, eventually
from tests.support.served.queues import LAMBDA, Source
from tests.support.served.region import Region
from vpcache.lab.aws.awslambda.event_sources.mapping import MappingSettings
from vpcache.lab.aws.awslambda.event_sources.poller import QueuePoller
from vpcache.lab.aws.awslambda.names import FunctionName


@pytest.fixture
def source(region: Region) -> Source:
    source = Source(region)
    create(source.functions)
    return source


def test_batch_is_awss_event_and_is_deleted(source: Source) -> None:
    source.send("hi", MessageAttributes={"Title": {"DataType": "String", "StringValue": "The Whistler"}})
    source.map()
    eventually(source.batches)
    (_, event) = source.region.runner.invoked[0]
    (record,) = json.loads(event.payload)["Records"]
    attributes = record.pop("attributes")
    assert attributes["ApproximateReceiveCount"] == "1"
    assert set(attributes) == {
        "ApproximateFirstReceiveTimestamp",
        "ApproximateReceiveCount",
        "SenderId",
        "SentTimestamp",
    }
    assert record.pop("messageId") and record.pop("receiptHandle") and record.pop("md5OfMessageAttributes")
    assert record == {
        "body": "hi",
        "messageAttributes": {
            "Title": {
                "stringValue": "The Whistler",
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            }
        },
        "md5OfBody": "49f68a5c8493ec2c0bf489821c21fc3b",
        "eventSource": "aws:sqs",
        "eventSourceARN": source.arn,
        "awsRegion": "us-east-1",
    }
    eventually(lambda: source.left() == (0, 0))


def test_batch_size_and_window_collect_messages(source: Source) -> None:
    source.map(BatchSize=3, MaximumBatchingWindowInSeconds=1)
    began = time.monotonic()
    source.send(*"abcd")
    eventually(lambda: len(source.batches()) == 2)
    assert time.monotonic() - began >= 1
    assert source.batches() == [["a", "b", "c"], ["d"]]


def test_failed_batch_is_repeated_and_then_a_dead_letter(region: Region) -> None:
    dead = Source(region)
    policy = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 2})
    source = Source(region, VisibilityTimeout="1", RedrivePolicy=policy)
    create(source.functions, Timeout=1)
    region.runner.answer = lambda _: (b'{"errorType": "Boom"}', True)
    source.map()
    source.send("bad")
    eventually(lambda: dead.left() == (1, 0))
    counts = [
        json.loads(event.payload)["Records"][0]["attributes"]["ApproximateReceiveCount"]
        for _, event in region.runner.invoked
    ]
    assert counts == ["1", "2"]
    assert source.left() == (0, 0)


def test_reported_failures_are_repeated_alone(region: Region) -> None:
    source = Source(region, VisibilityTimeout="1")
    create(source.functions, Timeout=1)

    def fail_once(payload: bytes) -> tuple[bytes, bool]:
        failed = [
            {"itemIdentifier": each["messageId"]}
            for each in json.loads(payload)["Records"]
            if each["body"] == "b" and each["attributes"]["ApproximateReceiveCount"] == "1"
        ]
        return json.dumps({"batchItemFailures": failed}).encode(), False

    region.runner.answer = fail_once
    source.send(*"abc")
    source.map(FunctionResponseTypes=["ReportBatchItemFailures"])
    eventually(lambda: len(source.batches()) == 2)
    assert source.batches() == [["a", "b", "c"], ["b"]]
    eventually(lambda: source.left() == (0, 0))


def test_filtered_messages_are_deleted_without_an_invocation(source: Source) -> None:
    pattern = json.dumps({"body": {"kind": ["wanted"]}})
    source.send('{"kind": "wanted"}', '{"kind": "other"}', "text")
    mapping = source.map(FilterCriteria={"Filters": [{"Pattern": pattern}]})
    assert mapping["FilterCriteria"] == {"Filters": [{"Pattern": pattern}]}
    eventually(lambda: source.left() == (0, 0))
    assert source.batches() == [['{"kind": "wanted"}']]
    cleared = source.functions.update_event_source_mapping(UUID=mapping["UUID"], FilterCriteria={})
    assert "FilterCriteria" not in cleared


def test_fifo_groups_are_processed_in_order_and_concurrently(region: Region) -> None:
    source = Source(region, fifo=True)
    create(source.functions)
    both = threading.Barrier(2, timeout=10)

    def meet(payload: bytes) -> tuple[bytes, bool]:
        if json.loads(payload)["Records"][0]["body"] in ("a0", "b0"):
            both.wait()  # both groups at the same time
        return b"{}", False

    region.runner.answer = meet
    for number in range(4):
        for group in "ab":
            source.send(f"{group}{number}", MessageGroupId=group)
    source.map(BatchSize=1)
    eventually(lambda: source.left() == (0, 0))
    bodies = [body for (body,) in source.batches()]
    assert [each for each in bodies if each[0] == "a"] == ["a0", "a1", "a2", "a3"]
    assert [each for each in bodies if each[0] == "b"] == ["b0", "b1", "b2", "b3"]


def test_maximum_concurrency_limits_running_batches(source: Source) -> None:
    running, peak, lock = 0, 0, threading.Lock()

    def slow(_: bytes) -> tuple[bytes, bool]:
        nonlocal running, peak
        with lock:
            running += 1
            peak = max(peak, running)
        time.sleep(0.05)
        with lock:
            running -= 1
        return b"{}", False

    source.region.runner.answer = slow
    source.send(*map(str, range(8)))
    assert source.map(BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})["ScalingConfig"] == {
        "MaximumConcurrency": 2
    }
    eventually(lambda: source.left() == (0, 0))
    assert peak == 2


def test_disabled_mapping_leaves_the_messages(source: Source) -> None:
    mapping = source.map(Enabled=False)
    source.send("later")
    time.sleep(0.1)
    assert source.left() == (1, 0)
    source.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    eventually(lambda: source.batches() == [["later"]])
    source.functions.delete_event_source_mapping(UUID=mapping["UUID"])
    source.send("never")
    time.sleep(0.1)
    assert source.left() == (1, 0)


def test_poller_of_an_empty_queue_schedules_nothing(source: Source) -> None:
    scheduled: list[tuple[float, Callable[[], None]]] = []
    settings = MappingSettings(source.arn, FunctionName("one"), f"{LAMBDA}:function:one")
    poller = QueuePoller(settings, lambda _: b"{}", lambda *action: scheduled.append(action))
    poller.start(settings)
    ((delay, poll),) = scheduled
    assert delay == 0
    poll()
    assert len(scheduled) == 1
    source.send("a")
    assert len(scheduled) == 2
    poller.stop()
