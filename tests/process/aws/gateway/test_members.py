"""Requests that violate the models of services that AWS checks with one error for all violations."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.model import ListShape, MapShape, Shape, StructureShape
from werkzeug.wrappers import Response

from tests.support.calls.model_requests import ModelRequest, model_of, protocols_of
from tests.support.served.region import Region, api_error, serve
from vpcache.lab.aws.gateway.app import DECLARATIONS

SERVICES = ("events", "logs", "monitoring", "sns", "sqs", "ssm")
CODES = {
    "events": "ValidationException",
    "logs": "InvalidParameterException",
    "monitoring": "ValidationError",
    "sns": "ValidationError",
    "ssm": "ValidationException",
}
PROTOCOLS = [(service, protocol) for service in SERVICES for protocol in protocols_of(service)]
MISSING = "Member must not be null"
MAX_LENGTH = 70_000  # of a text or list that is generated
MAX_DEPTH = 6
LONG = f"no {'x' * 62}"
VALUE = "Value '{}' at '{}' failed to satisfy constraint: Member must satisfy"
Malformed = tuple[str, str, Any]
"""Where AWS reports the violation, which constraint, and a value with this violation."""


def operations(service: str) -> list[str]:
    """Return the operations of a service that the lab serves."""
    return sorted(DECLARATIONS.get(service) or model_of(service).operation_names)


def malformed(shape: Shape | None, path: str = "", depth: int = 0) -> Iterator[Malformed]:
    """Yield values of a shape with one violation of the model each, besides missing members beside it."""
    if depth > MAX_DEPTH or shape is None:
        return
    for constraint, value in violating(shape):
        yield path, constraint, value
    match shape:
        case StructureShape():
            for name, member in shape.members.items():
                below = f"{path}.{name[:1].lower()}{name[1:]}".lstrip(".")
                if name in shape.required_members:
                    yield below, MISSING, {}
                for where, constraint, value in malformed(member, below, depth + 1):
                    yield where, constraint, {name: value}
        case ListShape():
            is_scalar = not isinstance(shape.member, StructureShape)
            below = path if is_scalar else f"{path}.1.member"
            for where, constraint, value in malformed(shape.member, below, depth + 1):
                yield where, constraint, [value]
        case MapShape():
            for constraint, key in violating(shape.key):
                yield path, constraint, {key: "x"}
            is_scalar = not isinstance(shape.value, StructureShape)
            for where, constraint, value in malformed(
                shape.value, path if is_scalar else f"{path}.k.member", depth + 1
            ):
                yield where, constraint, {"k": value}


def violating(shape: Shape) -> Iterator[tuple[str, Any]]:
    """Yield the constraints of one shape, each with a value that violates it."""
    if shape.type_name == "string":
        yield from violating_texts(shape)
    minimum, maximum = shape.metadata.get("min"), shape.metadata.get("max")
    if shape.type_name in ("integer", "long"):
        if minimum is not None:
            yield "Member must have value greater than or equal to", minimum - 1
        if maximum is not None and maximum < 2**31 - 1:
            yield "Member must have value less than or equal to", maximum + 1
    elif shape.type_name in ("list", "string"):
        unit: Any = "a" if shape.type_name == "string" else [element(shape)]
        if minimum:
            yield "Member must have length greater than or equal to", unit * (minimum - 1)
        if maximum is not None and maximum < MAX_LENGTH:
            yield "Member must have length less than or equal to", unit * (maximum + 1)


def violating_texts(shape: Shape) -> Iterator[tuple[str, str]]:
    pattern = shape.metadata.get("pattern", "")
    wrong = [
        text
        for text in ("!", " ", "é", "#")
        if pattern and r"\p{" not in pattern and not re.fullmatch(pattern, text)
    ]
    if wrong:
        yield "Member must satisfy regular expression pattern", wrong[0]
    if shape.metadata.get("enum"):
        yield "Member must satisfy enum value set", "no such value"


def element(shape: Any) -> Any:
    """Return an element of a list, or a character of a text."""
    member = getattr(shape, "member", shape)
    return {"structure": {}, "integer": 1, "long": 1, "double": 1.5}.get(member.type_name, "a")


@pytest.fixture(scope="module")
def served() -> Iterator[Region]:
    with serve() as region:
        yield region


def unchecked_client(region: Region, service: str) -> Any:
    """Return a client that does not validate parameters."""
    return boto3.client(
        service,
        endpoint_url=region.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )


def answer(region: Region, request: ModelRequest) -> Response:
    assert region.api
    return Response.from_app(region.api, request.environ(), buffered=True)


def is_sendable(value: Any, protocol: str) -> bool:
    """Return whether a value can be sent: a form has no empty structures."""
    if protocol != "query":
        return True
    match value:
        case dict():
            return bool(value) and all(is_sendable(each, protocol) for each in value.values())
        case list():
            return all(is_sendable(each, protocol) for each in value)
        case _:
            return True


@pytest.mark.parametrize(("service", "protocol"), [each for each in PROTOCOLS if each[0] != "sqs"])
def test_malformed_member_has_the_error_of_the_service(served: Region, service: str, protocol: str) -> None:
    wrong, count = [], 0
    for name in operations(service):
        model = model_of(service).operation_model(name)
        for path, constraint, value in malformed(model.input_shape):
            if value and not is_sendable(value, protocol):
                continue
            response = answer(served, ModelRequest(service, model, value, protocol))
            text = response.get_data(as_text=True)
            count += 1
            is_named = all(part in text for part in (CODES[service], f"'{path}'", constraint))
            has_own_words = name == "PutMetricData" and "MissingParameter" in text
            if response.status_code != 400 or not (is_named or has_own_words):
                wrong.append(f"{name} {path} {constraint}: {response.status_code} {text[:300]}")

    assert count > 20
    assert not wrong, f"{len(wrong)} of {count}\n" + "\n".join(wrong[:20])


@pytest.mark.parametrize("protocol", protocols_of("sqs"))
def test_missing_member_of_a_queue_request_is_named(served: Region, protocol: str) -> None:
    wrong, count = [], 0
    for name in operations("sqs"):
        model = model_of("sqs").operation_model(name)
        for path, constraint, value in malformed(model.input_shape):
            if constraint != MISSING or (value and not is_sendable(value, protocol)):
                continue
            request = ModelRequest(
                "sqs", model, {"QueueUrl": "x", **value} if "." in path else value, protocol
            )
            text = answer(served, request).get_data(as_text=True)
            count += 1
            if "MissingParameter" not in text or "The request must contain the parameter" not in text:
                wrong.append(f"{name} {path}: {text[:300]}")

    assert count > 20
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("call", "arguments", "code", "message"),
    [
        (
            "receive_message",
            {"MaxNumberOfMessages": 11},
            "InvalidParameterValue",
            "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, "
            "if provided.",
        ),
        (
            "receive_message",
            {"WaitTimeSeconds": 21},
            "InvalidParameterValue",
            "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
        ),
        (
            "receive_message",
            {"VisibilityTimeout": -1},
            "InvalidParameterValue",
            "Value -1 for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200, "
            "if provided.",
        ),
        (
            "send_message_batch",
            {"Entries": [{"Id": "a", "MessageBody": "b"}, {"Id": "c"}]},
            "MissingParameter",
            "The request must contain the parameter SendMessageBatchRequestEntry.2.MessageBody.",
        ),
        (
            "set_queue_attributes",
            {"Attributes": {"Colour": "1"}},
            "InvalidAttributeName",
            "Unknown Attribute Colour.",
        ),
        (
            "get_queue_attributes",
            {"AttributeNames": ["Colour"]},
            "InvalidAttributeName",
            "Unknown Attribute Colour.",
        ),
    ],
)
def test_malformed_queue_request_has_the_words_of_sqs(
    served: Region, call: str, arguments: dict[str, Any], code: str, message: str
) -> None:
    queue = served.client("sqs").create_queue(QueueName="members")["QueueUrl"]

    error = api_error(getattr(unchecked_client(served, "sqs"), call), QueueUrl=queue, **arguments)

    assert error == (400, code, message)


@pytest.mark.parametrize(
    ("call", "arguments", "code", "message"),
    [
        ("create_topic", {"Name": "a b"}, "InvalidParameter", "Invalid parameter: Topic Name"),
        ("create_topic", {"Name": ""}, "InvalidParameter", "Invalid parameter: Topic Name"),
        (
            "unsubscribe",
            {"SubscriptionArn": ""},
            "InvalidParameter",
            "Invalid parameter: SubscriptionArn Reason: no value for required parameter",
        ),
        (
            "publish",
            {"TopicArn": "arn:aws:sns", "Message": "a"},
            "InvalidParameter",
            "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 3",
        ),
        (
            "publish",
            {
                "TopicArn": "arn:aws:sns:us-east-1:1:a",
                "Message": "a",
                "MessageAttributes": {"k": {"StringValue": "v"}},
            },
            "ValidationError",
            "1 validation error detected: Value null at 'messageAttributes.k.member.dataType' "
            "failed to satisfy constraint: Member must not be null",
        ),
    ],
)
def test_malformed_topic_request_has_the_words_of_sns(
    served: Region, call: str, arguments: dict[str, Any], code: str, message: str
) -> None:
    error = api_error(getattr(unchecked_client(served, "sns"), call), **arguments)

    assert error == (400, code, message)


@pytest.mark.parametrize(
    ("service", "call", "arguments", "message"),
    [
        (
            "events",
            "put_rule",
            {"Name": LONG, "State": "OFF"},
            f"3 validation errors detected: {VALUE.format(LONG, 'name')} regular expression pattern: "
            f"[\\.\\-_A-Za-z0-9]+; Value '{LONG}' at 'name' failed to satisfy constraint: Member must have "
            f"length less than or equal to 64; {VALUE.format('OFF', 'state')} enum value set: "
            "[ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]",
        ),
        (
            "cloudwatch",
            "set_alarm_state",
            {"AlarmName": "a", "StateValue": "INVALID", "StateReason": "b"},
            f"1 validation error detected: {VALUE.format('INVALID', 'stateValue')} enum value set: "
            "[INSUFFICIENT_DATA, ALARM, OK]",
        ),
        (
            "logs",
            "put_metric_filter",
            {
                "logGroupName": "a",
                "filterName": "b",
                "filterPattern": "",
                "metricTransformations": [
                    {"metricName": name, "metricNamespace": "n", "metricValue": "1"} for name in ("m", "o")
                ],
            },
            "1 validation error detected: Value '[MetricTransformation(metricName=m, metricNamespace=n, "
            "metricValue=1, defaultValue=null, dimensions=null, unit=null), "
            "MetricTransformation(metricName=o, metricNamespace=n, metricValue=1, "
            "defaultValue=null, dimensions=null, unit=null)]' at "
            "'metricTransformations' failed to satisfy constraint: Member must have length less than or "
            "equal to 1",
        ),
        (
            "logs",
            "put_retention_policy",
            {"logGroupName": "a", "retentionInDays": 2},
            f"1 validation error detected: {VALUE.format('2', 'retentionInDays')} enum value set: [1, 3, 5, "
            "7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]",
        ),
    ],
)
def test_one_error_names_all_violations_as_aws_words_them(
    served: Region, service: str, call: str, arguments: dict[str, Any], message: str
) -> None:
    error = api_error(getattr(unchecked_client(served, service), call), **arguments)

    assert (error.status, error.message) == (400, message)


def test_missing_member_of_a_metric_has_the_words_of_cloudwatch(served: Region) -> None:
    metric = {"MetricName": "m", "Dimensions": [{"Name": "a", "Value": "b"}, {"Name": "c", "Value": ""}]}

    error = api_error(
        unchecked_client(served, "cloudwatch").put_metric_data,
        Namespace="n",
        MetricData=[metric, {"Value": 1.0}],
    )

    assert error == (
        400,
        "MissingParameter",
        "The parameter MetricData.member.1.Dimensions.member.2.Value is required.\n"
        "The parameter MetricData.member.2.MetricName is required.",
    )


@pytest.mark.parametrize("number", [b"1e400", b"Infinity", b"2147483648", b"-1e99", b"1" * 400])
def test_number_that_its_type_lacks_is_a_serialization_error(served: Region, number: bytes) -> None:
    model = model_of("logs").operation_model("DescribeLogGroups")
    environ = ModelRequest("logs", model, {"limit": 7}, "json").environ()
    body = b'{"limit": ' + number + b"}"
    environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    assert served.api

    response = Response.from_app(served.api, environ, buffered=True)

    assert (response.status_code, "SerializationException" in response.get_data(as_text=True)) == (400, True)


def test_message_attributes_can_be_asked_for_by_either_name(served: Region) -> None:
    sqs = served.client("sqs")
    queue = sqs.create_queue(QueueName="attributes")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="a")

    (message,) = sqs.receive_message(QueueUrl=queue, AttributeNames=["SentTimestamp"])["Messages"]

    assert set(message["Attributes"]) == {"SentTimestamp"}
