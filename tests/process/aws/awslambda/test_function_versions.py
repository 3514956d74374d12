"""Versions and aliases of functions in Lambda's API."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.served.functions import ARN, create, zipped
from tests.support.served.region import Region, api_error, error_code


@pytest.fixture
def published(functions: Any) -> Any:
    """A client of a region with a function whose version 1 differs from $LATEST."""
    create(functions, Publish=True, Environment={"Variables": {"COLOUR": "green"}}, Timeout=5)
    functions.update_function_code(FunctionName="one", ZipFile=zipped("second"))
    functions.update_function_configuration(
        FunctionName="one", Environment={"Variables": {"COLOUR": "blue"}}, Timeout=6
    )
    return functions


def invocations(region: Region) -> list[tuple[str, bytes, int, str]]:
    """Return version, code, timeout and the caller's ARN of each invocation."""
    return [
        (spec.version, spec.code, spec.timeout, event.function_arn) for spec, event in region.runner.invoked
    ]


def test_published_version_is_immutable(region: Region, published: Any) -> None:
    responses = [published.invoke(FunctionName="one", **options) for options in ({"Qualifier": "1"}, {})]
    assert [each["ExecutedVersion"] for each in responses] == ["1", "$LATEST"]
    assert invocations(region) == [
        ("1", zipped("first"), 5, f"{ARN}:1"),
        ("$LATEST", zipped("second"), 6, ARN),
    ]
    version = published.get_function_configuration(FunctionName="one", Qualifier="1")
    assert (version["Environment"]["Variables"], version["FunctionArn"]) == ({"COLOUR": "green"}, f"{ARN}:1")


def test_unchanged_function_is_not_published_again(functions: Any) -> None:
    assert create(functions, Publish=True)["Version"] == "1"
    assert functions.publish_version(FunctionName="one", Description="again")["Version"] == "1"
    same = functions.update_function_code(FunctionName="one", ZipFile=zipped("first"), Publish=True)
    assert (same["Version"], same["FunctionArn"]) == ("1", f"{ARN}:1")
    other = functions.update_function_code(FunctionName="one", ZipFile=zipped("second"), Publish=True)
    assert (other["Version"], other["FunctionArn"]) == ("2", f"{ARN}:2")
    functions.update_function_configuration(FunctionName="one", Timeout=9)
    third = functions.publish_version(FunctionName="one", Description="slower")
    assert (third["Version"], third["Description"], third["Timeout"]) == ("3", "slower", 9)
    assert functions.get_function_configuration(FunctionName="one")["Description"] == ""
    listed = functions.list_versions_by_function(FunctionName="one")["Versions"]
    assert [each["FunctionArn"].removeprefix(ARN) for each in listed] == [":$LATEST", ":1", ":2", ":3"]


def test_time_of_the_last_change_has_aws_format(functions: Any) -> None:
    changed = create(functions)["LastModified"]

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", changed)


def test_version_numbers_are_not_reused(functions: Any) -> None:
    create(functions, Publish=True)
    functions.delete_function(FunctionName="one", Qualifier="1")
    assert error_code(functions.invoke, FunctionName="one:1") == "ResourceNotFoundException"
    assert functions.publish_version(FunctionName="one")["Version"] == "2"


def test_publish_checks_code_hash_and_revision(functions: Any) -> None:
    created = create(functions)
    error = api_error(functions.publish_version, FunctionName="one", CodeSha256="another")
    assert error.code == "InvalidParameterValueException" and created["CodeSha256"] in error.message
    old = created["RevisionId"]
    functions.update_function_configuration(FunctionName="one", Timeout=9, RevisionId=old)
    for call, change in (
        (functions.publish_version, {}),
        (functions.update_function_configuration, {"Timeout": 10}),
        (functions.update_function_code, {"ZipFile": zipped("second")}),
    ):
        assert error_code(call, FunctionName="one", RevisionId=old, **change) == "PreconditionFailedException"


def test_update_stops_workers_of_latest_only(region: Region, published: Any) -> None:
    assert region.runner.forgotten == [(ARN, "$LATEST")] * 2
    published.delete_function(FunctionName="one", Qualifier="1")
    assert region.runner.forgotten[2:] == [(ARN, "1")]


@pytest.mark.parametrize(
    ("name", "qualifier", "version"),
    [
        ("one", None, "$LATEST"),
        ("one", "$LATEST", "$LATEST"),
        ("one", "1", "1"),
        ("one", "live", "1"),
        ("one:live", None, "1"),
        ("one:1", "1", "1"),
        (f"{ARN}:live", None, "1"),
        (ARN, "live", "1"),
        ("123456789012:function:one:1", None, "1"),
    ],
)
def test_version_is_invoked_by_qualifier_name_or_arn(
    region: Region, published: Any, name: str, qualifier: str | None, version: str
) -> None:
    published.create_alias(FunctionName="one", Name="live", FunctionVersion="1")
    response = published.invoke(FunctionName=name, **({"Qualifier": qualifier} if qualifier else {}))
    assert response["ExecutedVersion"] == version == invocations(region)[0][0]
    expected = qualifier or next((each for each in ("live", "1") if name.endswith(f":{each}")), None)
    assert invocations(region)[0][3] == (f"{ARN}:{expected}" if expected else ARN)


@pytest.mark.parametrize(
    ("name", "qualifier", "code"),
    [
        ("one", "7", "ResourceNotFoundException"),
        ("one", "none", "ResourceNotFoundException"),
        ("one:1", "2", "InvalidParameterValueException"),
        ("arn:aws:lambda:eu-west-1:123456789012:function:one", None, "ResourceNotFoundException"),
        ("arn:aws:lambda:us-east-1:999999999999:function:one", None, "AccessDeniedException"),
    ],
)
def test_unknown_version_is_rejected(published: Any, name: str, qualifier: str | None, code: str) -> None:
    options = {"Qualifier": qualifier} if qualifier else {}
    assert error_code(published.invoke, FunctionName=name, **options) == code


def test_alias_lifecycle(published: Any) -> None:
    created = published.create_alias(
        FunctionName="one", Name="live", FunctionVersion="1", Description="callers'"
    )
    assert (created["AliasArn"], created["Description"]) == (f"{ARN}:live", "callers'")
    error = api_error(published.create_alias, FunctionName="one", Name="live", FunctionVersion="1")
    assert error.code == "ResourceConflictException"
    error = api_error(published.delete_function, FunctionName="one", Qualifier="1")
    assert error.code == "ResourceConflictException" and "live" in error.message
    error = api_error(published.update_alias, FunctionName="one", Name="live", FunctionVersion="2")
    assert error.code == "ResourceNotFoundException"
    published.publish_version(FunctionName="one")
    moved = published.update_alias(FunctionName="one", Name="live", FunctionVersion="2")
    assert (moved["FunctionVersion"], moved["Description"]) == ("2", "callers'")
    error = api_error(
        published.update_alias, FunctionName="one", Name="live", RevisionId=created["RevisionId"]
    )
    assert error.code == "PreconditionFailedException"
    assert published.invoke(FunctionName="one:live")["ExecutedVersion"] == "2"
    listed = published.list_aliases(FunctionName="one", FunctionVersion="2")["Aliases"]
    assert [each["Name"] for each in listed] == ["live"]
    published.delete_alias(FunctionName="one", Name="live")
    error = api_error(published.get_alias, FunctionName="one", Name="live")
    assert error.code == "ResourceNotFoundException"
    published.delete_function(FunctionName="one", Qualifier="2")


def test_alias_routes_by_weight(published: Any) -> None:
    published.publish_version(FunctionName="one")
    published.create_alias(
        FunctionName="one",
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}},
    )

    def versions() -> set[str]:
        return {published.invoke(FunctionName="one:live")["ExecutedVersion"] for _ in range(60)}

    assert versions() == {"1", "2"}  # one of 2**59 runs misses one of them
    published.update_alias(FunctionName="one", Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    assert versions() == {"1"}


@pytest.mark.parametrize(
    ("version", "weights"),
    [("1", {"1": 0.5}), ("$LATEST", {"1": 0.5}), ("1", {"2": 0.1, "3": 0.1})],
)
def test_invalid_alias_weights_are_rejected(published: Any, version: str, weights: dict[str, float]) -> None:
    alias = {"Name": "live", "FunctionVersion": version}
    routing = {"AdditionalVersionWeights": weights}
    error = api_error(published.create_alias, FunctionName="one", **alias, RoutingConfig=routing)
    assert error.code == "InvalidParameterValueException"


def test_latest_is_deleted_with_its_function_only(published: Any) -> None:
    error = api_error(published.delete_function, FunctionName="one", Qualifier="$LATEST")
    assert error.code == "InvalidParameterValueException"
    published.delete_function(FunctionName="one")
    for name in ("one", "one:1"):
        assert error_code(published.invoke, FunctionName=name) == "ResourceNotFoundException"


def test_versions_are_paginated(functions: Any) -> None:
    create(functions)
    for timeout in range(1, 61):
        functions.update_function_configuration(FunctionName="one", Timeout=timeout)
        functions.publish_version(FunctionName="one")
    pages = list(functions.get_paginator("list_versions_by_function").paginate(FunctionName="one"))
    assert [len(page["Versions"]) for page in pages] == [50, 11]
    assert [each["Version"] for page in pages for each in page["Versions"]][-1] == "60"


def test_permissions_are_per_qualifier(published: Any) -> None:
    published.create_alias(FunctionName="one", Name="live", FunctionVersion="1")
    for sid, options in (("whole", {}), ("alias", {"Qualifier": "live"})):
        published.add_permission(
            FunctionName="one",
            StatementId=sid,
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            **options,
        )
    published.publish_version(FunctionName="one")
    published.update_alias(FunctionName="one", Name="live", FunctionVersion="2")
    policy = published.get_policy(FunctionName="one", Qualifier="live")["Policy"]
    assert '"alias"' in policy and f"{ARN}:live" in policy and "whole" not in policy
    published.remove_permission(FunctionName="one", StatementId="alias", Qualifier="live")
    error = api_error(published.get_policy, FunctionName="one", Qualifier="live")
    assert error.code == "ResourceNotFoundException"
    assert "whole" in published.get_policy(FunctionName="one")["Policy"]


def test_statement_ids_are_unique(published: Any) -> None:
    permission = {
        "FunctionName": "one",
        "StatementId": "events",
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
    }
    published.add_permission(**permission)
    error = api_error(published.add_permission, **permission)
    assert error.code == "ResourceConflictException" and "(events)" in error.message
    published.add_permission(**permission, Qualifier="1")  # versions have separate policies
    published.remove_permission(FunctionName="one", StatementId="events")
    assert error_code(published.get_policy, FunctionName="one") == "ResourceNotFoundException"
