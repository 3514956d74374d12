"""Error responses in each service's format."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape, unescape

from moto.core.utils import get_service_model
from werkzeug.wrappers import Response

_ERROR_RESPONSE = (
    "autoscaling",
    "cloudformation",
    "cloudfront",
    "elasticache",
    "elasticloadbalancing",
    "iam",
    "monitoring",
    "rds",
    "redshift",
    "route53",
    "ses",
    "sns",
    "sts",
)
"""Signing names of services with `<ErrorResponse>` errors."""
_XML = ("ec2", *_ERROR_RESPONSE)
_ERROR_TYPE = re.compile(r'(?:<Code>|"__type": ")([\w.]+)')
_MESSAGE = re.compile(r'(?:<Message>|"message": ")(.*?)(?:</Message>|"\})', re.DOTALL)
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def error_response(service: str, status: int, code: str, message: str) -> Response:
    """Return an error in the format of `service`, a signing name or the empty string."""
    request_id = str(uuid.uuid4())
    error = f"<Code>{code}</Code><Message>{escape(_NOT_XML.sub('?', message))}</Message>"
    if service == "ec2":
        body = (
            f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
        )
    elif service in _ERROR_RESPONSE:
        body = (
            f"<ErrorResponse><Error><Type>{'Sender' if status < 500 else 'Receiver'}</Type>{error}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    elif service == "s3":
        body = f"<Error>{error}<RequestId>{request_id}</RequestId></Error>"
    else:
        headers = {"x-amzn-ErrorType": code, "x-amzn-RequestId": request_id}
        members = {"__type": code, "message": message}
        body = json.dumps(_with_modelled_members(code, members) if service == "lambda" else members)
        return Response(body, status, headers, content_type="application/json")
    return Response(body, status, content_type="text/xml")


def ensure_service_format(service: str, response: Response) -> Response:
    """Return moto's response; an error that the service's clients could not parse is converted.

    Lambda's errors get the members that AWS's have.
    """
    if service == "lambda" and response.status_code >= 400:
        return _lambda_error(response)
    if service not in _XML or response.status_code < 400:
        return response
    body = response.get_data(as_text=True)
    try:
        ElementTree.fromstring(body)  # noqa: S314  # moto's own text
    except ElementTree.ParseError:
        code, message = _ERROR_TYPE.search(body), _MESSAGE.search(body)
        if code and message:
            return error_response(service, response.status_code, code[1], message[1])
    return response


def as_json(response: Response) -> Response:
    """Return a response to a JSON request, without null members, which AWS omits.

    The lab's own error in XML becomes one in JSON: CloudWatch has both protocols.
    """
    if response.status_code < 400:
        return without_nulls(response)
    if response.mimetype != "text/xml":
        return response
    body = response.get_data(as_text=True)
    code, message = _ERROR_TYPE.search(body), _MESSAGE.search(body)
    if not (code and message):
        return response
    return error_response("", response.status_code, code[1], unescape(message[1]))


def without_nulls(response: Response) -> Response:
    """Return a response without the null members of its JSON document, if it has one."""
    if b"null" in response.get_data():
        try:
            response.set_data(json.dumps(_without_nulls(json.loads(response.get_data()))))
        except ValueError:
            return response
    return response


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(each) for name, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def _lambda_error(response: Response) -> Response:
    """Return moto's error with the members of Lambda's error and a request ID."""
    try:
        members = json.loads(response.get_data())
    except ValueError:
        return response
    code = response.headers.get("x-amzn-ErrorType") or members.get("__type", "")
    response.set_data(json.dumps(_with_modelled_members(code, members)))
    response.headers["x-amzn-RequestId"] = str(uuid.uuid4())
    return response


def _with_modelled_members(code: str, members: dict[str, Any]) -> dict[str, Any]:
    """Return the body of one of Lambda's errors.

    Errors of the API's model have `Type` and, depending on the error, `Message` or `message`; others, such as
    ValidationException, have only `message`:
    https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html#API_GetFunction_Errors
    """
    extra = {name: value for name, value in members.items() if name not in ("__type", "message", "Message")}
    text = members.get("message", members.get("Message", ""))
    shape = get_service_model("lambda").shape_for_error_code(code)
    if shape is None:
        return {**extra, "message": text}
    name = "Message" if "Message" in shape.members else "message"
    fault = "User" if shape.metadata.get("error", {}).get("senderFault") else "Service"
    if "Type" in extra and extra["Type"] is None:  # one of the few errors without it
        return {name: text}
    return {"Type": fault, name: text, **extra}


def not_emulated(service: str, action: str, detail: str) -> Response:
    """Return the error for an action that the lab does not emulate."""
    message = f"{action} of {service or 'an unsigned service'} is not emulated by the lab."
    return error_response(service, 501, "NotImplemented", f"{message} {detail}".rstrip())
