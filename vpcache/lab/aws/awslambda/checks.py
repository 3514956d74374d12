"""Checks of a function's configuration beyond AWS's model of the request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException, ValidationException

from vpcache.lab.aws.awslambda.config.tags import check_tags
from vpcache.lab.aws.awslambda.config.targets import check_dead_letter_target
from vpcache.lab.aws.awslambda.runtimes import check_runtime

_MAXIMUMS = {"Timeout": 900, "MemorySize": 10240}  # seconds and MB: "Lambda quotas"
_MAX_ENVIRONMENT = 4096  # bytes, as JSON
_NOT_EMULATED = (
    "CapacityProviderConfig",
    "CodeSigningConfigArn",
    "DurableConfig",
    "FileSystemConfigs",
    "ImageConfig",
    "PublishTo",
    "TenancyConfig",
)
"""Parameters that are rejected by name unless they are empty."""
_RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html"""


def check_new_function(parameters: Mapping[str, Any]) -> None:
    """Raise an error for parameters of CreateFunction that AWS rejects or the lab does not emulate."""
    if parameters.get("PackageType", "Zip") != "Zip":
        raise NotImplementedError("Container images are not supported: use a zip file.")
    if not parameters.get("Runtime") or not parameters.get("Handler"):
        raise InvalidParameterValueException(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages."
        )
    check_tags(parameters.get("Tags") or {})
    check_configuration(parameters)


def check_configuration(parameters: Mapping[str, Any]) -> None:
    """Raise an error for a configuration that AWS rejects or the lab does not emulate.

    `parameters` are those of CreateFunction or UpdateFunctionConfiguration.
    """
    _check_emulated(parameters)
    if parameters.get("Runtime"):
        check_runtime(parameters["Runtime"])
    for name, maximum in _MAXIMUMS.items():
        if parameters.get(name, 0) > maximum:
            raise ValidationException(
                str(parameters[name]),
                name[0].lower() + name[1:],
                f"Member must have value less than or equal to {maximum}",
            )
    if target := (parameters.get("DeadLetterConfig") or {}).get("TargetArn"):
        check_dead_letter_target(target)
    _check_environment((parameters.get("Environment") or {}).get("Variables") or {})


def _check_emulated(parameters: Mapping[str, Any]) -> None:
    for name in _NOT_EMULATED:
        if parameters.get(name):
            raise NotImplementedError(f"The parameter {name} is not supported.")
    if (parameters.get("SnapStart") or {}).get("ApplyOn", "None") != "None":
        raise NotImplementedError("The parameter SnapStart is not supported.")


def _check_environment(variables: Mapping[str, str]) -> None:
    reserved = ", ".join(sorted(_RESERVED & variables.keys()))
    if reserved:
        raise InvalidParameterValueException(
            "Lambda was unable to configure your environment variables because the environment variables you "
            "have provided contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {reserved}"
        )
    if any("\0" in value for value in variables.values()):  # no process can have it; AWS's text is unknown
        raise InvalidParameterValueException(
            "Lambda was unable to configure your environment variables because the environment variables you "
            "have provided contains a null character."
        )
    measured = json.dumps(variables, ensure_ascii=False, separators=(",", ":"))
    if len(measured.encode()) > _MAX_ENVIRONMENT:
        raise InvalidParameterValueException(
            "Lambda was unable to configure your environment variables because the environment variables you "
            f"have provided exceeded the 4KB limit. String measured: {measured}"
        )
