"""Event source mappings of queues: states, descriptions and refusals."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

import pytest

from tests.support.served.functions import create, eventually
from tests.support.served.queues import ALLOWED, LAMBDA, Source, grant
from tests.support.served.region import Region, api_error

INVALID = (400, "InvalidParameterValueException")


@pytest.fixture
def source(region: Region) -> Source:
    source = Source(region)
    create(source.functions)
    return source


def test_mapping_is_described_as_on_aws(source: Source) -> None:
    mapping = source.map()
    shown = {
        name: value for name, value in mapping.items() if name not in ("ResponseMetadata", "LastModified")
    }
    assert mapping["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert shown == {
        "UUID": str(uuid.UUID(mapping["UUID"])),
        "BatchSize": 10,
        "MaximumBatchingWindowInSeconds": 0,
        "EventSourceArn": source.arn,
        "EventSourceMappingArn": f"{LAMBDA}:event-source-mapping:{mapping['UUID']}",
        "FunctionArn": f"{LAMBDA}:function:one",
        "FunctionResponseTypes": [],
        "State": "Enabled",  # without transitions
        "StateTransitionReason": "USER_INITIATED",
    }


def test_states_follow_changes(source: Source) -> None:
    source.region.settings = source.region.settings.changed({"transition_ms": 1000})
    functions = source.functions
    mapping = source.map()
    key = {"UUID": mapping["UUID"]}
    assert mapping["State"] == "Creating"
    for call, options in (
        (functions.update_event_source_mapping, {"Enabled": False}),
        (functions.delete_event_source_mapping, {}),
    ):
        assert api_error(call, **key, **options).code == "ResourceInUseException"
    eventually(lambda: source.state(mapping) == "Enabled")
    for change, during, after in (
        ({"BatchSize": 5}, "Updating", "Enabled"),
        ({"Enabled": False}, "Disabling", "Disabled"),
        ({"Enabled": True}, "Enabling", "Enabled"),
    ):
        assert functions.update_event_source_mapping(**key, **change)["State"] == during
        eventually(partial(source.is_in, mapping, after))
    assert functions.delete_event_source_mapping(**key)["State"] == "Deleting"
    assert source.state(mapping) == "Deleting"
    eventually(lambda: not functions.list_event_source_mappings(FunctionName="one")["EventSourceMappings"])
    assert api_error(functions.get_event_source_mapping, **key).code == "ResourceNotFoundException"
    assert source.map(Enabled=False)["State"] == "Disabled"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"FunctionName": "unknown"}, "Function does not exist"),
        ({"FunctionName": "one:2"}, "Function does not exist"),
        ({"EventSourceArn": "arn:aws:s3:::bucket"}, "Unrecognized event source."),
        (
            {"EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:unknown"},
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
            "SQS Error Message: The specified queue does not exist.",
        ),
        (
            {"BatchSize": 11},
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
        ),
        ({"StartingPosition": "LATEST"}, "StartingPosition is not valid for SQS event sources."),
        (
            {"DestinationConfig": {"OnSuccess": {"Destination": "arn:aws:sqs:us-east-1:123456789012:q"}}},
            "Unsupported DestinationConfig parameter for given event source mapping type.",
        ),
        (
            {"ParallelizationFactor": 2},
            "Unsupported ParallelizationFactor parameter for given event source mapping type.",
        ),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}, "Invalid filter pattern definition."),
    ],
)
def test_mapping_is_refused(source: Source, options: dict[str, Any], message: str) -> None:
    assert source.refused(**options) == (*INVALID, message)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"EventSourceArn": "arn:aws:kinesis:us-east-1:123456789012:stream/a"}, "Kinesis streams"),
        ({"EventSourceArn": "arn:aws:dynamodb:us-east-1:123456789012:table/a/stream/b"}, "DynamoDB streams"),
        ({"EventSourceArn": "arn:aws:kafka:us-east-1:123456789012:cluster/a/b"}, "Managed Kafka clusters"),
        ({"EventSourceArn": "arn:aws:mq:us-east-1:123456789012:broker:a:b"}, "MQ brokers"),
        ({"ProvisionedPollerConfig": {"MinimumPollers": 2}}, "ProvisionedPollerConfig"),
        ({"MetricsConfig": {"Metrics": ["EventCount"]}}, "MetricsConfig"),
        ({"FilterCriteria": {"Filters": [{"Pattern": '{"a": [{"cidr": "10.0.0.0/8"}]}'}]}}, "cidr"),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(source: Source, options: dict[str, Any], name: str) -> None:
    error = source.refused(**options)
    assert (error.status, error.code) == (501, "NotImplemented")
    assert name in error.message


def test_fifo_queue_has_no_batching_window(region: Region) -> None:
    source = Source(region, fifo=True)
    create(source.functions)
    message = "Batching window is not supported for FIFO queues"
    assert source.refused(BatchSize=100, MaximumBatchingWindowInSeconds=5) == (*INVALID, message)


def test_queue_must_be_invisible_as_long_as_the_function_runs(region: Region) -> None:
    source = Source(region, VisibilityTimeout="5")
    create(source.functions, Timeout=6)
    message = "Queue visibility timeout: 5 seconds is less than Function timeout: 6 seconds"
    assert source.refused() == (*INVALID, message)


@pytest.mark.parametrize("missing", ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"])
def test_role_must_be_allowed_to_use_the_queue(source: Source, missing: str) -> None:
    deny = {"Effect": "Deny", "Action": f"sqs:{missing}", "Resource": source.arn}
    grant(source.region, {**ALLOWED, "Statement": [*ALLOWED["Statement"], deny]})
    message = f"The provided execution role does not have permissions to call {missing} on SQS"
    assert source.refused() == (*INVALID, message)


def test_second_mapping_of_queue_and_function_conflicts(source: Source) -> None:
    first = source.map()
    error = source.refused()
    assert (error.status, error.code) == (409, "ResourceConflictException")
    assert error.message == (
        f'An event source mapping with SQS arn (" {source.arn} ") and function (" one ") already exists. '
        f"Please update or delete the existing mapping with UUID {first['UUID']}"
    )
    create(source.functions, "two")
    assert source.map(FunctionName="two")["State"] == "Enabled"


def test_mapping_keeps_the_qualifier_of_its_function(source: Source) -> None:
    arn = f"{LAMBDA}:function:one"
    source.functions.publish_version(FunctionName="one")
    source.functions.create_alias(FunctionName="one", Name="live", FunctionVersion="1")
    for name, shown in (
        ("one:$LATEST", f"{arn}:$LATEST"),
        ("one:1", f"{arn}:1"),
        (f"{arn}:live", f"{arn}:live"),
    ):
        assert source.map(FunctionName=name)["FunctionArn"] == shown
    listed = source.functions.list_event_source_mappings
    assert len(listed(FunctionName="one")["EventSourceMappings"]) == 3
    assert len(listed(FunctionName="one:live", EventSourceArn=source.arn)["EventSourceMappings"]) == 1
    assert listed(FunctionName="unknown")["EventSourceMappings"] == []


def test_tags_of_a_mapping_are_kept(source: Source) -> None:
    arn = source.map(Tags={"a": "1"})["EventSourceMappingArn"]
    source.functions.tag_resource(Resource=arn, Tags={"b": "2"})
    source.functions.untag_resource(Resource=arn, TagKeys=["a"])
    assert source.functions.list_tags(Resource=arn)["Tags"] == {"b": "2"}
