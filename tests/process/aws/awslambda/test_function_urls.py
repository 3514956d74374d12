"""Function URLs: their API, and requests to them, with a fake function runner."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.served.functions import ARN, create
from tests.support.served.region import Region, api_error, error_code
from vpcache.lab.addresses import FUNCTION_URL_ADDRESSES
from vpcache.lab.aws.awslambda.urls.calls import call_url
from vpcache.lab.services.http_host import HttpAnswer, HttpRequest

CALLER = "203.0.113.9"
PUBLIC = (
    {"StatementId": "url", "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
    {"StatementId": "invoke", "Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True},
)


def new_url(functions: Any, name: str = "one", **options: Any) -> dict[str, Any]:
    config: dict[str, Any] = functions.create_function_url_config(
        FunctionName=name, **{"AuthType": "NONE"} | options
    )
    return config


def host_of(config: dict[str, Any]) -> str:
    return str(config["FunctionUrl"]).removeprefix("https://").removesuffix("/")


def permit(functions: Any, *permissions: dict[str, Any], name: str = "one", **options: Any) -> None:
    for each in permissions:
        functions.add_permission(FunctionName=name, **{"Principal": "*"} | each | options)


def get(host: str, target: str = "/", **options: Any) -> HttpAnswer:
    return call_url(host, HttpRequest("GET", target, CALLER, **options))


def test_url_lifecycle(functions: Any) -> None:
    create(functions)
    created = new_url(functions)
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    url_id, domain = host_of(created).split(".", 1)
    assert (len(url_id), domain) == (32, "lambda-url.us-east-1.on.aws")
    assert created["FunctionUrl"] == f"https://{url_id}.{domain}/"
    assert (created["AuthType"], created["FunctionArn"]) == ("NONE", ARN)

    described = functions.get_function_url_config(FunctionName="one")
    assert described["InvokeMode"] == "BUFFERED"
    assert described["FunctionUrl"] == created["FunctionUrl"]
    listed = functions.list_function_url_configs(FunctionName="one")["FunctionUrlConfigs"]
    assert [each["FunctionUrl"] for each in listed] == [created["FunctionUrl"]]
    updated = functions.update_function_url_config(FunctionName="one", AuthType="NONE")
    assert updated["FunctionUrl"] == created["FunctionUrl"]
    assert updated["LastModifiedTime"] > created["CreationTime"] == updated["CreationTime"]

    functions.delete_function_url_config(FunctionName="one")
    for call in (functions.get_function_url_config, functions.delete_function_url_config):
        assert error_code(call, FunctionName="one") == "ResourceNotFoundException"
    assert functions.list_function_url_configs(FunctionName="one")["FunctionUrlConfigs"] == []
    assert host_of(new_url(functions)) != host_of(created)


def test_changed_url_shows_its_mode_only_if_it_was_requested(functions: Any) -> None:
    create(functions)
    assert "InvokeMode" not in new_url(functions)
    assert "InvokeMode" not in functions.update_function_url_config(FunctionName="one", AuthType="NONE")
    updated = functions.update_function_url_config(FunctionName="one", InvokeMode="BUFFERED")
    assert updated["InvokeMode"] == "BUFFERED"


def test_function_has_one_url(functions: Any) -> None:
    create(functions)
    new_url(functions)
    error = api_error(functions.create_function_url_config, FunctionName="one", AuthType="NONE")
    assert error.code == "ResourceConflictException" and ARN in error.message


@pytest.mark.parametrize(
    "options",
    [
        {"AuthType": "NONE", "InvokeMode": "RESPONSE_STREAM"},
        {"AuthType": "AWS_IAM", "InvokeMode": "RESPONSE_STREAM"},
    ],
)
def test_unsupported_url_options_are_rejected_by_name(functions: Any, options: dict[str, Any]) -> None:
    create(functions)
    error = api_error(functions.create_function_url_config, FunctionName="one", **options)
    assert error.code == "NotImplemented"
    assert next(reversed(options)) in error.message
    new_url(functions)
    error = api_error(functions.update_function_url_config, FunctionName="one", **options)
    assert error.code == "NotImplemented"


def test_url_of_unknown_function_or_alias_is_rejected(functions: Any) -> None:
    create(functions)
    for name, qualifier in (("none", {}), ("one", {"Qualifier": "live"})):
        call = functions.create_function_url_config
        error = api_error(call, FunctionName=name, AuthType="NONE", **qualifier)
        assert error.code == "ResourceNotFoundException"


def test_alias_has_separate_url_and_policy(region: Region, functions: Any) -> None:
    create(functions, Publish=True)
    functions.create_alias(FunctionName="one", Name="live", FunctionVersion="1")
    latest, live = new_url(functions), new_url(functions, Qualifier="live")
    assert live["FunctionArn"] == f"{ARN}:live"
    permit(functions, *PUBLIC, Qualifier="live")
    assert get(host_of(latest)).status == 403
    assert get(host_of(live)).status == 200
    assert [spec.version for spec, _ in region.runner.invoked] == ["1"]
    functions.delete_alias(FunctionName="one", Name="live")
    assert get(host_of(live)).status == 403


def test_url_that_does_not_exist_is_forbidden(functions: Any) -> None:
    answer = get(f"{'a' * 32}.lambda-url.us-east-1.on.aws")

    assert (answer.status, answer.body) == (403, b'{"Message":null}')
    assert ("x-amzn-ErrorType", "AccessDeniedException") in answer.headers


def test_topology_contains_url_hosts(region: Region, functions: Any) -> None:
    hosts = []
    for name in ("one", "two"):
        create(functions, name)
        hosts.append(host_of(new_url(functions, name)))
    urls = region.reconciled[-1].function_urls
    assert [url.hostname for url in urls] == sorted(hosts)
    assert {url.address for url in urls} == set(FUNCTION_URL_ADDRESSES[:2])
    functions.delete_function(FunctionName="one")
    assert [url.hostname for url in region.reconciled[-1].function_urls] == hosts[1:]
    assert get(hosts[0]).status == 403


@pytest.mark.parametrize("permissions", [(), PUBLIC[:1], PUBLIC[1:]])
def test_url_requires_both_permissions(
    region: Region, functions: Any, permissions: tuple[dict[str, Any], ...]
) -> None:
    create(functions)
    host = host_of(new_url(functions))
    permit(functions, *permissions)
    response = get(host)
    assert response.status == 403
    assert json.loads(response.body)["Message"].startswith("Forbidden")
    assert region.runner.invoked == []


@pytest.mark.parametrize(
    "invoke",
    [
        {"Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True},
        {"Action": "lambda:InvokeFunction"},
        {"Action": "lambda:*"},
    ],
)
def test_url_with_both_permissions_is_public(functions: Any, invoke: dict[str, Any]) -> None:
    create(functions)
    host = host_of(new_url(functions))
    permit(functions, PUBLIC[0], {"StatementId": "invoke"} | invoke)
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
def test_permission_with_other_condition_keeps_url_private(functions: Any, condition: dict[str, Any]) -> None:
    create(functions)
    host = host_of(new_url(functions))
    permit(functions, PUBLIC[0], PUBLIC[1] | condition)
    assert get(host).status == 403


def test_permission_is_a_policy_statement(functions: Any) -> None:
    create(functions)
    permit(
        functions,
        *PUBLIC,
        {"StatementId": "queue", "Action": "lambda:InvokeFunction", "Principal": "sqs.amazonaws.com"},
    )
    statements = json.loads(functions.get_policy(FunctionName="one")["Policy"])["Statement"]
    assert [each.get("Condition") for each in statements] == [
        {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
        {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
        None,
    ]
    assert [each["Principal"] for each in statements] == ["*", "*", {"Service": "sqs.amazonaws.com"}]
    assert {each["Resource"] for each in statements} == {ARN}


@pytest.mark.parametrize(
    ("parameter", "action", "allowed"),
    [
        ({"FunctionUrlAuthType": "NONE"}, "lambda:InvokeFunction", "lambda:InvokeFunctionUrl"),
        ({"InvokedViaFunctionUrl": True}, "lambda:InvokeFunctionUrl", "lambda:InvokeFunction"),
    ],
)
def test_condition_of_other_action_is_rejected(
    functions: Any, parameter: dict[str, Any], action: str, allowed: str
) -> None:
    create(functions)
    parameters = {"FunctionName": "one", "StatementId": "x", "Principal": "*", "Action": action} | parameter
    error = api_error(functions.add_permission, **parameters)
    assert error.code == "InvalidParameterValueException"
    assert error.message == f"{next(iter(parameter))} is only supported for {allowed} action"


def public_host(functions: Any, **options: Any) -> str:
    create(functions, **options)
    permit(functions, *PUBLIC)
    return host_of(new_url(functions))


def test_url_request_becomes_event_with_request_id(region: Region, functions: Any) -> None:
    host = public_host(functions)
    response = get(host, "/employee/7?page=2", headers=(("Accept", "*/*"),))
    event = json.loads(response.body)  # the fake runner returns its event
    assert (event["rawPath"], event["rawQueryString"]) == ("/employee/7", "page=2")
    assert event["requestContext"]["http"]["sourceIp"] == CALLER
    assert event["requestContext"]["domainName"] == host
    ((_, invoked),) = region.runner.invoked
    assert event["requestContext"]["requestId"] == invoked.request_id
    assert invoked.function_arn == ARN
    assert ("x-amzn-RequestId", invoked.request_id) in response.headers


def test_failed_function_is_bad_gateway(region: Region, functions: Any) -> None:
    host = public_host(functions)
    region.runner.answer = lambda payload: (b'{"errorType": "Boom"}', True)
    response = get(host)
    assert (response.status, response.body) == (502, b"Internal Server Error")


def test_throttled_function_is_too_many_requests(functions: Any) -> None:
    host = public_host(functions)
    functions.put_function_concurrency(FunctionName="one", ReservedConcurrentExecutions=0)
    assert get(host).status == 429
