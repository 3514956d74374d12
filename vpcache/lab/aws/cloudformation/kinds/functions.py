"""Lambda's functions, versions, aliases and permissions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from vpcache.lab.aws.cloudformation.calls import Calls
from vpcache.lab.aws.cloudformation.errors import ResourceError
from vpcache.lab.aws.cloudformation.kinds.kind import Kind, Request, wait_for
from vpcache.lab.aws.cloudformation.model import Made

_MAX_NAME = 64
_CONFIGURATION = (
    "DeadLetterConfig",
    "Description",
    "Environment",
    "EphemeralStorage",
    "FileSystemConfigs",
    "Handler",
    "ImageConfig",
    "Layers",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "SnapStart",
    "Timeout",
    "TracingConfig",
    "VpcConfig",
)
_CREATION = ("Architectures", "CodeSigningConfigArn", "PackageType", *_CONFIGURATION)
_REGULAR_FILE = 0o100644
_INLINE_FILES = {"nodejs": "index.js", "python": "index.py"}  # by start of the runtime


def inline_code(source: str, runtime: str) -> bytes:
    """Return the zip file of a function whose template has its source as `ZipFile`.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html
    Raises ResourceError for a runtime that has no such source.
    """
    name = next((file for start, file in _INLINE_FILES.items() if runtime.startswith(start)), None)
    if name is None:
        raise ResourceError("ZipFile can only be used when Runtime is set to either of nodejs, python.")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as target:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = _REGULAR_FILE << 16
        target.writestr(entry, source)
    return archive.getvalue()


def _code(request: Request) -> dict[str, Any]:
    code = dict(request.properties["Code"])
    if "ZipFile" in code:
        code["ZipFile"] = inline_code(code["ZipFile"], str(request.properties.get("Runtime", "")))
    return code


def _configuration(request: Request, names: tuple[str, ...] | frozenset[str]) -> dict[str, Any]:
    given = request.get(*names)
    if "KmsKeyArn" in request.properties:
        given["KMSKeyArn"] = request.properties["KmsKeyArn"]
    return given


def _create_function(request: Request) -> Made:
    calls = request.calls
    created = calls(
        "lambda",
        "CreateFunction",
        FunctionName=request.properties.get("FunctionName") or request.name(_MAX_NAME),
        Code=_code(request),
        Tags={each["Key"]: each["Value"] for each in request.tags()} or None,
        **_configuration(request, _CREATION),
    )
    name = created["FunctionName"]
    made = request.record(Made(name, {"Arn": created["FunctionArn"]}))

    def state() -> str:
        return str(calls("lambda", "GetFunctionConfiguration", FunctionName=name)["State"])

    wait_for(state, "Active", ("Failed",))
    _reserve(request, name)
    return made


def _reserve(request: Request, name: str) -> None:
    reserved = request.properties.get("ReservedConcurrentExecutions")
    if reserved is not None:
        request.calls(
            "lambda",
            "PutFunctionConcurrency",
            FunctionName=name,
            ReservedConcurrentExecutions=reserved,
        )


def _update_function(request: Request, made: Made, changed: frozenset[str]) -> Made:
    calls = request.calls
    if changed & {"Code", "Architectures"}:
        architectures = request.properties.get("Architectures")
        calls(
            "lambda",
            "UpdateFunctionCode",
            FunctionName=made.id,
            Architectures=architectures,
            **_code(request),
        )
        _await_update(calls, made.id)
    if changed & {*_CONFIGURATION, "KmsKeyArn"}:
        configuration = _defaults(changed) | _configuration(request, changed & {*_CONFIGURATION})
        calls("lambda", "UpdateFunctionConfiguration", FunctionName=made.id, **configuration)
        _await_update(calls, made.id)
    if "ReservedConcurrentExecutions" in changed:
        calls("lambda", "DeleteFunctionConcurrency", FunctionName=made.id)
        _reserve(request, made.id)
    if "Tags" in changed:
        _retag(request, str(made.attributes["Arn"]))
    return made


def _defaults(changed: frozenset[str]) -> dict[str, Any]:
    """Return what a property that a new template no longer has becomes."""
    defaults: dict[str, Any] = {
        "Description": "",
        "Environment": {"Variables": {}},
        "EphemeralStorage": {"Size": 512},
        "MemorySize": 128,
        "Timeout": 3,
        "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
    }
    return {name: value for name, value in defaults.items() if name in changed}


def _await_update(calls: Calls, name: str) -> None:
    def state() -> str:
        return str(calls("lambda", "GetFunctionConfiguration", FunctionName=name)["LastUpdateStatus"])

    wait_for(state, "Successful", ("Failed",))


def _retag(request: Request, arn: str) -> None:
    wanted = {each["Key"]: each["Value"] for each in request.tags()}
    gone = sorted(request.calls("lambda", "ListTags", Resource=arn)["Tags"].keys() - wanted.keys())
    if gone:
        request.calls("lambda", "UntagResource", Resource=arn, TagKeys=gone)
    if wanted:
        request.calls("lambda", "TagResource", Resource=arn, Tags=wanted)


def _delete_function(calls: Calls, made: Made, _: Mapping[str, Any]) -> None:
    calls("lambda", "DeleteFunction", FunctionName=made.id)


def _create_version(request: Request) -> Made:
    names = ("FunctionName", "Description", "CodeSha256")
    version = request.calls("lambda", "PublishVersion", **request.get(*names))
    arn = version["FunctionArn"]
    return Made(arn, {"Version": version["Version"], "FunctionArn": arn})


def _delete_version(calls: Calls, made: Made, properties: Mapping[str, Any]) -> None:
    calls(
        "lambda",
        "DeleteFunction",
        FunctionName=properties["FunctionName"],
        Qualifier=made.attributes["Version"],
    )


def _routing(request: Request) -> dict[str, Any] | None:
    weights = (request.properties.get("RoutingConfig") or {}).get("AdditionalVersionWeights")
    if weights is None:
        return None
    by_version = {str(each["FunctionVersion"]): float(each["FunctionWeight"]) for each in weights}
    return {"AdditionalVersionWeights": by_version}


def _create_alias(request: Request) -> Made:
    names = ("FunctionName", "FunctionVersion", "Name", "Description")
    alias = request.calls("lambda", "CreateAlias", RoutingConfig=_routing(request), **request.get(*names))
    return Made(alias["AliasArn"], {"AliasArn": alias["AliasArn"]})


def _update_alias(request: Request, made: Made, _: frozenset[str]) -> Made:
    names = ("FunctionName", "FunctionVersion", "Name", "Description")
    routing = _routing(request) or {"AdditionalVersionWeights": {}}
    request.calls("lambda", "UpdateAlias", RoutingConfig=routing, **request.get(*names))
    return made


def _delete_alias(calls: Calls, _: Made, properties: Mapping[str, Any]) -> None:
    calls("lambda", "DeleteAlias", FunctionName=properties["FunctionName"], Name=properties["Name"])


_PERMISSION = (
    "Action",
    "EventSourceToken",
    "FunctionName",
    "FunctionUrlAuthType",
    "InvokedViaFunctionUrl",
    "Principal",
    "PrincipalOrgID",
    "SourceAccount",
    "SourceArn",
)


def _create_permission(request: Request) -> Made:
    statement = request.name(_MAX_NAME)
    request.calls("lambda", "AddPermission", StatementId=statement, **request.get(*_PERMISSION))
    return Made(statement, {"Id": statement})


def _delete_permission(calls: Calls, made: Made, properties: Mapping[str, Any]) -> None:
    calls("lambda", "RemovePermission", FunctionName=properties["FunctionName"], StatementId=made.id)


FUNCTIONS = (
    Kind(
        "AWS::Lambda::Function",
        frozenset({"Code", "FunctionName", "KmsKeyArn", "ReservedConcurrentExecutions", "Tags", *_CREATION}),
        _create_function,
        _delete_function,
        frozenset(
            {
                "Architectures",
                "Code",
                "KmsKeyArn",
                "ReservedConcurrentExecutions",
                "Tags",
                *_CONFIGURATION,
            }
        ),
        _update_function,
        required=("Code", "Role"),
        name_property="FunctionName",
    ),
    Kind(
        "AWS::Lambda::Version",
        frozenset({"CodeSha256", "Description", "FunctionName"}),
        _create_version,
        _delete_version,
        required=("FunctionName",),
    ),
    Kind(
        "AWS::Lambda::Alias",
        frozenset({"Description", "FunctionName", "FunctionVersion", "Name", "RoutingConfig"}),
        _create_alias,
        _delete_alias,
        frozenset({"Description", "FunctionVersion", "RoutingConfig"}),
        _update_alias,
        required=("FunctionName", "FunctionVersion", "Name"),
        name_property="Name",
    ),
    Kind(
        "AWS::Lambda::Permission",
        frozenset(_PERMISSION),
        _create_permission,
        _delete_permission,
        required=("Action", "FunctionName", "Principal"),
    ),
)
