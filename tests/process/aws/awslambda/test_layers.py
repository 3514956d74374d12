"""Layers: versions, policies, and functions that use them."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import urllib.error
import urllib.request
import zipfile
from typing import Any

import pytest

from tests.support.served.functions import create, zipped
from tests.support.served.region import Region, api_error, unique

ACCOUNT, OTHER = "123456789012", "210987654321"
LAYER = f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:tools"
GET = "lambda:GetLayerVersion"
PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:"
    r"[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)"
)


@pytest.fixture
def other(region: Region) -> Any:
    """A client of another account."""
    return region.client("lambda", account=OTHER)


def archive(**files: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            target.writestr(name.replace("__", "/"), content)
    return data.getvalue()


CODE = archive(python__tool="x = 1")


def publish(functions: Any, name: str = "tools", **options: Any) -> dict[str, Any]:
    version: dict[str, Any] = functions.publish_layer_version(
        **{"LayerName": name, "Content": {"ZipFile": CODE}, **options}
    )
    return version


def without_metadata(response: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in response.items() if name != "ResponseMetadata"}


def changed(functions: Any, layers: list[str]) -> Any:
    return api_error(functions.update_function_configuration, FunctionName="one", Layers=layers)


def test_published_version_is_described_as_it_was_requested(functions: Any) -> None:
    details: dict[str, Any] = {
        "CompatibleArchitectures": ["x86_64"],
        "CompatibleRuntimes": ["python3.12", "nodejs12.x"],
        "Description": "tools",
        "LicenseInfo": "MIT",
    }
    published = publish(functions, **details)
    content, created = published["Content"], published["CreatedDate"]
    assert published["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert content["CodeSize"] == len(CODE)
    assert content["CodeSha256"] == base64.b64encode(hashlib.sha256(CODE).digest()).decode()
    listed = {
        **details,
        "CreatedDate": created,
        "LayerVersionArn": f"{LAYER}:1",
        "Version": 1,
    }
    for response in (
        published,
        functions.get_layer_version(LayerName="tools", VersionNumber=1),
        functions.get_layer_version(LayerName=LAYER, VersionNumber=1),
        functions.get_layer_version_by_arn(Arn=f"{LAYER}:1"),
    ):
        described = without_metadata(response)
        assert {**content, "Location": ""} == {**described.pop("Content"), "Location": ""}
        assert described == listed | {"LayerArn": LAYER}
    assert functions.list_layer_versions(LayerName="tools")["LayerVersions"] == [listed]
    layer = {"LayerName": "tools", "LayerArn": LAYER, "LatestMatchingVersion": listed}
    assert functions.list_layers()["Layers"] == [layer]


def test_optional_members_of_a_version_are_absent_or_empty(functions: Any) -> None:
    members = {"Content", "LayerArn", "LayerVersionArn", "Description", "CreatedDate", "Version"}
    published = without_metadata(publish(functions))
    assert published.keys() == members and published["Description"] == ""
    empty = publish(functions, CompatibleRuntimes=[], CompatibleArchitectures=[])
    assert without_metadata(empty).keys() == members | {"CompatibleRuntimes", "CompatibleArchitectures"}


def test_numbers_of_versions_are_never_used_again(functions: Any) -> None:
    assert [publish(functions)["Version"] for _ in range(2)] == [1, 2]
    for number in (2, 1, 1, 9):
        deleted = functions.delete_layer_version(LayerName="tools", VersionNumber=number)
        assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204
    functions.delete_layer_version(LayerName="unknown", VersionNumber=1)
    assert functions.list_layer_versions(LayerName="tools")["LayerVersions"] == []
    assert functions.list_layers()["Layers"] == []
    assert publish(functions)["Version"] == 3


def test_lists_of_layers_are_filtered_and_paged(functions: Any) -> None:
    publish(functions, CompatibleRuntimes=["python3.12"], CompatibleArchitectures=["arm64"])
    publish(functions, CompatibleRuntimes=["python3.13"])
    publish(functions, "any")
    numbers = [
        [
            each["Version"]
            for each in functions.list_layer_versions(LayerName="tools", **filters)["LayerVersions"]
        ]
        for filters in ({}, {"CompatibleRuntime": "python3.12"}, {"CompatibleArchitecture": "x86_64"})
    ]
    assert numbers == [[2, 1], [1], []]
    (layer,) = functions.list_layers(CompatibleRuntime="python3.12")["Layers"]
    assert layer["LatestMatchingVersion"]["Version"] == 1
    pages = functions.get_paginator("list_layers").paginate(PaginationConfig={"PageSize": 1})
    assert [each["LayerName"] for page in pages for each in page["Layers"]] == ["any", "tools"]


def test_unknown_version_is_not_found(functions: Any) -> None:
    publish(functions)
    expected = (404, "ResourceNotFoundException", "The resource you requested does not exist.")
    for name, number in (("unknown", 1), ("tools", 2)):
        assert api_error(functions.get_layer_version, LayerName=name, VersionNumber=number) == expected
    assert api_error(functions.get_layer_version_by_arn, Arn=f"{LAYER}:2") == expected
    assert functions.list_layer_versions(LayerName="unknown")["LayerVersions"] == []


@pytest.mark.parametrize("number", [0, -1])
def test_number_of_a_version_is_positive(functions: Any, number: int) -> None:
    expected = (400, "InvalidParameterValueException", "Layer Version Cannot be less than 1")
    for call in (
        functions.get_layer_version,
        functions.delete_layer_version,
        functions.get_layer_version_policy,
    ):
        assert api_error(call, LayerName="tools", VersionNumber=number) == expected


def test_values_of_a_layer_are_checked(functions: Any) -> None:
    error = api_error(
        publish,
        functions=functions,
        CompatibleRuntimes=["unknown", "nodejs20.x"],
        CompatibleArchitectures=["vax"],
    )
    assert (error.status, error.code) == (400, "ValidationException")
    runtimes, architectures = error.message.split("; ")
    assert runtimes.startswith(
        "2 validation errors detected: Value '[unknown, nodejs20.x]' at 'compatibleRuntimes' failed to "
        "satisfy constraint: Member must satisfy enum value set: [nodejs20.x, python3.14, "
    )
    assert architectures == (
        "Value '[vax]' at 'compatibleArchitectures' failed to satisfy constraint: Member must satisfy "
        "constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]"
    )
    error = api_error(functions.list_layers, CompatibleRuntime="unknown")
    assert error.message.startswith(
        "1 validation error detected: Value 'unknown' at 'compatibleRuntime' failed to satisfy constraint: "
        "Member must satisfy enum value set: [ruby3.5, "
    )
    assert api_error(functions.get_layer_version_by_arn, Arn=LAYER).message == (
        f"1 validation error detected: Value '{LAYER}' at 'arn' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {PATTERN}"
    )


def test_archive_of_a_layer_is_checked(region: Region, functions: Any) -> None:
    for code, message in (
        (b"no zip", "Could not unzip uploaded file. Please check your file, then try to upload again."),
        (archive(), "Uploaded file must be a non-empty zip"),
    ):
        error = api_error(publish, functions=functions, Content={"ZipFile": code})
        assert error == (400, "InvalidParameterValueException", message)
    bucket, s3 = unique("layers"), region.client("s3")
    s3.create_bucket(Bucket=bucket)
    source = {"S3Bucket": bucket, "S3Key": "layer.zip"}
    missing = api_error(publish, functions=functions, Content=source)
    assert missing.message.startswith("Error occurred while GetObject. S3 Error Code: NoSuchKey.")
    s3.put_object(Bucket=bucket, Key="layer.zip", Body=CODE)
    assert publish(functions, Content=source)["Content"]["CodeSize"] == len(CODE)


def test_archives_can_be_downloaded_by_their_links(region: Region, functions: Any) -> None:
    link = publish(functions)["Content"]["Location"]
    assert link.startswith(f"{region.url}/awslambda-us-east-1-layers/snapshots/{ACCOUNT}/")
    create(functions)
    code = functions.get_function(FunctionName="one")["Code"]["Location"]
    for url, content in ((link, CODE), (code, zipped("first"))):
        with urllib.request.urlopen(url) as response:
            assert response.read() == content
        for bad in (url.partition("?")[0], url.replace("Signature=", "Signature=0"), url + "x"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(bad)
            assert refused.value.code == 403 and b"<Code>AccessDenied</Code>" in refused.value.read()
    functions.delete_layer_version(LayerName="tools", VersionNumber=1)
    with pytest.raises(urllib.error.HTTPError) as missing:
        urllib.request.urlopen(link)
    assert missing.value.code == 404


# policies


def allow(functions: Any, principal: str = "*", number: int = 1, sid: str = "s1", **options: Any) -> Any:
    return functions.add_layer_version_permission(
        LayerName="tools", VersionNumber=number, StatementId=sid, Action=GET, Principal=principal, **options
    )


def test_policy_of_a_version_has_revisions(functions: Any) -> None:
    publish(functions)
    version = {"LayerName": "tools", "VersionNumber": 1}
    error = api_error(functions.get_layer_version_policy, **version)
    assert error == (404, "ResourceNotFoundException", "No policy is associated with the given resource.")
    first = allow(functions)
    statement = {
        "Sid": "s1",
        "Effect": "Allow",
        "Principal": "*",
        "Action": GET,
        "Resource": f"{LAYER}:1",
    }
    assert json.loads(first["Statement"]) == statement and first["ResponseMetadata"]["HTTPStatusCode"] == 201
    policy = functions.get_layer_version_policy(**version)
    assert policy["RevisionId"] == first["RevisionId"]
    assert json.loads(policy["Policy"]) == {
        "Version": "2012-10-17",
        "Id": "default",
        "Statement": [statement],
    }
    second = allow(functions, OTHER, sid="s2", RevisionId=first["RevisionId"])
    assert json.loads(second["Statement"])["Principal"] == {"AWS": f"arn:aws:iam::{OTHER}:root"}
    stale = (
        412,
        "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to "
        "retrieve the latest Revision Id",
    )
    remove = functions.remove_layer_version_permission
    assert api_error(allow, functions=functions, sid="s3", RevisionId=first["RevisionId"]) == stale
    assert api_error(remove, **version, StatementId="s1", RevisionId="wrong") == stale
    remove(**version, StatementId="s2", RevisionId=second["RevisionId"])
    assert json.loads(functions.get_layer_version_policy(**version)["Policy"])["Statement"] == [statement]


def test_policy_of_a_version_refuses_what_does_not_fit(functions: Any) -> None:
    publish(functions)
    allow(functions)
    assert api_error(allow, functions=functions) == (
        409,
        "ResourceConflictException",
        "The statement id (s1) provided already exists. "
        "Please provide a new statement id, or remove the existing statement.",
    )
    remove = functions.remove_layer_version_permission
    assert api_error(remove, LayerName="tools", VersionNumber=1, StatementId="no") == (
        404,
        "ResourceNotFoundException",
        "Statement no is not found in resource policy.",
    )
    unknown = {"LayerName": "tools", "VersionNumber": 2}
    added = {"StatementId": "s", "Action": GET, "Principal": "*"}
    for call, more in (
        (functions.add_layer_version_permission, added),
        (functions.get_layer_version_policy, {}),
        (remove, {"StatementId": "s"}),
    ):
        assert api_error(call, **unknown, **more) == (
            404,
            "ResourceNotFoundException",
            f"Layer version {LAYER}:2 does not exist.",
        )
    error = api_error(functions.add_layer_version_permission, **unknown, **added | {"Action": "*"})
    assert error.message == (
        "1 validation error detected: Value '*' at 'action' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: lambda:GetLayerVersion"
    )


def test_other_account_uses_a_version_by_its_policy(functions: Any, other: Any) -> None:
    arn = publish(other)["LayerVersionArn"]
    create(functions)
    denied = (
        403,
        "AccessDeniedException",
        f"User: arn:aws:iam::{ACCOUNT}:user/lab is not authorized to perform: {GET} on resource: {arn} "
        f"because no resource-based policy allows the {GET} action",
    )
    get = functions.get_layer_version_by_arn
    assert changed(functions, [arn]) == denied == api_error(get, Arn=arn)
    allow(other, "111111111111")
    allow(other, sid="organization", OrganizationId="o-0123456789")
    assert changed(functions, [arn]) == denied
    allow(other, ACCOUNT, sid="this")
    assert get(Arn=arn)["Version"] == 1
    changed_to = functions.update_function_configuration(FunctionName="one", Layers=[arn])
    assert changed_to["Layers"] == [{"Arn": arn, "CodeSize": len(CODE)}]
    error = api_error(functions.delete_layer_version, LayerName=arn.rpartition(":")[0], VersionNumber=1)
    assert (error.status, error.code) == (403, "AccessDeniedException")


# functions


def test_function_has_the_layers_that_it_names(region: Region, functions: Any) -> None:
    first, second = publish(functions)["LayerVersionArn"], publish(functions, "more")["LayerVersionArn"]
    assert create(functions, Layers=[first])["Layers"] == [{"Arn": first, "CodeSize": len(CODE)}]
    functions.invoke(FunctionName="one")
    functions.update_function_configuration(FunctionName="one", Layers=[second, first])
    shown = functions.get_function_configuration(FunctionName="one")
    assert [each["Arn"] for each in shown["Layers"]] == [second, first]
    functions.delete_layer_version(LayerName="tools", VersionNumber=1)
    functions.invoke(FunctionName="one")
    used = [[each.code for each in spec.layers] for spec, _ in region.runner.invoked]
    assert used == [[CODE], [CODE, CODE]] and len(region.runner.forgotten) == 1
    functions.update_function_configuration(FunctionName="one", Description="kept")
    assert "Layers" in functions.get_function(FunctionName="one")["Configuration"]
    assert "Layers" not in functions.update_function_configuration(FunctionName="one", Layers=[])
    assert changed(functions, [first]).message == f"Layer version {first} does not exist."


def test_published_version_keeps_its_layers(functions: Any) -> None:
    layer = publish(functions)["LayerVersionArn"]
    create(functions, Layers=[layer], Publish=True)
    functions.update_function_configuration(FunctionName="one", Layers=[])
    assert functions.publish_version(FunctionName="one")["Version"] == "2"
    shown = [functions.get_function_configuration(FunctionName="one", Qualifier=each) for each in "12"]
    assert ["Layers" in each for each in shown] == [True, False]


def test_function_cannot_have_two_versions_of_a_layer(functions: Any) -> None:
    create(functions)
    arns = [publish(functions)["LayerVersionArn"] for _ in range(3)]
    for layers in (arns[:2], arns, [arns[0], arns[0]]):
        assert changed(functions, layers) == (
            400,
            "InvalidParameterValueException",
            "Two different versions of the same layer are not allowed to be referenced in the same function. "
            f"{layers[0]} and {layers[1]} are versions of the same layer.",
        )


def test_function_has_at_most_five_layers(functions: Any) -> None:
    arns = [publish(functions, f"tools{number}")["LayerVersionArn"] for number in range(6)]
    error = api_error(create, functions=functions, Layers=arns)
    assert error == (400, "InvalidParameterValueException", "Cannot reference more than 5 layers.")
    create(functions, Layers=arns[:5])


def test_layers_are_checked_before_the_name_of_a_new_function(region: Region, functions: Any) -> None:
    create(functions)
    elsewhere = publish(region.client("lambda", "eu-west-1"))["LayerVersionArn"]

    error = api_error(create, functions=functions, Layers=[elsewhere])

    assert (error.code, "same region" in error.message) == ("InvalidParameterValueException", True)


def test_layers_of_a_function_exist_in_its_region(region: Region, functions: Any) -> None:
    create(functions)
    for missing in (f"{LAYER}:1", f"{LAYER}x:9"):
        expected = (400, "InvalidParameterValueException", f"Layer version {missing} does not exist.")
        assert changed(functions, [missing]) == expected
    elsewhere = publish(region.client("lambda", "eu-west-1"))["LayerVersionArn"]
    assert changed(functions, [elsewhere]) == (
        400,
        "InvalidParameterValueException",
        "Layers are not in the same region as the function. Layers are expected to be in region us-east-1.",
    )
    assert changed(functions, [LAYER]).message == (
        f"1 validation error detected: Value '[{LAYER}]' at 'layers' failed to satisfy constraint: Member "
        "must satisfy constraint: [Member must have length less than or equal to 2048, Member must have "
        f"length greater than or equal to 1, Member must satisfy regular expression pattern: {PATTERN}, "
        "Member must not be null]"
    )


@pytest.mark.parametrize(
    ("layer", "word"),
    [
        ("arn:aws:lambda:us-east-1:017000801446:layer:Powertools:7", "017000801446"),
        ("arn:aws:lambda:::awslayer:AmazonLinux1803", "awslayer"),
    ],
)
def test_layer_that_the_lab_lacks_is_refused_by_name(functions: Any, layer: str, word: str) -> None:
    create(functions)
    error = changed(functions, [layer])
    assert (error.status, error.code) == (501, "NotImplemented") and word in error.message


def test_layer_with_an_extension_is_refused_by_name(functions: Any) -> None:
    create(functions)
    layer = publish(functions, Content={"ZipFile": archive(extensions__agent="#!/bin/sh")})["LayerVersionArn"]
    error = changed(functions, [layer])
    assert (error.status, error.code) == (501, "NotImplemented") and "extensions/agent" in error.message


def test_function_and_its_layers_have_a_common_limit(functions: Any) -> None:
    limit = 250 << 20
    size = (limit >> 1) + 1
    large = archive(data="\0" * size)
    first = publish(functions, Content={"ZipFile": large})["LayerVersionArn"]
    second = publish(functions, "more", Content={"ZipFile": large})["LayerVersionArn"]
    create(functions)
    error = changed(functions, [first, second])
    assert error.message == f"Layers consume more than the available size of {limit} bytes"
    functions.update_function_configuration(FunctionName="one", Layers=[first])
    error = api_error(functions.update_function_code, FunctionName="one", ZipFile=large)
    assert error.message == (
        f"Function code combined with layers exceeds the maximum allowed size of {limit} bytes. "
        f"The actual size is {2 * size} bytes."
    )
