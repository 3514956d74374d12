"""Requests to function URLs: authorization and invocation."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from moto.awslambda.exceptions import LambdaClientError

from vpcache.lab.aws import ACCOUNT
from vpcache.lab.aws.awslambda.backend import FunctionsBackend, lambda_of
from vpcache.lab.aws.awslambda.config.url_config import FunctionUrlConfig
from vpcache.lab.aws.awslambda.errors import ThrottledError
from vpcache.lab.aws.awslambda.function import Function
from vpcache.lab.aws.awslambda.policy import is_public_url
from vpcache.lab.aws.awslambda.url_callers import UrlCaller, signature_of
from vpcache.lab.aws.awslambda.urls.cors import preflight, with_cors
from vpcache.lab.aws.awslambda.urls.events import BAD_GATEWAY, answer_of, event_of, message
from vpcache.lab.aws.awslambda.urls.registry import find_url
from vpcache.lab.errors import LabError
from vpcache.lab.functions.spec import Event
from vpcache.lab.services.http_host import HttpAnswer, HttpRequest
from vpcache.lab.services.named_hosts import NamedHosts

_FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


def call_url(hostname: str, request: HttpRequest) -> HttpAnswer:
    """Answer a request to the host of a function URL, as Lambda does.

    The status is 403 if the URL does not exist, and without both permissions: those of everyone, or with
    AuthType AWS_IAM those of the principal that signed the request, whose signature is not verified. It is
    429 if the function is throttled, and 502 if it fails or its result is not a valid HTTP response.
    """
    url_id, _, region, *_ = hostname.split(".")
    url = find_url(ACCOUNT, region, url_id)
    if url is None:
        return message(403, None, "AccessDeniedException")
    function, config = url
    if answer := preflight(config.cors, request):
        return answer
    return with_cors(config.cors, request, _invoke(function, config, hostname, request))


FUNCTION_URL_HOSTS = NamedHosts(
    re.compile(r"([a-z0-9]+\.lambda-url\.[a-z0-9-]+\.on\.aws)(?::\d+)?", re.IGNORECASE), call_url
)
"""The hosts of function URLs on the lab's port of the host's loopback."""


def _invoke(function: Function, config: FunctionUrlConfig, hostname: str, request: HttpRequest) -> HttpAnswer:
    region = config.region
    backend = lambda_of(ACCOUNT, region)
    invocations = backend.invocations
    name = function.latest.function_name
    try:
        caller = _signer(backend, config, request)
        is_public = config.auth_type == "NONE" and is_public_url(function.policy(config.qualifier).statements)
        if not (caller or is_public):
            return message(403, _FORBIDDEN, "AccessDeniedException")
        invocations.check(name, config.qualifier)
        draft = Event(b"", config.function_arn)
        event = replace(draft, payload=json.dumps(event_of(request, hostname, draft, caller)).encode())
        invocation = invocations.run(name, config.qualifier, event).invocation
    except ThrottledError as error:
        return message(429, error.message, "TooManyRequestsException")
    except NotImplementedError as error:
        return message(501, str(error), "NotImplemented")
    except (LambdaClientError, LabError):
        return BAD_GATEWAY
    return BAD_GATEWAY if invocation.error else answer_of(invocation.payload, invocation.request_id)


def _signer(backend: FunctionsBackend, config: FunctionUrlConfig, request: HttpRequest) -> UrlCaller | None:
    """Return the permitted principal of a signed request to a URL with AuthType AWS_IAM."""
    signature = signature_of(request) if config.auth_type == "AWS_IAM" else None
    if signature is None or signature.region != config.region:
        return None
    return backend.url_callers.url_caller(signature, config.function_arn)
