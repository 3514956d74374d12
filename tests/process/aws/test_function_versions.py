"""Versions and aliases of functions, as callers of Lambda's API see them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.served_functions import ARN, create, refusal, zipped
from tests.support.served_region import Region


@pytest.fixture
def published(functions: Any) -> Any:
    """A client, and a function with version 1, which differs from $LATEST."""
    create(functions, Publish=True, Environment={"Variables": {"COLOUR": "green"}}, Timeout=5)
    functions.update_function_code(FunctionName="one", ZipFile=zipped("second"))
    functions.update_function_configuration(
        FunctionName="one", Environment={"Variables": {"COLOUR": "blue"}}, Timeout=6
    )
    return functions


def ran(region: Region) -> list[tuple[str, bytes, int, str]]:
    """Return what was run: version, code, timeout and the ARN that the caller meant."""
    return [
        (spec.version, spec.code, spec.timeout, event.function_arn) for spec, event in region.runner.invoked
    ]


def test_a_version_keeps_code_and_configuration(region: Region, published: Any) -> None:
    answers = [published.invoke(FunctionName="one", **by) for by in ({"Qualifier": "1"}, {})]
    assert [each["ExecutedVersion"] for each in answers] == ["1", "$LATEST"]
    assert ran(region) == [("1", zipped("first"), 5, f"{ARN}:1"), ("$LATEST", zipped("second"), 6, ARN)]
    shown = published.get_function_configuration(FunctionName="one", Qualifier="1")
    assert (shown["Environment"]["Variables"], shown["FunctionArn"]) == ({"COLOUR": "green"}, f"{ARN}:1")


def test_what_did_not_change_is_not_published_again(functions: Any) -> None:
    assert create(functions, Publish=True)["Version"] == "1"
    assert functions.publish_version(FunctionName="one", Description="again")["Version"] == "1"
    same = functions.update_function_code(FunctionName="one", ZipFile=zipped("first"), Publish=True)
    assert (same["Version"], same["FunctionArn"]) == ("1", f"{ARN}:1")
    other = functions.update_function_code(FunctionName="one", ZipFile=zipped("second"), Publish=True)
    assert (other["Version"], other["FunctionArn"]) == ("2", f"{ARN}:2")
    functions.update_function_configuration(FunctionName="one", Timeout=9)
    made = functions.publish_version(FunctionName="one", Description="slower")
    assert (made["Version"], made["Description"], made["Timeout"]) == ("3", "slower", 9)
    assert functions.get_function_configuration(FunctionName="one")["Description"] == ""
    listed = functions.list_versions_by_function(FunctionName="one")["Versions"]
    assert [each["FunctionArn"].removeprefix(ARN) for each in listed] == [":$LATEST", ":1", ":2", ":3"]


def test_a_number_is_never_given_twice(functions: Any) -> None:
    create(functions, Publish=True)
    functions.delete_function(FunctionName="one", Qualifier="1")
    assert refusal(functions.invoke, FunctionName="one:1")["Code"] == "ResourceNotFoundException"
    assert functions.publish_version(FunctionName="one")["Version"] == "2"


def test_only_the_code_and_revision_that_the_caller_knows_is_published(functions: Any) -> None:
    made = create(functions)
    wrong = refusal(functions.publish_version, FunctionName="one", CodeSha256="another")
    assert wrong["Code"] == "InvalidParameterValueException" and made["CodeSha256"] in wrong["Message"]
    old = made["RevisionId"]
    functions.update_function_configuration(FunctionName="one", Timeout=9, RevisionId=old)
    for call, change in (
        (functions.publish_version, {}),
        (functions.update_function_configuration, {"Timeout": 10}),
        (functions.update_function_code, {"ZipFile": zipped("second")}),
    ):
        late = refusal(call, FunctionName="one", RevisionId=old, **change)
        assert late["Code"] == "PreconditionFailedException"


def test_an_update_forgets_the_workers_of_latest_alone(region: Region, published: Any) -> None:
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
def test_a_version_is_called_by_qualifier_name_or_arn(
    region: Region, published: Any, name: str, qualifier: str | None, version: str
) -> None:
    published.create_alias(FunctionName="one", Name="live", FunctionVersion="1")
    answer = published.invoke(FunctionName=name, **({"Qualifier": qualifier} if qualifier else {}))
    assert answer["ExecutedVersion"] == version == ran(region)[0][0]
    meant = qualifier or next((each for each in ("live", "1") if name.endswith(f":{each}")), None)
    assert ran(region)[0][3] == (f"{ARN}:{meant}" if meant else ARN)


@pytest.mark.parametrize(
    ("name", "qualifier", "code"),
    [
        ("one", "7", "ResourceNotFoundException"),
        ("one", "none", "ResourceNotFoundException"),
        ("one:1", "2", "InvalidParameterValueException"),
        ("arn:aws:lambda:eu-west-1:123456789012:function:one", None, "ResourceNotFoundException"),
        ("arn:aws:lambda:us-east-1:999999999999:function:one", None, "ResourceNotFoundException"),
    ],
)
def test_a_version_that_cannot_be_meant_is_refused(
    published: Any, name: str, qualifier: str | None, code: str
) -> None:
    by = {"Qualifier": qualifier} if qualifier else {}
    assert refusal(published.invoke, FunctionName=name, **by)["Code"] == code


def test_an_alias_points_where_it_is_told_and_holds_its_version(published: Any) -> None:
    made = published.create_alias(
        FunctionName="one", Name="live", FunctionVersion="1", Description="callers'"
    )
    assert (made["AliasArn"], made["Description"]) == (f"{ARN}:live", "callers'")
    taken = refusal(published.create_alias, FunctionName="one", Name="live", FunctionVersion="1")
    assert taken["Code"] == "ResourceConflictException"
    needed = refusal(published.delete_function, FunctionName="one", Qualifier="1")
    assert needed["Code"] == "ResourceConflictException" and "live" in needed["Message"]
    unknown = refusal(published.update_alias, FunctionName="one", Name="live", FunctionVersion="2")
    assert unknown["Code"] == "ResourceNotFoundException"
    published.publish_version(FunctionName="one")
    moved = published.update_alias(FunctionName="one", Name="live", FunctionVersion="2")
    assert (moved["FunctionVersion"], moved["Description"]) == ("2", "callers'")
    late = refusal(published.update_alias, FunctionName="one", Name="live", RevisionId=made["RevisionId"])
    assert late["Code"] == "PreconditionFailedException"
    assert published.invoke(FunctionName="one:live")["ExecutedVersion"] == "2"
    listed = published.list_aliases(FunctionName="one", FunctionVersion="2")["Aliases"]
    assert [each["Name"] for each in listed] == ["live"]
    published.delete_alias(FunctionName="one", Name="live")
    gone = refusal(published.get_alias, FunctionName="one", Name="live")
    assert gone["Code"] == "ResourceNotFoundException"
    published.delete_function(FunctionName="one", Qualifier="2")


def test_an_alias_shares_invocations_out_by_weight(published: Any) -> None:
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
    [("1", {"1": 0.5}), ("$LATEST", {"1": 0.5}), ("1", {"$LATEST": 0.5}), ("1", {"2": 0.1, "3": 0.1})],
)
def test_weights_are_of_two_published_versions(
    published: Any, version: str, weights: dict[str, float]
) -> None:
    wanted = {"Name": "live", "FunctionVersion": version}
    routing = {"AdditionalVersionWeights": weights}
    refused = refusal(published.create_alias, FunctionName="one", **wanted, RoutingConfig=routing)
    assert refused["Code"] == "InvalidParameterValueException"


def test_latest_goes_with_its_function_only(published: Any) -> None:
    refused = refusal(published.delete_function, FunctionName="one", Qualifier="$LATEST")
    assert refused["Code"] == "InvalidParameterValueException"
    published.delete_function(FunctionName="one")
    for name in ("one", "one:1"):
        assert refusal(published.invoke, FunctionName=name)["Code"] == "ResourceNotFoundException"


def test_many_versions_come_in_pages(functions: Any) -> None:
    create(functions)
    for timeout in range(1, 61):
        functions.update_function_configuration(FunctionName="one", Timeout=timeout)
        functions.publish_version(FunctionName="one")
    pages = list(functions.get_paginator("list_versions_by_function").paginate(FunctionName="one"))
    assert [len(page["Versions"]) for page in pages] == [50, 11]
    assert [each["Version"] for page in pages for each in page["Versions"]][-1] == "60"


def test_permissions_are_a_functions_an_aliass_or_a_versions(published: Any) -> None:
    published.create_alias(FunctionName="one", Name="live", FunctionVersion="1")
    for sid, by in (("whole", {}), ("alias", {"Qualifier": "live"})):
        published.add_permission(
            FunctionName="one",
            StatementId=sid,
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            **by,
        )
    published.publish_version(FunctionName="one")
    published.update_alias(FunctionName="one", Name="live", FunctionVersion="2")
    kept = published.get_policy(FunctionName="one", Qualifier="live")["Policy"]
    assert '"alias"' in kept and f"{ARN}:live" in kept and "whole" not in kept
    published.remove_permission(FunctionName="one", StatementId="alias", Qualifier="live")
    gone = refusal(published.get_policy, FunctionName="one", Qualifier="live")
    assert gone["Code"] == "ResourceNotFoundException"
    assert "whole" in published.get_policy(FunctionName="one")["Policy"]


def test_the_id_of_a_statement_is_given_once(published: Any) -> None:
    permission = {
        "FunctionName": "one",
        "StatementId": "events",
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
    }
    published.add_permission(**permission)
    again = refusal(published.add_permission, **permission)
    assert again["Code"] == "ResourceConflictException" and "(events)" in again["Message"]
    published.add_permission(**permission, Qualifier="1")  # a version has a policy of its own
    published.remove_permission(FunctionName="one", StatementId="events")
    assert refusal(published.get_policy, FunctionName="one")["Code"] == "ResourceNotFoundException"
