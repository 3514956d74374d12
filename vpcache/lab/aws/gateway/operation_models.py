"""AWS's models of operations."""

from __future__ import annotations

from functools import cache
from typing import Any

from moto.core.utils import get_service_model

_MODELS = {
    "apigateway": "apigatewayv2",  # the model of HTTP APIs
    "monitoring": "cloudwatch",
    "servicequotas": "service-quotas",
    "tagging": "resourcegroupstaggingapi",
}
"""Names of models that differ from the signing name."""


@cache
def operation_model(service: str, name: str) -> Any | None:
    """Return the model of an operation by its service's signing name, None if it is unknown."""
    from botocore.exceptions import UnknownServiceError

    try:
        model = get_service_model(_MODELS.get(service, service))
    except UnknownServiceError:
        return None
    return model.operation_model(name) if name in model.operation_names else None
