"""The HTTP request in an event of a front door. Untrusted input ends here. Pure.

Formats: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
(payloads 2.0, which function URLs use, too, and 1.0) and
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
"""

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote_plus

from event import BadEventError

MAX_BODY = 4096  # characters: the request of a purge
MAX_PARAMETERS = 16
MAX_QUERY = 512  # characters in canonical form
_MAX_RAW = 4096  # characters of a path or query as received
_ESCAPE = re.compile("%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class Request(NamedTuple):
    """A request; names of `headers` are in lower case, `query` has the decoded names and values in order.

    `caller` is the ARN of the IAM principal that signed the request, None for an anonymous one.
    """

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes
    caller: str | None


def request_of(event):
    """Return the Request in an event. Raises BadEventError."""
    context = event["requestContext"]
    if type(context) is not dict:
        raise BadEventError("requestContext must be an object")
    if type(context.get("http")) is dict:
        method, path = context["http"].get("method"), event.get("rawPath")
        query = _parsed(event.get("rawQueryString") or "")
        headers = _headers(event.get("headers"))
        caller = _member(context, "authorizer", "iam", "userArn")
        path = _without_stage(path, context.get("stage"))
    else:
        method, path = event.get("httpMethod"), event.get("path")
        query = _pairs(event, is_encoded="elb" in context)
        headers = _headers(event.get("headers")) or _headers(event.get("multiValueHeaders"))
        caller = _member(context, "identity", "userArn")
    if type(method) is not str or type(path) is not str or not path.startswith("/"):
        raise BadEventError("the event must have a method and a path")
    body = _body(event) if method == "POST" else b""
    return Request(method, normal_path(path), query, headers, body, caller)


def normal_path(path):
    """Return a path with its escaped unreserved characters decoded, as RFC 3986, 6.2.2.2, has it.

    All other escapes stay. Raises BadEventError if it is too long.
    """
    if len(path) > _MAX_RAW:
        raise BadEventError(f"the path must have at most {_MAX_RAW} characters")
    return _ESCAPE.sub(_decoded, path)


def canonical_query(pairs, allowed):
    """Return the query as sent to the origin: sorted by name and escaped. Raises BadEventError.

    Equal queries share a cache entry; other names than `allowed` could fill the cache.
    """
    if not all(name in allowed for name, _ in pairs):
        names = f"only the parameters {', '.join(allowed)}" if allowed else "no parameters"
        raise BadEventError(f"the query may have {names}")
    if not all(value.isprintable() for _, value in pairs):
        raise BadEventError("the query must have printable characters only")
    ordered = sorted(pairs, key=lambda pair: pair[0])
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in ordered)
    if len(query) > MAX_QUERY:
        raise BadEventError(f"the query must have at most {MAX_QUERY} characters")
    return query


def split_target(target):
    """Return path and query of a text such as `/employees?page=2`, in the forms of a Request.

    Raises BadEventError.
    """
    path, _, query = target.partition("?")
    return normal_path(path), _parsed(query)


def _decoded(match):
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0]


def _without_stage(path, stage):
    """Return the path below the stage of an HTTP API, which rawPath begins with."""
    if type(path) is str and type(stage) is str and path.startswith(f"/{stage}/"):
        return path[len(stage) + 1 :]
    return path


def _parsed(query):
    if type(query) is not str or len(query) > _MAX_RAW:
        raise BadEventError(f"the query must have at most {_MAX_RAW} characters")
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_PARAMETERS, errors="strict")
    except ValueError as error:
        raise BadEventError(f"the query must be UTF-8 of at most {MAX_PARAMETERS} parameters") from error


def _pairs(event, *, is_encoded):
    """Return the query of payload 1.0, or of a load balancer, which does not decode it."""
    listed = event.get("multiValueQueryStringParameters") or {
        name: [value] for name, value in _object(event.get("queryStringParameters")).items()
    }
    if not all(type(values) is list for values in _object(listed).values()):
        raise BadEventError("the values of parameters must be lists")
    pairs = [(name, value) for name, values in listed.items() for value in values]
    if len(pairs) > MAX_PARAMETERS or not all(type(value) is str for _, value in pairs):
        raise BadEventError(f"the query must have at most {MAX_PARAMETERS} parameters")
    return [tuple(map(unquote_plus, pair)) for pair in pairs] if is_encoded else pairs


def _headers(listed):
    """Return headers by their names in lower case; several values of one name are joined."""
    headers = {}
    for name, value in _object(listed).items():
        text = ", ".join(map(str, value)) if type(value) is list else value
        if type(text) is str:
            headers[name.lower()] = text
    return headers


def _object(value):
    """Return an object of the event, an empty one for null. Raises BadEventError for any other value."""
    if value is not None and type(value) is not dict:
        raise BadEventError("headers and parameters must be objects")
    return value or {}


def _body(event):
    body = event.get("body") or ""
    if type(body) is not str or len(body) > MAX_BODY:
        raise BadEventError(f"the body must have at most {MAX_BODY} characters")
    try:
        if not event.get("isBase64Encoded"):
            return body.encode()
        import base64  # only a purge has a body

        return base64.b64decode(body, validate=True)
    except ValueError as error:  # a lone surrogate, or invalid base64
        raise BadEventError("the body must be UTF-8 or base64") from error


def _member(value, *names):
    """Return a string inside nested objects, None if it is not there."""
    for name in names:
        value = value.get(name) if type(value) is dict else None
    return value if type(value) is str else None
