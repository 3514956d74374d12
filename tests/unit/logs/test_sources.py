"""The log groups in a state, and the choice of a function."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vpcache.errors import VpcacheError
from vpcache.logs.sources import LogSource, chosen_sources, log_sources

SUBNETS = {"subnet-a": "eu-west-1a", "subnet-b": "eu-west-1b"}


def state(*resources: tuple[str, dict[str, Any]]) -> str:
    subnets = [("aws_subnet", {"id": subnet, "availability_zone": zone}) for subnet, zone in SUBNETS.items()]
    written = [
        {"mode": "managed", "type": type, "instances": [{"attributes": values}]}
        for type, values in (*subnets, *resources)
    ]
    return json.dumps({"version": 4, "resources": written})


def function(name: str, *subnets: str, **settings: str) -> tuple[str, dict[str, Any]]:
    values = {
        "function_name": name,
        "vpc_config": [{"subnet_ids": list(subnets)}] if subnets else [],
        "logging_config": [{"log_group": settings["log_group"]}] if settings else [],
    }
    return "aws_lambda_function", values


API = function("two-api", "subnet-a", "subnet-b")
PROBES = [function(f"two-probe-{zone}", subnet) for subnet, zone in SUBNETS.items()]


def test_function_without_logging_config_has_the_default_group():
    assert log_sources(state(API), "two") == [LogSource("/aws/lambda/two-api", "two-api", "api")]


def test_log_group_of_the_logging_config_is_used():
    (source,) = log_sources(state(function("two-api", log_group="/app/api")), "two")
    assert source.group == "/app/api"


def test_function_in_one_subnet_has_its_zone():
    sources = log_sources(state(*PROBES), "two")
    assert [(source.label, source.zone) for source in sources] == [
        ("probe", "eu-west-1a"),
        ("probe", "eu-west-1b"),
    ]


def test_access_log_of_an_api_is_found():
    stage = {
        "api_id": "abc",
        "access_log_settings": [{"destination_arn": "arn:aws:logs:eu-west-1:1:log-group:/aws/vended/x"}],
    }
    api = {"id": "abc", "name": "two-api"}
    sources = log_sources(state(("aws_apigatewayv2_stage", stage), ("aws_apigatewayv2_api", api)), "two")
    assert sources == [LogSource("/aws/vended/x", "two-api", "access:api")]


def test_stage_without_access_log_has_no_source():
    stage = {"api_id": "abc", "access_log_settings": []}
    firehose = {"access_log_settings": [{"destination_arn": "arn:aws:firehose:eu-west-1:1:stream/x"}]}
    stages: list[tuple[str, dict[str, Any]]] = [
        ("aws_apigatewayv2_stage", stage),
        ("aws_api_gateway_stage", firehose),
    ]
    assert log_sources(state(*stages), "two") == []


@pytest.mark.parametrize("name", ["probe", "two-probe-eu-west-1b", "probe-eu-west-1b"])
def test_function_is_chosen_by_full_or_short_name(name):
    chosen = chosen_sources(log_sources(state(API, *PROBES), "two"), name, "two")
    zones = {source.zone for source in chosen}
    assert zones == ({"eu-west-1a", "eu-west-1b"} if name == "probe" else {"eu-west-1b"})


def test_unknown_function_lists_those_of_the_stack():
    message = "unknown function 'moon' of two; choose from api, probe-eu-west-1a, probe-eu-west-1b$"
    with pytest.raises(VpcacheError, match=message):
        chosen_sources(log_sources(state(API, *PROBES), "two"), "moon", "two")


def test_stack_without_functions_is_named():
    with pytest.raises(VpcacheError, match="stack two has no function and no API with an access log"):
        chosen_sources(log_sources(state(), "two"), "", "two")
