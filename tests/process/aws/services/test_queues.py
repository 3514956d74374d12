from __future__ import annotations

from typing import Any

import pytest

from tests.support.served.region import Region, unique


@pytest.fixture
def sqs(region: Region) -> Any:
    return region.client("sqs")


@pytest.fixture
def queue(sqs: Any) -> str:
    """A FIFO queue with messages of two groups."""
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = sqs.create_queue(QueueName=unique("queue") + ".fifo", Attributes=attributes)["QueueUrl"]
    for body in ("g1-m1", "g2-m1", "g1-m2", "g1-m3"):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=body[:2])
    return str(url)


def receive(sqs: Any, queue: str, **arguments: int) -> list[Any]:
    request = {"MaxNumberOfMessages": 10} | arguments
    return list(sqs.receive_message(QueueUrl=queue, **request).get("Messages", []))


def bodies(messages: list[Any]) -> list[str]:
    return [message["Body"] for message in messages]


def test_messages_are_received_by_group(sqs: Any, queue: str) -> None:
    assert bodies(receive(sqs, queue)) == ["g1-m1", "g1-m2", "g1-m3", "g2-m1"]


def test_messages_are_received_again_in_order(sqs: Any, queue: str) -> None:
    for _ in range(3):
        received = receive(sqs, queue, VisibilityTimeout=0)
        assert bodies(received) == ["g1-m1", "g1-m2", "g1-m3", "g2-m1"]


def test_group_waits_for_its_message_in_flight(sqs: Any, queue: str) -> None:
    (first,) = receive(sqs, queue, MaxNumberOfMessages=1)
    assert first["Body"] == "g1-m1"
    assert bodies(receive(sqs, queue)) == ["g2-m1"]

    handle = first["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=0)
    received = receive(sqs, queue)
    assert bodies(received) == ["g1-m1", "g1-m2", "g1-m3"]
    for message in received:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    assert receive(sqs, queue) == []
