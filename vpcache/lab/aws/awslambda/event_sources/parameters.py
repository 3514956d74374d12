"""The parameters of event source mappings: what AWS refuses, and what the lab does not emulate.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException

from vpcache.lab.aws.awslambda.event_sources.mapping import MappingSettings
from vpcache.lab.aws.awslambda.event_sources.patterns import PatternError, parse_pattern

_MAX_BATCH_WITHOUT_WINDOW = 10
_MAX_FILTERS = 5
_OF_STREAMS = (
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "TumblingWindowInSeconds",
)
"""Parameters that AWS refuses for queues."""
_OF_OTHER_SOURCES = (
    "AmazonManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
    "Queues",
    "SelfManagedEventSource",
    "SelfManagedKafkaEventSourceConfig",
    "SourceAccessConfigurations",
    "StartingPositionTimestamp",
    "Topics",
)
_NOT_EMULATED = ("KMSKeyArn", "LoggingConfig", "MetricsConfig", "ProvisionedPollerConfig")
_OTHER_SERVICES = {
    "docdb": "DocumentDB clusters",
    "dynamodb": "DynamoDB streams",
    "kafka": "Managed Kafka clusters",
    "kinesis": "Kinesis streams",
    "mq": "MQ brokers",
    "rds": "DocumentDB clusters",
}


def check_source(request: Mapping[str, Any]) -> None:
    """Raise an error unless the source of a new mapping is a queue."""
    if (request.get("DestinationConfig") or {}).get("OnSuccess"):
        raise _unsupported("DestinationConfig")
    if request.get("SelfManagedEventSource"):
        raise NotImplementedError("Event sources of self-managed Kafka clusters are not emulated.")
    parts = str(request.get("EventSourceArn") or "").split(":")
    service = parts[2] if len(parts) > 2 else ""  # arn:partition:service
    if service in _OTHER_SERVICES:
        raise NotImplementedError(
            f"{_OTHER_SERVICES[service]} are not emulated as event sources: use a queue."
        )
    if service != "sqs":
        raise InvalidParameterValueException("Unrecognized event source.")


def changed(settings: MappingSettings, request: Mapping[str, Any]) -> MappingSettings:
    """Return settings with the parameters of a request; those that it does not have keep their values.

    Raises InvalidParameterValueException and NotImplementedError.
    """
    _check_parameters(request)
    result = settings
    for name, attribute in (("BatchSize", "batch_size"), ("MaximumBatchingWindowInSeconds", "window")):
        if request.get(name) is not None:
            result = replace(result, **{attribute: request[name]})
    if request.get("FilterCriteria") is not None:
        result = replace(result, filters=_filters(request["FilterCriteria"]))
    if request.get("FunctionResponseTypes") is not None:
        result = replace(result, response_types=tuple(request["FunctionResponseTypes"]))
    if request.get("ScalingConfig") is not None:
        result = replace(result, max_concurrency=request["ScalingConfig"].get("MaximumConcurrency"))
    if result.is_fifo and result.window:
        raise InvalidParameterValueException("Batching window is not supported for FIFO queues")
    if result.batch_size > _MAX_BATCH_WITHOUT_WINDOW and not result.window:
        raise InvalidParameterValueException(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than "
            f"{_MAX_BATCH_WITHOUT_WINDOW}"
        )
    return result


def _check_parameters(request: Mapping[str, Any]) -> None:
    for name in (*_OF_STREAMS, *_OF_OTHER_SOURCES):
        if request.get(name):
            raise _unsupported(name)
    if request.get("StartingPosition"):
        raise InvalidParameterValueException("StartingPosition is not valid for SQS event sources.")
    for name in _NOT_EMULATED:
        if request.get(name):
            raise NotImplementedError(f"The parameter {name} is not supported.")


def _filters(criteria: Mapping[str, Any]) -> tuple[str, ...]:
    patterns = tuple(each.get("Pattern", "") for each in criteria.get("Filters") or ())
    if len(patterns) > _MAX_FILTERS:
        raise InvalidParameterValueException(f"The number of filters exceeds the limit of {_MAX_FILTERS}.")
    for pattern in patterns:
        try:
            parse_pattern(pattern)
        except PatternError as error:
            raise InvalidParameterValueException("Invalid filter pattern definition.") from error
    return patterns


def _unsupported(name: str) -> InvalidParameterValueException:
    return InvalidParameterValueException(
        f"Unsupported {name} parameter for given event source mapping type."
    )
