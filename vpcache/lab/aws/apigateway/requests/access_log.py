"""Access logs: a line for each request, in the format of the stage.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from moto.logs.models import logs_backends

from vpcache.lab.aws.apigateway.checks import log_group
from vpcache.lab.aws.apigateway.requests.context import ApiRequest
from vpcache.lab.services.http_host import HttpAnswer

_VARIABLE = re.compile(r"\$context((?:\.[A-Za-z0-9_]+)+)")
_NONE = "-"  # the text of a variable without a value

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request; latencies are in milliseconds.

    `error` is the message of API Gateway's own response, `integration_error` the reason for it.
    """

    answer: HttpAnswer
    error: str = ""
    error_type: str = ""
    integration_error: str = ""
    integration_status: int | None = None  # of Lambda's API
    function_status: int | None = None  # of the function's response
    integration_latency: int | None = None
    integration_id: str = ""  # the request ID of the invocation


def line(template: str, request: ApiRequest, outcome: Outcome, latency: int) -> str:
    """Return the line of a request; `latency` is in milliseconds. Pure."""
    values = variables(request, outcome, latency)
    return _VARIABLE.sub(lambda match: values.get(match[1][1:], _NONE), template)


def variables(request: ApiRequest, outcome: Outcome, latency: int) -> Mapping[str, str]:
    """Return the values of the variables that a request has, without `$context.`. Pure.

    Quotation marks are escaped, so that a client cannot change the structure of a line in JSON.
    """
    caller = request.caller
    sent = request.request
    known = {
        "accountId": request.api.account,
        "apiId": request.api.id,
        "awsEndpointRequestId": outcome.integration_id,
        "dataProcessed": len(sent.body) + len(outcome.answer.body),
        "domainName": request.api.hostname,
        "domainPrefix": request.api.id,
        "error.message": outcome.error,
        "error.responseType": outcome.error_type,
        "extendedRequestId": request.id,
        "httpMethod": sent.method,
        "identity.accountId": caller.account if caller else "",
        "identity.caller": caller.user_id if caller else "",
        "identity.sourceIp": sent.caller,
        "identity.user": caller.user_id if caller else "",
        "identity.userAgent": request.header.get("user-agent", ""),
        "identity.userArn": caller.arn if caller else "",
        "integration.error": outcome.integration_error,
        "integration.integrationStatus": outcome.integration_status,
        "integration.latency": outcome.integration_latency,
        "integration.requestId": outcome.integration_id,
        "integration.status": outcome.function_status,
        "integrationErrorMessage": outcome.integration_error,
        "integrationLatency": outcome.integration_latency,
        "integrationStatus": outcome.integration_status,
        "path": request.path,
        "protocol": "HTTP/1.1",
        "requestId": request.id,
        "requestTime": request.clf_time,
        "requestTimeEpoch": request.epoch,
        "responseLatency": latency,
        "responseLength": len(outcome.answer.body),
        "routeKey": request.route.key,
        "stage": request.stage.name,
        "status": outcome.answer.status,
    }
    texts = {name: str(value) for name, value in known.items() if value not in (None, "")}
    escaped = {name: json.dumps(text, ensure_ascii=False)[1:-1] for name, text in texts.items()}
    if outcome.error:
        escaped["error.messageString"] = json.dumps(outcome.error)
    return escaped


class AccessLogs:
    """Writes the lines to CloudWatch Logs, for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # moto creates streams without a lock

    def write(self, request: ApiRequest, outcome: Outcome, latency: int) -> None:
        """Write the line of a request, if its stage has an access log whose group exists."""
        settings = request.stage.access_log
        if not settings:
            return
        _, _, _, region, account, *_ = settings["destinationArn"].split(":")
        group = log_group(settings)
        logs = logs_backends[account][region]
        if group not in logs.groups:
            _log.warning("the log group %s of %s does not exist", group, request.api.id)
            return
        stream = hashlib.sha256(f"{request.api.id}/{settings}".encode()).hexdigest()[:32]
        text = line(settings["format"].rstrip("\n"), request, outcome, latency)
        with self._lock:
            logs.ensure_log_stream(group, stream)
            logs.put_log_events(group, stream, [{"timestamp": request.epoch, "message": text}])
