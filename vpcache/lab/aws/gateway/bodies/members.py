"""Members of requests to CloudWatch, CloudWatch Logs, EventBridge, SNS, SQS and Systems Manager.

AWS checks them against its model before it executes a request, in JSON and in forms:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from wsgiref.types import WSGIEnvironment

from vpcache.lab.aws.gateway.bodies.errors import BodyError
from vpcache.lab.aws.gateway.bodies.metric_members import metric_member_error
from vpcache.lab.aws.gateway.bodies.queue_members import queue_member_error
from vpcache.lab.aws.gateway.bodies.topic_members import topic_member_error
from vpcache.lab.aws.gateway.call import Call, json_of
from vpcache.lab.aws.gateway.constraints import member_violations, missing_members
from vpcache.lab.aws.gateway.operation_models import operation_model
from vpcache.lab.aws.gateway.validation import form_parameters, malformed_member

_CODES: Mapping[str, tuple[str, ...]] = {
    "events": ("ValidationException",),
    "logs": ("InvalidParameterException", "ValidationException"),
    "monitoring": ("ValidationError",),
    "sns": ("ValidationError",),
    "ssm": ("ValidationException",),
}
"""By service: the codes of its errors. The first one that the operation's model has is used, or the first."""
_QUEUES = "sqs"  # without the errors of a model


def member_error(call: Call, environ: WSGIEnvironment) -> BodyError | None:
    """Return the error for a request whose members violate the model, None if none do.

    Requests in JSON to other services may lack no required member; those in forms are not checked here.
    """
    is_form = "Action" in call.form
    is_checked = call.service in (*_CODES, _QUEUES)
    model = operation_model(call.service, call.action) if is_checked or not is_form else None
    if model is None or model.input_shape is None:
        return None
    parameters = form_parameters(call) if is_form else json_of(environ)
    if is_form and (malformed := malformed_member(model, parameters)):
        return 400, *malformed.error(call.service)
    if call.service == _QUEUES:
        return queue_member_error(model, parameters)
    if not is_checked:
        missing = missing_members(model, parameters)
        return (400, "ValidationException", missing.text) if missing else None
    if call.service == "monitoring" and (error := metric_member_error(model, parameters)):
        return error
    if violations := member_violations(model, parameters):
        return 400, _code(call.service, model), violations.text
    return topic_member_error(model, parameters) if call.service == "sns" else None


def _code(service: str, model: Any) -> str:
    modelled = {each.name for each in model.error_shapes}
    return next((code for code in _CODES[service] if code in modelled), _CODES[service][0])
