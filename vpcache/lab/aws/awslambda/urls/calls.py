"""Calls of function URLs: who may call, and the function's invocation."""

from __future__ import annotations

import json
from dataclasses import replace

from moto.awslambda.exceptions import LambdaClientError

from vpcache.lab.aws import ACCOUNT
from vpcache.lab.aws.awslambda.backend import lambda_of
from vpcache.lab.aws.awslambda.errors import ThrottledError
from vpcache.lab.aws.awslambda.policy import is_open_url
from vpcache.lab.aws.awslambda.urls.configs import find_url
from vpcache.lab.aws.awslambda.urls.events import BAD_GATEWAY, answer_of, event_of, message
from vpcache.lab.errors import LabError
from vpcache.lab.functions.spec import Event
from vpcache.lab.services.http_host import HttpAnswer, HttpRequest

_FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


def call_url(hostname: str, request: HttpRequest) -> HttpAnswer:
    """Answer a request to the host of a function URL, as Lambda does.

    403 without both permissions, 429 if the function is throttled, 502 if it fails or its answer is no HTTP.
    """
    url_id, _, region, *_ = hostname.split(".")
    found = find_url(ACCOUNT, region, url_id)
    if found is None:
        return message(404, None)
    function, config = found
    invocations = lambda_of(ACCOUNT, region).invocations
    name = function.latest.function_name
    try:
        if not is_open_url(function.policy(config.qualifier).statements):
            return message(403, _FORBIDDEN)
        invocations.check(name, config.qualifier)
        draft = Event(b"", config.function_arn)
        event = replace(draft, payload=json.dumps(event_of(request, hostname, draft)).encode())
        done = invocations.run(name, config.qualifier, event).invocation
    except ThrottledError as error:
        return message(429, error.message)
    except NotImplementedError as error:
        return message(501, str(error))
    except (LambdaClientError, LabError):
        return BAD_GATEWAY
    return BAD_GATEWAY if done.error else answer_of(done.payload, done.request_id)
