"""Requests to HTTP APIs: limits, authorization and invocation."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace

from moto.awslambda.exceptions import LambdaClientError

from vpcache.lab.aws.apigateway.backend import all_http_apis
from vpcache.lab.aws.apigateway.checks import function_arn
from vpcache.lab.aws.apigateway.model import HttpApi, Integration
from vpcache.lab.aws.apigateway.requests.access_log import AccessLogs, Outcome
from vpcache.lab.aws.apigateway.requests.answers import answer_of, message
from vpcache.lab.aws.apigateway.requests.context import ApiRequest, decoded_path
from vpcache.lab.aws.apigateway.requests.cors import preflight, with_cors
from vpcache.lab.aws.apigateway.requests.events import event_of
from vpcache.lab.aws.apigateway.requests.routing import route_of, stage_of
from vpcache.lab.aws.apigateway.requests.throttling import TokenBuckets, limit_of
from vpcache.lab.aws.awslambda.backend import lambda_of
from vpcache.lab.aws.awslambda.errors import ThrottledError
from vpcache.lab.aws.awslambda.service_invocations import call_for
from vpcache.lab.aws.awslambda.url_callers import signature_of
from vpcache.lab.errors import LabError
from vpcache.lab.functions.spec import Event, Invocation
from vpcache.lab.services.http_host import HttpAnswer, HttpRequest

_MAX_EVENT = 6 << 20  # bytes of the payload of a synchronous invocation
_PRINCIPAL = "apigateway.amazonaws.com"
_SIGNING_NAME = "execute-api"
_TYPES = {403: "ACCESS_DENIED", 404: "RESOURCE_NOT_FOUND", 413: "REQUEST_TOO_LARGE", 429: "THROTTLED"}
_DEFAULT_TYPE = "INTEGRATION_FAILURE"
_NOT_PERMITTED = (
    "The IAM role configured on the integration or API Gateway doesn't have permissions to call the "
    "integration. Check the permissions and try again."
)
_FUNCTION_FAILED = (
    "The Lambda function returned the following error: Unhandled. Check your Lambda function code and try "
    "again."
)
_INVALID_RESPONSE = (
    "The response from the Lambda function doesn't match the format that API Gateway expects. Update your "
    "function code to return a compatible response"
)
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html"""


def find_api(hostname: str) -> HttpApi | None:
    """Return the API with a host name."""
    return next((api for api in all_http_apis() if api.hostname == hostname), None)


class ApiRequests:
    """Answers the requests to HTTP APIs, for several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._buckets = TokenBuckets(clock)
        self._logs = AccessLogs()

    def answer(self, hostname: str, request: HttpRequest) -> HttpAnswer:
        """Answer a request to the host of an HTTP API, as API Gateway does.

        The status is 403 if the API is unknown or the caller may not call the route, 404 without a route,
        429 above the limits, 500 if the function fails or may not be invoked, and 503 if it takes too long.
        """
        began = time.perf_counter()
        api = find_api(hostname)
        if api is None:
            return message(403, "Forbidden")
        found = ApiRequest(api, request)
        place = stage_of(api, decoded_path(request.path))
        if place is None or api.is_disabled:
            return _identified(found, message(404, "Not Found"))
        stage, path = place
        found, outcome = self._outcome(replace(found, stage=stage), path)
        self._logs.write(found, outcome, round((time.perf_counter() - began) * 1000))
        return _identified(found, outcome.answer)

    def _outcome(self, request: ApiRequest, path: str) -> tuple[ApiRequest, Outcome]:
        """Return the request with its route, and what became of it; `path` has no stage."""
        deployment = request.api.deployments.get(request.stage.deployment_id)
        if deployment is None:
            return request, _refused(404, "Not Found")
        sent = request.request
        if answer := preflight(deployment.cors, sent):
            return request, Outcome(answer)
        match = route_of(deployment.routes, sent.method, path)
        integration = deployment.integrations.get(match.route.integration_id) if match else None
        if match is None or integration is None:
            outcome = _refused(404, "Not Found")
        else:
            routed = replace(request, route=match.route, parameters=match.parameters)
            request, refusal = self._admitted(routed, path)
            outcome = refusal or _invoked(request, integration)
        return request, replace(outcome, answer=with_cors(deployment.cors, sent, outcome.answer))

    def _admitted(self, request: ApiRequest, path: str) -> tuple[ApiRequest, Outcome | None]:
        """Return the request with its caller, and the refusal of one that must not reach the function."""
        key = request.route.key
        limit = limit_of(request.stage, key)
        if limit and not self._buckets.take((request.api.id, request.stage.name, key), limit):
            return request, _refused(429, "Too Many Requests")
        if request.route.authorization_type != "AWS_IAM":
            return request, None
        request = _authorized(request, path)
        return request, None if request.caller else _refused(403, "Forbidden")


def _identified(request: ApiRequest, answer: HttpAnswer) -> HttpAnswer:
    return replace(answer, headers=(*answer.headers, ("Apigw-Requestid", request.id)))


def _authorized(request: ApiRequest, path: str) -> ApiRequest:
    """Return the request with the principal that signed it, if it may call the route.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html
    """
    signature = signature_of(request.request, _SIGNING_NAME)
    if signature is None or signature.region != request.api.region:
        return request
    callers = lambda_of(request.api.account, request.api.region).url_callers
    return replace(request, caller=callers.api_caller(signature, request.request_arn(path)))


def _invoked(request: ApiRequest, integration: Integration) -> Outcome:
    arn = function_arn(integration.uri)
    draft = Event(b"", arn)
    payload = json.dumps(event_of(request, integration.payload_version, draft.trace_id)).encode()
    if len(payload) > _MAX_EVENT:
        return _refused(413, "Request Entity Too Large")
    began = time.perf_counter()

    def failed(status: int, text: str, reason: str, lambda_status: int | None = None) -> Outcome:
        return Outcome(
            message(status, text),
            error=text,
            error_type=_DEFAULT_TYPE,
            integration_error=reason,
            integration_status=lambda_status,
            integration_latency=round((time.perf_counter() - began) * 1000),
        )

    try:
        invocation = call_for(
            arn,
            _PRINCIPAL,
            request.source_arn(),
            request.api.account,
            replace(draft, payload=payload),
            integration.timeout / 1000,
        )
    except TimeoutError:
        return failed(503, "Service Unavailable", "The integration timed out")
    except PermissionError:
        return failed(500, "Internal Server Error", _NOT_PERMITTED, 403)
    except ThrottledError as error:
        return failed(500, "Internal Server Error", error.message, 429)
    except NotImplementedError as error:
        return failed(501, "Not Implemented", str(error))
    except (LambdaClientError, LabError) as error:
        return failed(500, "Internal Server Error", str(error), 500)
    return _finished(invocation, integration, round((time.perf_counter() - began) * 1000))


def _finished(invocation: Invocation, integration: Integration, latency: int) -> Outcome:
    answer = None if invocation.error else answer_of(invocation.payload, integration.payload_version)
    if answer is None:
        return Outcome(
            message(500, "Internal Server Error"),
            error="Internal Server Error",
            error_type=_DEFAULT_TYPE,
            integration_error=_FUNCTION_FAILED if invocation.error else _INVALID_RESPONSE,
            integration_status=200,
            integration_latency=latency,
            integration_id=invocation.request_id,
        )
    return Outcome(
        answer,
        integration_status=200,
        function_status=answer.status,
        integration_latency=latency,
        integration_id=invocation.request_id,
    )


def _refused(status: int, text: str) -> Outcome:
    return Outcome(message(status, text), error=text, error_type=_TYPES[status])
