"""Converts messages of queues to Lambda's events, and functions' results to the messages that failed. Pure.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from vpcache.lab.aws.awslambda.event_sources.patterns import Pattern, matches

Record = dict[str, Any]


def record_of(message: Any, queue_arn: str, *, is_aggregated: bool) -> Record:
    """Return the record of a received message of moto's.

    `is_aggregated` is whether messages are collected for a batching window: then AWS writes null for an
    absent hash.
    """
    record: Record = {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": _attributes(message),
        "messageAttributes": {
            name: _message_attribute(value) for name, value in message.message_attributes.items()
        },
    }
    if message.message_attributes:
        record["md5OfMessageAttributes"] = message.attribute_md5
    elif is_aggregated:
        record["md5OfMessageAttributes"] = None
    return record | {
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }


def passes(patterns: Collection[Pattern], record: Record) -> bool:
    """Return whether a record matches one of the patterns, or there are none.

    A pattern for the body's fields matches JSON objects only, one for text matches other bodies only:
    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html#sqs-filtering-body
    """
    if not patterns:
        return True
    try:
        parsed = json.loads(record["body"])
    except ValueError:
        parsed = None
    is_json = isinstance(parsed, dict | list)
    event = {**record, "body": parsed if is_json else record["body"]}
    return any(_accepts_body(pattern, is_json=is_json) and matches(pattern, event) for pattern in patterns)


def payload_of(records: Iterable[Record]) -> bytes:
    """Return the event of a batch."""
    return json.dumps({"Records": list(records)}).encode()


def failed_ids(result: bytes, ids: Collection[str]) -> frozenset[str]:
    """Return the IDs of the messages that a function's result reports as failed.

    A result that is invalid reports the whole batch: no JSON, an empty or unknown ID, another type of a
    member. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    everything = frozenset(ids)
    try:
        content = json.loads(result)
    except ValueError:
        return everything
    if not content:
        return frozenset()
    failures = content.get("batchItemFailures", []) if isinstance(content, Mapping) else content
    if failures is None:
        return frozenset()
    if not isinstance(content, Mapping) or not isinstance(failures, list):
        return everything
    identifiers = {_identifier(each) for each in failures}
    return everything if identifiers - everything else everything & identifiers


def _identifier(failure: Any) -> str | None:
    identifier = failure.get("itemIdentifier") if isinstance(failure, Mapping) else None
    return identifier if isinstance(identifier, str) else None


def _attributes(message: Any) -> dict[str, str]:
    optional = {
        "AWSTraceHeader": message.system_attributes.get("AWSTraceHeader", {}).get("StringValue"),
        "SequenceNumber": message.sequence_number,
        "MessageGroupId": message.group_id,
        "MessageDeduplicationId": message.deduplication_id,
    }
    return {
        "ApproximateReceiveCount": str(message.approximate_receive_count),
        "SentTimestamp": str(message.sent_timestamp),
        "SenderId": message.sender_id,
        "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
        **{name: value for name, value in optional.items() if value},
    }


def _message_attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message attribute in the members that events have; binary values are base64."""
    binary = value.get("BinaryValue")
    if binary is None:
        content = {"stringValue": value.get("StringValue")}
    else:
        content = {"binaryValue": base64.b64encode(binary).decode() if isinstance(binary, bytes) else binary}
    return {**content, "stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}


def _accepts_body(pattern: Pattern, *, is_json: bool) -> bool:
    rule = pattern.get("body")
    return rule is None or isinstance(rule, Mapping) is is_json
