"""The log groups of a stack: those of its functions, and the access logs of its APIs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vpcache.errors import VpcacheError
from vpcache.stack.state_history import written_resources

_STAGES = {
    "aws_apigatewayv2_stage": ("aws_apigatewayv2_api", "api_id"),
    "aws_api_gateway_stage": ("aws_api_gateway_rest_api", "rest_api_id"),
}
"""The types of stages, each with the type of its API and the attribute with the ID of that API."""
_ACCESS_LOG = "access"


@dataclass(frozen=True)
class LogSource:
    """A log group, and the name of the function or API that writes to it.

    `label` is the name without the stack's and the zone's, with the prefix `access:` for an API. `zone` is
    the zone of a function with one subnet, otherwise empty.
    """

    group: str
    name: str
    label: str
    zone: str = ""


def log_sources(state: str, stack_name: str) -> list[LogSource]:
    """Return the log sources in the content of a state, ordered by label and zone.

    A function without a log group of its logging configuration writes to `/aws/lambda/<name>`:
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html
    """
    resources = list(written_resources(state))
    zones = {values["id"]: values["availability_zone"] for type, values in resources if type == "aws_subnet"}
    functions = [
        _function(values, stack_name, zones) for type, values in resources if type == "aws_lambda_function"
    ]
    names = {(type, values.get("id")): values.get("name") for type, values in resources}
    access_logs = [
        _access_log(destination, names.get((api, values.get(id))) or "", stack_name)
        for type, values in resources
        if type in _STAGES
        for api, id in [_STAGES[type]]
        for settings in values.get("access_log_settings") or []
        if ":log-group:" in (destination := settings.get("destination_arn") or "")
    ]
    return sorted({*functions, *access_logs}, key=lambda source: (source.label, source.zone))


def chosen_sources(sources: Iterable[LogSource], function: str, stack_name: str) -> list[LogSource]:
    """Return the sources of a function, all of them if it is empty.

    A function is selected by its name, with or without the stack's name before it and the zone behind it.
    Raises VpcacheError if there are none.
    """
    found = list(sources)
    if not found:
        raise VpcacheError(f"stack {stack_name} has no function and no API with an access log")
    chosen = [
        source
        for source in found
        if function in ("", source.name, source.label, _short(source.name, stack_name))
        or source.label == f"{_ACCESS_LOG}:{_short(function, stack_name)}"
    ]
    if not chosen:
        names = ", ".join(dict.fromkeys(_short(source.name, stack_name) for source in found))
        raise VpcacheError(f"unknown function '{function}' of {stack_name}; choose from {names}")
    return chosen


def _function(values: Mapping[str, Any], stack_name: str, zones: Mapping[str, str]) -> LogSource:
    name = values["function_name"]
    logging: Mapping[str, Any] = next(iter(values.get("logging_config") or []), {})
    network: Mapping[str, Any] = next(iter(values.get("vpc_config") or []), {})
    subnets = network.get("subnet_ids") or []
    zone = zones.get(subnets[0], "") if len(subnets) == 1 else ""
    label = _short(name, stack_name)
    return LogSource(
        group=logging.get("log_group") or f"/aws/lambda/{name}",
        name=name,
        label=label.removesuffix(f"-{zone}") if zone else label,
        zone=zone,
    )


def _access_log(destination: str, api: str, stack_name: str) -> LogSource:
    group = destination.partition(":log-group:")[2].removesuffix(":*")
    name = api or group.rpartition("/")[2]
    return LogSource(group, name, f"{_ACCESS_LOG}:{_short(name, stack_name)}")


def _short(name: str, stack_name: str) -> str:
    return name.removeprefix(f"{stack_name}-") or name
