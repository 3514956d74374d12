"""What the descriptions of functions contain, and how revisions change."""

from __future__ import annotations

from typing import Any

from tests.support.served.functions import ARN, create, eventually, zipped
from tests.support.served.region import Region, api_error


def slow(region: Region) -> None:
    """Let creations and updates take some time."""
    region.settings = region.settings.changed({"transition_ms": 400})


def active(functions: Any, **options: Any) -> dict[str, Any]:
    """Wait until a version is active and not being updated, and return its configuration."""

    def ready() -> dict[str, Any] | None:
        found = functions.get_function_configuration(FunctionName="one", **options)
        return dict(found) if found.get("LastUpdateStatus") == "Successful" else None

    return dict(eventually(ready))


def test_revision_changes_at_the_end_of_transitions(region: Region, functions: Any) -> None:
    slow(region)
    revisions = [create(functions)["RevisionId"], active(functions)["RevisionId"]]
    updated = functions.update_function_configuration(FunctionName="one", Timeout=9)
    revisions += [updated["RevisionId"], active(functions)["RevisionId"]]
    version = functions.publish_version(FunctionName="one", RevisionId=revisions[-1])
    revisions += [version["RevisionId"], active(functions)["RevisionId"]]
    assert len(set(revisions)) == 6
    assert active(functions, Qualifier="1")["RevisionId"] == version["RevisionId"]
    again = functions.publish_version(FunctionName="one")
    assert (again["Version"], active(functions)["RevisionId"]) == ("1", revisions[-1])
    for call, change in (
        (functions.update_function_code, {"ZipFile": zipped("second")}),
        (functions.update_function_configuration, {"Timeout": 8}),
        (functions.publish_version, {}),
    ):
        error = api_error(call, FunctionName="one", RevisionId=revisions[0], **change)
        assert error == (
            412,
            "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias "
            "API to retrieve the latest Revision Id",
        )


def test_new_function_has_no_update_status(region: Region, functions: Any) -> None:
    slow(region)
    created = create(functions, Environment={"Variables": {}})
    assert (created["State"], created["StateReasonCode"]) == ("Pending", "Creating")
    assert {"LastUpdateStatus", "Layers", "VpcConfig", "DeadLetterConfig"}.isdisjoint(created)
    assert created["Environment"] == {"Variables": {}}
    runtime = created["RuntimeVersionConfig"]["RuntimeVersionArn"]
    assert runtime.startswith("arn:aws:lambda:us-east-1::runtime:")
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 201
    ready = active(functions)
    assert "StateReason" not in ready and ready["State"] == "Active"
    updated = functions.update_function_configuration(FunctionName="one", Description="x")
    assert (updated["LastUpdateStatus"], updated["LastUpdateStatusReason"]) == (
        "InProgress",
        "The function is being created.",
    )
    assert updated["LastUpdateStatusReasonCode"] == "Creating"
    assert "LastUpdateStatusReason" not in active(functions)


def test_version_published_at_creation_has_unqualified_arn(region: Region, functions: Any) -> None:
    slow(region)
    created = create(functions, Publish=True)
    assert (created["FunctionArn"], created["Version"], created["State"]) == (ARN, "1", "Pending")
    version = active(functions, Qualifier="1")
    assert version["FunctionArn"] == f"{ARN}:1"
    functions.update_function_configuration(FunctionName="one", Timeout=9)
    same = functions.get_function_configuration(FunctionName="one", Qualifier="1")
    assert (same["LastUpdateStatus"], same["RevisionId"]) == ("Successful", version["RevisionId"])
    assert functions.get_function_configuration(FunctionName="one")["LastUpdateStatus"] == "InProgress"


def test_version_published_by_an_update_is_pending(region: Region, functions: Any) -> None:
    slow(region)
    create(functions)
    active(functions)
    code = {"ZipFile": zipped("second"), "Publish": True}
    version = functions.update_function_code(FunctionName="one", **code)
    assert (version["FunctionArn"], version["State"]) == (f"{ARN}:1", "Pending")
    assert "LastUpdateStatus" not in version
    assert functions.get_function_configuration(FunctionName="one")["LastUpdateStatus"] == "InProgress"
    assert active(functions, Qualifier="1")["State"] == "Active"


def test_function_without_environment_or_tags_shows_none(functions: Any) -> None:
    create(functions)
    described = functions.get_function(FunctionName="one")
    assert "Tags" not in described and "Environment" not in described["Configuration"]
    create(functions, "two", Tags={"a": "b"})
    assert functions.get_function(FunctionName="two")["Tags"] == {"a": "b"}


def test_lists_have_no_states(functions: Any) -> None:
    create(functions, Publish=True)
    for listed in (
        functions.list_functions()["Functions"],
        functions.list_functions(FunctionVersion="ALL")["Functions"],
        functions.list_versions_by_function(FunctionName="one")["Versions"],
    ):
        for each in listed:
            assert {"State", "LastUpdateStatus", "RuntimeVersionConfig", "Layers"}.isdisjoint(each)
            assert each["LoggingConfig"] and each["RevisionId"]


def test_json_logs_have_levels(functions: Any) -> None:
    group = "/aws/lambda/one"
    json_logs = {"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"}
    created = create(functions, LoggingConfig={"LogFormat": "JSON"})
    assert created["LoggingConfig"] == {**json_logs, "LogGroup": group}

    def update(**config: str) -> Any:
        changed = functions.update_function_configuration(FunctionName="one", LoggingConfig=config)
        return changed["LoggingConfig"]

    assert update(LogGroup="other") == {**json_logs, "LogGroup": "other"}
    assert update(SystemLogLevel="DEBUG") == {**json_logs, "LogGroup": "other", "SystemLogLevel": "DEBUG"}
    assert update(LogFormat="Text") == {"LogFormat": "Text", "LogGroup": "other"}
