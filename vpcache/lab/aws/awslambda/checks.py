"""What AWS refuses in a function's configuration although it has the right form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException, ValidationException

from vpcache.lab.aws.awslambda.invocation.targets import check_dead_letter_target

_MOST = {"Timeout": 900, "MemorySize": 10240}  # seconds and MB: "Lambda quotas"
_MAX_ENVIRONMENT = 4096  # bytes of names and values together
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


def check_new_function(wanted: Mapping[str, Any]) -> None:
    """Raise if AWS, or the lab, makes no function of these parameters of CreateFunction."""
    if wanted.get("PackageType", "Zip") != "Zip":
        raise NotImplementedError("Functions from container images: give a zip.")
    if not wanted.get("Runtime") or not wanted.get("Handler"):
        raise InvalidParameterValueException(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages."
        )
    check_configuration(wanted)


def check_configuration(wanted: Mapping[str, Any]) -> None:
    """Raise if AWS, or the lab, refuses these settings of CreateFunction or UpdateFunctionConfiguration."""
    for name in ("FileSystemConfigs", "Layers"):
        if wanted.get(name):
            raise NotImplementedError(f"{name} of functions.")
    for name, most in _MOST.items():
        if wanted.get(name, 0) > most:
            raise ValidationException(
                str(wanted[name]),
                name[0].lower() + name[1:],
                f"Member must have value less than or equal to {most}",
            )
    if target := (wanted.get("DeadLetterConfig") or {}).get("TargetArn"):
        check_dead_letter_target(target)
    _check_environment((wanted.get("Environment") or {}).get("Variables") or {})


def _check_environment(variables: Mapping[str, str]) -> None:
    reserved = ", ".join(sorted(_RESERVED & variables.keys()))
    if reserved:
        raise InvalidParameterValueException(
            "Lambda was unable to configure your environment variables because the environment variables you "
            "have provided contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {reserved}"
        )
    size = sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
    if size > _MAX_ENVIRONMENT:
        raise InvalidParameterValueException(
            "Lambda was unable to configure your environment variables because the environment variables you "
            f"have provided exceeded the 4KB limit: {size} bytes"
        )
