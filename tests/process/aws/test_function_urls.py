"""Function URLs: their API, and requests to them against a stand-in for the functions' processes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.served_functions import ARN, create, refusal
from tests.support.served_region import Region
from vpcache.lab.addresses import FUNCTION_URL_ADDRESSES
from vpcache.lab.aws.awslambda.urls.calls import call_url
from vpcache.lab.services.http_host import HttpAnswer, HttpRequest

CALLER = "203.0.113.9"
OPEN = (
    {"StatementId": "url", "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
    {"StatementId": "invoke", "Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True},
)


def new_url(functions: Any, name: str = "one", **options: Any) -> dict[str, Any]:
    made: dict[str, Any] = functions.create_function_url_config(
        FunctionName=name, **{"AuthType": "NONE"} | options
    )
    return made


def host_of(config: dict[str, Any]) -> str:
    return str(config["FunctionUrl"]).removeprefix("https://").removesuffix("/")


def permit(functions: Any, *permissions: dict[str, Any], name: str = "one", **options: Any) -> None:
    for each in permissions:
        functions.add_permission(FunctionName=name, **{"Principal": "*"} | each | options)


def get(host: str, target: str = "/", **options: Any) -> HttpAnswer:
    return call_url(host, HttpRequest("GET", target, CALLER, **options))


def test_url_is_made_shown_changed_and_deleted(functions: Any) -> None:
    create(functions)
    made = new_url(functions)
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 201
    url_id, rest = host_of(made).split(".", 1)
    assert (len(url_id), rest) == (32, "lambda-url.us-east-1.on.aws")
    assert made["FunctionUrl"] == f"https://{url_id}.{rest}/"
    assert (made["AuthType"], made["FunctionArn"], made["InvokeMode"]) == ("NONE", ARN, "BUFFERED")

    shown = functions.get_function_url_config(FunctionName="one")
    assert shown["FunctionUrl"] == made["FunctionUrl"]
    listed = functions.list_function_url_configs(FunctionName="one")["FunctionUrlConfigs"]
    assert [each["FunctionUrl"] for each in listed] == [made["FunctionUrl"]]
    changed = functions.update_function_url_config(FunctionName="one", AuthType="NONE")
    assert changed["FunctionUrl"] == made["FunctionUrl"]
    assert changed["LastModifiedTime"] > made["CreationTime"] == changed["CreationTime"]

    functions.delete_function_url_config(FunctionName="one")
    for call in (functions.get_function_url_config, functions.delete_function_url_config):
        assert refusal(call, FunctionName="one")["Code"] == "ResourceNotFoundException"
    assert functions.list_function_url_configs(FunctionName="one")["FunctionUrlConfigs"] == []
    assert host_of(new_url(functions)) != host_of(made)


def test_function_has_one_url(functions: Any) -> None:
    create(functions)
    new_url(functions)
    refused = refusal(functions.create_function_url_config, FunctionName="one", AuthType="NONE")
    assert refused["Code"] == "ResourceConflictException" and ARN in refused["Message"]


@pytest.mark.parametrize(
    "wanted",
    [
        {"AuthType": "AWS_IAM"},
        {"AuthType": "NONE", "InvokeMode": "RESPONSE_STREAM"},
        {"AuthType": "NONE", "Cors": {"AllowOrigins": ["*"]}},
    ],
)
def test_url_that_is_not_emulated_is_refused_by_name(functions: Any, wanted: dict[str, Any]) -> None:
    create(functions)
    refused = refusal(functions.create_function_url_config, FunctionName="one", **wanted)
    assert refused["Code"] == "NotImplemented"
    assert next(reversed(wanted)) in refused["Message"]
    new_url(functions)
    refused = refusal(functions.update_function_url_config, FunctionName="one", **wanted)
    assert refused["Code"] == "NotImplemented"


def test_url_of_an_unknown_function_or_alias_is_refused(functions: Any) -> None:
    create(functions)
    for name, qualifier in (("none", {}), ("one", {"Qualifier": "live"})):
        call = functions.create_function_url_config
        refused = refusal(call, FunctionName=name, AuthType="NONE", **qualifier)
        assert refused["Code"] == "ResourceNotFoundException"


def test_alias_has_a_url_and_a_policy_of_its_own(region: Region, functions: Any) -> None:
    create(functions, Publish=True)
    functions.create_alias(FunctionName="one", Name="live", FunctionVersion="1")
    latest, live = new_url(functions), new_url(functions, Qualifier="live")
    assert live["FunctionArn"] == f"{ARN}:live"
    permit(functions, *OPEN, Qualifier="live")
    assert get(host_of(latest)).status == 403
    assert get(host_of(live)).status == 200
    assert [spec.version for spec, _ in region.runner.invoked] == ["1"]
    functions.delete_alias(FunctionName="one", Name="live")
    assert get(host_of(live)).status == 404


def test_topology_follows_urls_and_each_has_an_address(region: Region, functions: Any) -> None:
    hosts = []
    for name in ("one", "two"):
        create(functions, name)
        hosts.append(host_of(new_url(functions, name)))
    settled = region.settled[-1].function_urls
    assert [url.hostname for url in settled] == sorted(hosts)
    assert {url.address for url in settled} == set(FUNCTION_URL_ADDRESSES[:2])
    functions.delete_function(FunctionName="one")
    assert [url.hostname for url in region.settled[-1].function_urls] == hosts[1:]
    assert get(hosts[0]).status == 404


@pytest.mark.parametrize("permissions", [(), OPEN[:1], OPEN[1:]])
def test_call_without_both_permissions_is_forbidden(
    region: Region, functions: Any, permissions: tuple[dict[str, Any], ...]
) -> None:
    create(functions)
    host = host_of(new_url(functions))
    permit(functions, *permissions)
    answer = get(host)
    assert answer.status == 403
    assert json.loads(answer.body)["Message"].startswith("Forbidden")
    assert region.runner.invoked == []


@pytest.mark.parametrize(
    "invoke",
    [
        {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True},
        {"Action": "lambda:InvokeFunction"},
        {"Action": "lambda:*"},
    ],
)
def test_call_with_both_permissions_is_answered(functions: Any, invoke: dict[str, Any]) -> None:
    create(functions)
    host = host_of(new_url(functions))
    permit(functions, OPEN[0], {"StatementId": "invoke"} | invoke)
    assert get(host).status == 200
    functions.remove_permission(FunctionName="one", StatementId="url")
    assert get(host).status == (200 if invoke["Action"] == "lambda:*" else 403)


@pytest.mark.parametrize(
    "condition",
    [
        {"Principal": "123456789012"},
        {"SourceAccount": "123456789012"},
        {"SourceArn": "arn:aws:s3:::bucket"},
        {"PrincipalOrgID": "o-1234567890"},
        {"InvokedViaFunctionUrl": False},
    ],
)
def test_permission_with_another_condition_does_not_open_a_url(
    functions: Any, condition: dict[str, Any]
) -> None:
    create(functions)
    host = host_of(new_url(functions))
    permit(functions, OPEN[0], OPEN[1] | condition)
    assert get(host).status == 403


def test_permission_becomes_a_statement(functions: Any) -> None:
    create(functions)
    permit(
        functions,
        *OPEN,
        {"StatementId": "queue", "Action": "lambda:InvokeFunction", "Principal": "sqs.amazonaws.com"},
    )
    shown = json.loads(functions.get_policy(FunctionName="one")["Policy"])["Statement"]
    assert [each.get("Condition") for each in shown] == [
        {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
        {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
        None,
    ]
    assert [each["Principal"] for each in shown] == ["*", "*", {"Service": "sqs.amazonaws.com"}]
    assert {each["Resource"] for each in shown} == {ARN}


@pytest.mark.parametrize(
    ("parameter", "action", "allowed"),
    [
        ({"FunctionUrlAuthType": "NONE"}, "lambda:InvokeFunction", "lambda:InvokeFunctionUrl"),
        ({"InvokedViaFunctionUrl": True}, "lambda:InvokeFunctionUrl", "lambda:InvokeFunction"),
    ],
)
def test_permission_with_a_condition_of_another_action_is_refused(
    functions: Any, parameter: dict[str, Any], action: str, allowed: str
) -> None:
    create(functions)
    wanted = {"FunctionName": "one", "StatementId": "x", "Principal": "*", "Action": action} | parameter
    refused = refusal(functions.add_permission, **wanted)
    assert refused["Code"] == "InvalidParameterValueException"
    assert refused["Message"] == f"{next(iter(parameter))} is only supported for {allowed} action"


def open_host(functions: Any, **options: Any) -> str:
    create(functions, **options)
    permit(functions, *OPEN)
    return host_of(new_url(functions))


def test_event_is_the_request_and_the_invocation_has_its_id(region: Region, functions: Any) -> None:
    host = open_host(functions)
    answer = get(host, "/employee/7?page=2", headers=(("Accept", "*/*"),))
    event = json.loads(answer.body)  # the stand-in answers with its event
    assert (event["rawPath"], event["rawQueryString"]) == ("/employee/7", "page=2")
    assert event["requestContext"]["http"]["sourceIp"] == CALLER
    assert event["requestContext"]["domainName"] == host
    ((_, invoked),) = region.runner.invoked
    assert event["requestContext"]["requestId"] == invoked.request_id
    assert invoked.function_arn == ARN
    assert ("x-amzn-RequestId", invoked.request_id) in answer.headers


def test_function_that_fails_is_a_bad_gateway(region: Region, functions: Any) -> None:
    host = open_host(functions)
    region.runner.answer = lambda payload: (b'{"errorType": "Boom"}', True)
    answer = get(host)
    assert (answer.status, answer.body) == (502, b"Internal Server Error")


def test_throttled_function_is_too_many_requests(functions: Any) -> None:
    host = open_host(functions)
    functions.put_function_concurrency(FunctionName="one", ReservedConcurrentExecutions=0)
    assert get(host).status == 429
