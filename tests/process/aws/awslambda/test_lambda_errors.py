"""Errors of Lambda's API: members, request IDs, and names that AWS refuses."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.served.functions import ARN, create
from tests.support.served.region import api_error

QUALIFIER = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"
VERSION = r"(\$LATEST(\.PUBLISHED)?|[0-9]+)"
ALIAS = "(?!^[0-9]+$)([a-zA-Z0-9-_]+)"


def failure(call: Any, **arguments: Any) -> dict[str, Any]:
    """Make a call that must fail, and return its response."""
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return dict(error.value.response)


def test_errors_have_the_members_of_the_model(functions: Any) -> None:
    create(functions)
    missing = failure(functions.get_function, FunctionName="none")
    text = f"Function not found: {ARN.removesuffix('one')}none"
    assert (missing["Type"], missing["Message"], missing["Error"]["Message"]) == ("User", text, text)
    for call, arguments, code in (
        (functions.delete_function, {"Qualifier": "$LATEST"}, "InvalidParameterValueException"),
        (functions.update_function_configuration, {"RevisionId": "old"}, "PreconditionFailedException"),
        (functions.invoke, {"Payload": b"{"}, "InvalidRequestContentException"),
        (functions.get_function_event_invoke_config, {"Qualifier": "none"}, "ResourceNotFoundException"),
    ):
        error = failure(call, FunctionName="one", **arguments)
        assert (error["Error"]["Code"], error["Type"]) == (code, "User")
        assert (error.get("message") or error["Message"]) == error["Error"]["Message"] != ""
    functions.put_function_concurrency(FunctionName="one", ReservedConcurrentExecutions=0)
    throttled = failure(functions.invoke, FunctionName="one")
    assert (throttled["Reason"], throttled["Type"]) == (
        "ReservedFunctionConcurrentInvocationLimitExceeded",
        "User",
    )
    refused = failure(functions.get_function, FunctionName="!")
    assert {"Type", "Message", "message"}.isdisjoint(refused)


def test_request_ids_are_uuids(functions: Any) -> None:
    create(functions)
    answers = [
        functions.list_functions(),
        functions.get_function(FunctionName="one"),
        failure(functions.get_function, FunctionName="none"),
        failure(functions.get_function, FunctionName="!"),
        functions.delete_function(FunctionName="one"),
    ]
    ids = [each["ResponseMetadata"]["RequestId"] for each in answers]
    assert [str(uuid.UUID(each)) for each in ids] == ids
    assert len(set(ids)) == len(ids)


BAD_NAMES = [
    "my-function!",
    "*",
    "invalid-account:function:my-function",
    "arn:aws:lambda:invalid-region:123456789012:function:one",
    "arn:aws:ec2:us-east-1:123456789012:instance:i-1234567890abcdef0",
    f"{ARN}:1:2",
    "function:one:$LATEST:extra",
    "arn:aws:lambda::123456789012:function:one",
    f"{ARN}:$LATES",
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_malformed_function_name_is_refused(functions: Any, name: str) -> None:
    policy = {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    alias = {"Name": "live", "FunctionVersion": "1"}
    for call, arguments in (
        (functions.get_function, {}),
        (functions.get_function_configuration, {}),
        (functions.delete_function, {}),
        (functions.invoke, {}),
        (functions.update_function_code, {"ZipFile": b"x"}),
        (functions.update_function_configuration, {}),
        (functions.publish_version, {}),
        (functions.list_versions_by_function, {}),
        (functions.create_alias, alias),
        (functions.update_alias, {"Name": "live"}),
        (functions.list_aliases, {}),
        (functions.add_permission, policy),
        (functions.get_policy, {}),
        (functions.put_function_concurrency, {"ReservedConcurrentExecutions": 1}),
        (functions.put_function_event_invoke_config, {}),
        (functions.create_function_url_config, {"AuthType": "NONE"}),
    ):
        error = api_error(call, FunctionName=name, **arguments)
        assert (error.status, error.code) == (400, "ValidationException")
        start = (
            f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?"
        )
        assert error.message.startswith(start)
    assert api_error(create, functions=functions, name=name).code == "ValidationException"


@pytest.mark.parametrize(
    ("operation", "arguments", "path", "constraint"),
    [
        ("get_function", {"Qualifier": "invalid!"}, "qualifier", QUALIFIER),
        ("delete_function", {"Qualifier": "invalid!"}, "qualifier", QUALIFIER),
        ("invoke", {"Qualifier": "invalid!"}, "qualifier", QUALIFIER),
        ("create_alias", {"Name": "2024", "FunctionVersion": "1"}, "name", ALIAS),
        ("create_alias", {"Name": "a.b", "FunctionVersion": "1"}, "name", ALIAS),
        ("create_alias", {"Name": "live", "FunctionVersion": "one"}, "functionVersion", VERSION),
        ("get_alias", {"Name": "2024"}, "name", ALIAS),
        (
            "get_function_url_config",
            {"Qualifier": "$LATEST"},
            "qualifier",
            r"((?!^\d+$)^[0-9a-zA-Z-_]+$)",
        ),
        (
            "update_function_configuration",
            {"Role": "r1"},
            "role",
            r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+",
        ),
    ],
)
def test_malformed_value_is_refused_with_its_pattern(
    functions: Any, operation: str, arguments: dict[str, str], path: str, constraint: str
) -> None:
    error = api_error(getattr(functions, operation), FunctionName="one", **arguments)
    value = arguments[path[0].upper() + path[1:]]
    assert error == (
        400,
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{path}' failed to satisfy constraint: Member must "
        f"satisfy regular expression pattern: {constraint}",
    )


def test_all_violations_are_in_one_message(functions: Any) -> None:
    error = api_error(functions.get_function, FunctionName="!", Qualifier="a" * 129)
    assert error.message.startswith("2 validation errors detected: Value '!' at 'functionName' failed")
    assert error.message.endswith(
        f"; Value '{'a' * 129}' at 'qualifier' failed to satisfy constraint: Member must have length less "
        "than or equal to 128"
    )


@pytest.mark.parametrize(
    ("operation", "arguments", "message"),
    [
        (
            "update_function_configuration",
            {"VpcConfig": {"SubnetIds": ["bad"], "SecurityGroupIds": []}},
            "Value '[bad]' at 'vpcConfig.subnetIds' failed to satisfy constraint: Member must satisfy "
            "constraint: [Member must have length less than or equal to 1024, Member must have length "
            "greater than or equal to 0, Member must satisfy regular expression pattern: subnet-[0-9a-z]*]",
        ),
        (
            "update_alias",
            {"Name": "live", "RoutingConfig": {"AdditionalVersionWeights": {"2": 2}}},
            "Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map "
            "value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must "
            "have value greater than or equal to 0.0, Member must not be null]",
        ),
        (
            "update_alias",
            {"Name": "live", "RoutingConfig": {"AdditionalVersionWeights": {"$LATEST": 0.5}}},
            "Value '{$LATEST=0.5}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: "
            "Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member "
            "must have length greater than or equal to 1, Member must satisfy regular expression pattern: "
            "[0-9]+]",
        ),
        (
            "update_function_code",
            {"ZipFile": b"x", "Architectures": ["X86_64"]},
            "Value '[X86_64]' at 'architectures' failed to satisfy constraint: Member must satisfy "
            "constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]",
        ),
        (
            "invoke",
            {"InvocationType": "Later"},
            "Value 'Later' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value "
            "set: [Event, RequestResponse, DryRun]",
        ),
    ],
)
def test_constraints_of_elements_are_worded_as_by_aws(
    functions: Any, operation: str, arguments: dict[str, Any], message: str
) -> None:
    error = api_error(getattr(functions, operation), FunctionName="one", **arguments)
    assert error == (400, "ValidationException", f"1 validation error detected: {message}")


@pytest.mark.parametrize(
    ("name", "code"),
    [("a" * 65, "InvalidParameterValueException"), ("a" * 141, "ValidationException")],
)
def test_long_function_name_is_refused(functions: Any, name: str, code: str) -> None:
    error = api_error(create, functions=functions, name=name)
    limit = 64 if len(name) == 65 else 140
    assert (error.code, error.message) == (
        code,
        f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: Member "
        f"must have length less than or equal to {limit}",
    )


def test_missing_function_is_named_with_its_qualifier(functions: Any) -> None:
    error = api_error(functions.invoke, FunctionName="none")
    assert error.message == f"Function not found: {ARN.removesuffix('one')}none:$LATEST"
    error = api_error(functions.put_function_concurrency, FunctionName="none", ReservedConcurrentExecutions=1)
    assert error.message == f"Function not found: {ARN.removesuffix('one')}none:$LATEST"
    error = api_error(functions.create_alias, FunctionName="none", Name="live", FunctionVersion="1")
    assert error.message == f"Function not found: {ARN.removesuffix('one')}none:1"
    error = api_error(functions.update_alias, FunctionName=ARN, Name="live")
    assert error.message == f"Function not found: {ARN}"
    error = api_error(functions.get_function, FunctionName="one", Qualifier="$latest")
    assert error.message == f"Function not found: {ARN}:$latest"


def test_missing_function_urls_have_errors_of_aws(functions: Any) -> None:
    create(functions)
    no_function, nothing = "Function does not exist", "The resource you requested does not exist."
    for call, name, options, message in (
        (functions.create_function_url_config, "none", {"AuthType": "NONE"}, no_function),
        (functions.create_function_url_config, "one", {"AuthType": "NONE", "Qualifier": "v1"}, no_function),
        (functions.update_function_url_config, "none", {"AuthType": "NONE"}, no_function),
        (functions.update_function_url_config, "one", {"AuthType": "NONE"}, nothing),
        (functions.list_function_url_configs, "none", {}, no_function),
        (functions.get_function_url_config, "none", {}, nothing),
        (functions.get_function_url_config, "one", {"Qualifier": "v1"}, nothing),
        (functions.delete_function_url_config, "none", {}, nothing),
        (functions.delete_function_url_config, "one", {}, nothing),
    ):
        error = api_error(call, FunctionName=name, **options)
        assert error == (404, "ResourceNotFoundException", message)
    error = api_error(functions.delete_function, FunctionName="none", Qualifier="$latest")
    assert error.message == f"Function not found: {ARN.removesuffix('one')}none"


@pytest.mark.parametrize(
    ("payload", "reason", "place"),
    [
        (
            b"\x92{}",
            "Unexpected character ((CTRL-CHAR, code 146)): expected a valid value",
            "line: 1, column: 1",
        ),
        (b'{"a":\n"b\x92"}', "Invalid UTF-8 start byte 0x92", "line: 2, column: 4"),
        (b'"\xc3("', "Invalid UTF-8 middle byte 0x28", "line: 1, column: 3"),
    ],
)
def test_event_that_is_not_utf_8_is_refused(functions: Any, payload: bytes, reason: str, place: str) -> None:
    create(functions)
    error = failure(functions.invoke, FunctionName="one", Payload=payload)
    assert error["Error"]["Code"] == "InvalidRequestContentException"
    prefix = f"Could not parse request body into json: Could not parse payload into json: {reason}"
    assert error["message"].startswith(prefix) and error["message"].endswith(f"{place}]")
