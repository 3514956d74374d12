"""Values of a function's configuration, code and permissions that AWS refuses, or the lab by name."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from typing import Any

import pytest

from tests.support.served.functions import ARN, create
from tests.support.served.region import Region, api_error, error_code, unique
from tests.support.served.stacks import Stacks
from vpcache.lab.functions.spec import LogSettings

ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "lambda.amazonaws.com"},
            },
        }
    },
}
LIMIT = (
    "Lambda was unable to configure your environment variables because the environment variables you have "
    "provided exceeded the 4KB limit. String measured: "
)
PRINCIPAL = "The provided principal was invalid. Please check the principal and try again."
INVOKE = {"FunctionName": "one", "Action": "lambda:InvokeFunction"}


def changed(functions: Any, **change: Any) -> Any:
    return api_error(functions.update_function_configuration, FunctionName="one", **change)


def test_runtime_that_this_machine_lacks_is_refused(region: Region, functions: Any) -> None:
    region.runner.missing = frozenset({"python3.12"})
    error = api_error(create, functions=functions, Runtime="python3.12")
    assert (error.status, error.code) == (501, "NotImplemented")
    assert "The runtime python3.12 is not supported on this machine." in error.message
    assert error_code(functions.get_function, FunctionName="one") == "ResourceNotFoundException"
    create(functions, Runtime="python3.13")
    error = changed(functions, Runtime="python3.12", Timeout=7)
    assert (error.status, error.code) == (501, "NotImplemented")
    configuration = functions.get_function_configuration(FunctionName="one")
    assert (configuration["Runtime"], configuration["Timeout"]) == ("python3.13", 3)


def test_stack_with_a_runtime_that_this_machine_lacks_fails(region: Region) -> None:
    region.runner.missing = frozenset({"python3.12"})
    properties = {
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Code": {"ZipFile": "x = 1"},
    }
    function = {"Type": "AWS::Lambda::Function", "Properties": properties}
    stacks = Stacks(region.client("cloudformation"))
    stack = stacks.create({"Role": ROLE, "Function": function}, "ROLLBACK_COMPLETE")
    assert "The runtime python3.12 is not supported on this machine." in str(stacks.reasons(stack["StackId"]))


@pytest.mark.parametrize("runtime", ["python3.7", "nodejs14.x", "go1.x", "java8", "provided", "python2.7"])
def test_deprecated_runtime_is_refused(functions: Any, runtime: str) -> None:
    expected = (
        400,
        "InvalidParameterValueException",
        f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda "
        "functions. We recommend you use a supported runtime while creating or updating functions.",
    )
    assert api_error(create, functions=functions, name="old", Runtime=runtime) == expected
    create(functions)
    assert changed(functions, Runtime=runtime) == expected


@pytest.mark.parametrize("runtime", ["non-existent-runtime", "PYTHON3.9", "custom"])
def test_unknown_runtime_is_refused(functions: Any, runtime: str) -> None:
    create(functions)
    for error in (
        api_error(create, functions=functions, name="new", Runtime=runtime),
        changed(functions, Runtime=runtime),
    ):
        assert error.code == "InvalidParameterValueException"
        start = (
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set"
        )
        assert error.message.startswith(f"{start}: [") and error.message.endswith("] or be a valid ARN")


def test_environment_is_measured_as_json(functions: Any) -> None:
    create(functions)
    fits = {"SMALL_VAR": "ok", "LARGE_VAR": "x" * 4063}
    functions.update_function_configuration(FunctionName="one", Environment={"Variables": fits})
    for variables in ({"SMALL_VAR": "ok", "LARGE_VAR": "x" * 4064}, {"LARGE_VAR": "é" * 2048}):
        measured = json.dumps(variables, ensure_ascii=False, separators=(",", ":"))
        error = changed(functions, Environment={"Variables": variables})
        assert error == (400, "InvalidParameterValueException", LIMIT + measured)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("A=B", "v", "ValidationException"),
        ("A", "v", "ValidationException"),
        ("1A", "v", "ValidationException"),
        ("", "v", "ValidationException"),
        ("AB", "a\0b", "InvalidParameterValueException"),
        ("AWS_REGION", "v", "InvalidParameterValueException"),
    ],
)
def test_environment_variable_is_refused(functions: Any, name: str, value: str, code: str) -> None:
    create(functions)
    error = changed(functions, Environment={"Variables": {name: value}})
    assert (error.status, error.code) == (400, code)
    if code == "ValidationException":
        assert error.message == (
            "1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: Map "
            "keys must satisfy constraint: [Member must satisfy regular expression pattern: "
            "[a-zA-Z]([a-zA-Z0-9_])+]"
        )


def archive(**files: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as target:
        for name, text in files.items():
            target.writestr(name, text)
    return data.getvalue()


def test_invalid_archives_are_refused(functions: Any) -> None:
    create(functions)
    invalid = "Could not unzip uploaded file. Please check your file, then try to upload again."
    for code, message in (
        (b"no zip", invalid),
        (archive(), "Uploaded file must be a non-empty zip"),
        (archive(**{"a": "file", "a/b": "in a folder"}), invalid),
        (archive(**{"./a": "file", "a//b": "in a folder"}), invalid),
        (archive(**{"a": "file", "a/": ""}), invalid),
        (archive(**{"..": "no name"}), invalid),
        (archive(**{"x" * 256: "long"}), invalid),
        (archive(a="damaged content").replace(b"damaged", b"DAMAGED"), invalid),
    ):
        error = api_error(functions.update_function_code, FunctionName="one", ZipFile=code)
        assert error == (400, "InvalidParameterValueException", message)


def test_large_archives_are_refused(region: Region, functions: Any) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as target, target.open("big.bin", "w") as big:
        for _ in range(251):
            big.write(bytes(1 << 20))
    s3, bucket = region.client("s3"), unique("code")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=data.getvalue())
    create(functions)
    error = api_error(functions.update_function_code, FunctionName="one", S3Bucket=bucket, S3Key="k")
    message = "Unzipped size must be smaller than 262144000 bytes"
    assert error == (400, "InvalidParameterValueException", message)
    error = api_error(functions.update_function_code, FunctionName="one", ZipFile=bytes((50 << 20) + 1))
    message = "Zipped size must be smaller than 52428800 bytes"
    assert error == (413, "RequestEntityTooLargeException", message)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("SnapStart", {"ApplyOn": "PublishedVersions"}),
        ("ImageConfig", {"Command": ["run"]}),
    ],
)
def test_unsupported_parameter_is_named(functions: Any, parameter: str, value: Any) -> None:
    create(functions)
    for error in (
        changed(functions, **{parameter: value}),
        api_error(create, functions=functions, name="two", **{parameter: value}),
    ):
        assert (error.status, error.code) == (501, "NotImplemented")
        assert parameter in error.message
    functions.update_function_configuration(FunctionName="one", SnapStart={"ApplyOn": "None"})


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        ({"StatementId": "example.com"}, "ValidationException", "at 'statementId' failed to satisfy"),
        ({"Action": "s3:GetObject"}, "ValidationException", "at 'action' failed to satisfy"),
        ({"Principal": "invalid.nonaws.com"}, "InvalidParameterValueException", PRINCIPAL),
        (
            {"Principal": "arn:aws:iam::123456789012:role/none"},
            "InvalidParameterValueException",
            PRINCIPAL,
        ),
        (
            {"Qualifier": "$LATEST"},
            "InvalidParameterValueException",
            "We currently do not support adding policies for $LATEST.",
        ),
        ({"Qualifier": "none"}, "ResourceNotFoundException", f"Cannot find alias arn: {ARN}:none"),
        ({"Qualifier": "42"}, "ResourceNotFoundException", f"Function not found: {ARN}:42"),
    ],
)
def test_permission_is_refused(functions: Any, change: dict[str, str], code: str, text: str) -> None:
    create(functions)
    permission = {**INVOKE, "StatementId": "s", "Principal": "s3.amazonaws.com", **change}
    error = api_error(functions.add_permission, **permission)
    assert error.code == code and text in error.message
    assert error_code(functions.get_policy, FunctionName="one") == "ResourceNotFoundException"


def test_accounts_and_roles_are_principals(functions: Any) -> None:
    create(functions)
    role = "arn:aws:iam::123456789012:role/function"
    for sid, principal, expected in (
        ("account", "123456789012", {"AWS": "arn:aws:iam::123456789012:root"}),
        ("role", role, {"AWS": role}),
        ("service", "s3.amazonaws.com", {"Service": "s3.amazonaws.com"}),
        ("all", "*", "*"),
    ):
        added = functions.add_permission(**INVOKE, StatementId=sid, Principal=principal)
        assert json.loads(added["Statement"])["Principal"] == expected


def test_missing_policies_have_errors_of_aws(functions: Any) -> None:
    create(functions)
    remove = functions.remove_permission
    missing = ARN.removesuffix("one") + "none"
    assert (
        api_error(remove, FunctionName="none", StatementId="s").message == f"No policy found for: {missing}"
    )
    assert api_error(remove, FunctionName="one", StatementId="s").message == (
        "No policy is associated with the given resource."
    )
    assert api_error(functions.get_policy, FunctionName="none").message == (
        "The resource you requested does not exist."
    )
    functions.add_permission(**INVOKE, StatementId="s", Principal="s3.amazonaws.com")
    assert api_error(remove, FunctionName="one", StatementId="t").message == (
        "Statement t is not found in resource policy."
    )
    error = api_error(remove, FunctionName="one", StatementId="s", RevisionId="old")
    assert (error.status, error.code) == (412, "PreconditionFailedException")


def test_missing_event_source_mappings_are_not_found(functions: Any) -> None:
    for call, options in (
        (functions.get_event_source_mapping, {}),
        (functions.update_event_source_mapping, {"Enabled": False}),
        (functions.delete_event_source_mapping, {}),
    ):
        error = api_error(call, UUID=str(uuid.uuid4()), **options)
        assert error == (404, "ResourceNotFoundException", "The resource you requested does not exist.")
    assert functions.list_event_source_mappings()["EventSourceMappings"] == []


def test_log_levels_need_the_json_format(functions: Any) -> None:
    expected = (
        400,
        "InvalidParameterValueException",
        'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or '
        'change the LogFormat to "JSON" and try again.',
    )
    for config in ({"ApplicationLogLevel": "WARN"}, {"LogFormat": "Text", "SystemLogLevel": "WARN"}):
        assert api_error(create, functions=functions, LoggingConfig=config) == expected
    create(functions)
    assert changed(functions, Timeout=9, LoggingConfig={"ApplicationLogLevel": "WARN"}) == expected
    assert functions.get_function_configuration(FunctionName="one")["Timeout"] != 9


def test_log_settings_and_storage_reach_the_process(region: Region, functions: Any) -> None:
    create(functions)
    for change, settings, storage in (
        ({}, LogSettings(), 512),
        ({"EphemeralStorage": {"Size": 1024}}, LogSettings(), 1024),
        ({"LoggingConfig": {"LogFormat": "JSON"}}, LogSettings("JSON", "INFO", "INFO"), 1024),
        ({"LoggingConfig": {"ApplicationLogLevel": "WARN"}}, LogSettings("JSON", "WARN", "INFO"), 1024),
        ({"LoggingConfig": {"LogFormat": "Text"}}, LogSettings(), 1024),
    ):
        if change:
            functions.update_function_configuration(FunctionName="one", **change)
        functions.invoke(FunctionName="one")
        spec, _ = region.runner.invoked[-1]
        assert (spec.log_settings, spec.ephemeral_storage) == (settings, storage)


def test_empty_dead_letter_config_changes_nothing(functions: Any) -> None:
    topic = {"TargetArn": "arn:aws:sns:us-east-1:123456789012:dead"}
    create(functions, DeadLetterConfig=topic)
    update = functions.update_function_configuration
    assert update(FunctionName="one", DeadLetterConfig={})["DeadLetterConfig"] == topic
    assert "DeadLetterConfig" not in update(FunctionName="one", DeadLetterConfig={"TargetArn": ""})


def test_tags_of_aws_limits_are_checked(functions: Any) -> None:
    create(functions)
    invalid = "InvalidParameterValueException"
    qualified = "Tags on function aliases and versions are not supported. Please specify a function ARN."
    missing = ARN.removesuffix("one") + "none"
    many = {f"key-{number}": "" for number in range(51)}
    for arn, tags, expected in (
        (f"{ARN}:$LATEST", {"a": "b"}, (400, invalid, qualified)),
        (missing, {"a": "b"}, (404, "ResourceNotFoundException", f"Function not found: {missing}")),
        (ARN, {}, (400, invalid, "An error occurred and the request cannot be processed.")),
        (ARN, many, (400, invalid, "Number of tags exceeds resource tag limit.")),
    ):
        assert api_error(functions.tag_resource, Resource=arn, Tags=tags) == expected
    error = api_error(create, functions=functions, name="two", Tags=many)
    assert error == (400, invalid, "Number of tags exceeds resource tag limit.")
    functions.tag_resource(Resource=ARN, Tags={"a": "b", "c": "d"})
    functions.untag_resource(Resource=ARN, TagKeys=["a"])
    assert functions.list_tags(Resource=ARN)["Tags"] == {"c": "d"}


def test_event_invoke_config_is_refused(functions: Any) -> None:
    create(functions)
    put, update = functions.put_function_event_invoke_config, functions.update_function_event_invoke_config
    retries, gone = {"MaximumRetryAttempts": 1}, "The function doesn't exist."
    itself = {"DestinationConfig": {"OnSuccess": {"Destination": ARN}}}
    missing = {"DestinationConfig": {"OnSuccess": {"Destination": f"{ARN}s"}}}
    for call, arguments, message in (
        (put, {"FunctionName": "none", **retries}, gone),
        (put, {"FunctionName": "one", "Qualifier": "none", **retries}, gone),
        (update, {"FunctionName": "none", **retries}, gone),
        (functions.list_function_event_invoke_configs, {"FunctionName": "none"}, gone),
        (
            functions.get_function_event_invoke_config,
            {"FunctionName": "one", "Qualifier": "none"},
            f"The function {ARN}:none doesn't have an EventInvokeConfig",
        ),
        (
            put,
            {"FunctionName": "none"},
            "You must specify at least one of error handling or destination setting.",
        ),
        (
            put,
            {"FunctionName": "one", **itself},
            "You can't specify the function as a destination for itself.",
        ),
        (put, {"FunctionName": "one", **missing}, f"The destination ARN {ARN}s is invalid."),
    ):
        assert api_error(call, **arguments).message == message
    config = put(FunctionName="one", DestinationConfig={"OnSuccess": {}})
    assert config["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {}}
