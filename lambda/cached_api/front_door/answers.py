"""Responses to HTTP requests, in the format of an API Gateway proxy integration. Pure, but for the memo.

Function URLs and HTTP APIs read it: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
RFC 9110 has the methods, status codes and headers, RFC 9111 `age` and `cache-control`, RFC 5861 the two
stale directives, RFC 9457 the JSON of errors.
"""

import base64
import json

from front_door.conditional import etag_of, is_match
from front_door.encoding import IDENTITY, RecentResults, choose, encode, is_worthwhile

METHODS = "GET, HEAD, OPTIONS"
_MEMO_BYTES = 8 * 1024 * 1024
_VARY = ("vary", "accept-encoding")
_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class Answers:
    """Creates the responses of one worker. `while_revalidate` and `if_error` are seconds; 0 omits them."""

    def __init__(self, while_revalidate, if_error):
        directives = {"stale-while-revalidate": while_revalidate, "stale-if-error": if_error}
        self._stale = "".join(f", {name}={seconds}" for name, seconds in directives.items() if seconds)
        self._encoded = RecentResults(_MEMO_BYTES)

    def resource(self, request, found):
        """Return the response to GET or HEAD with what the cache or the origin returned, a Found."""
        prepared = bytes(found.prepared)
        end, frame = _frame(prepared)
        content_type, status = frame["headers"]["content-type"], frame["statusCode"]
        coding = choose(
            request.headers.get("accept-encoding", ""),
            is_worthwhile=not frame["isBase64Encoded"] and is_worthwhile(content_type, end),
        )
        if coding is None:
            return problem(406, "accept-encoding must accept gzip, deflate or identity", dict([_VARY]))
        coding = None if coding == IDENTITY else coding
        etag = etag_of(prepared, coding)
        headers = {
            "x-cache": found.state,
            "age": str(max(found.age, 0)),
            "etag": etag,
            "cache-control": self._cache_control(found.lifetime),
            **dict([_VARY]),
        }
        is_success = 200 <= status < 300  # RFC 9110, 13.2.1: no condition applies to other responses
        if is_success and is_match(request.headers.get("if-none-match", ""), etag):
            # a client updates its stored headers by those of a 304: RFC 9111, 3.2
            return respond(304, {"content-type": content_type, **headers})
        if coding:
            headers["content-encoding"] = coding
        if request.method == "HEAD":
            return respond(status, {"content-type": content_type, **headers})
        if coding is None:
            return b"".join((prepared, b",", json.dumps(headers, separators=(",", ":")).encode()[1:], b"}"))
        body = self._encoded.get(etag, lambda: encode(_content(prepared, end, frame), coding))
        text = base64.b64encode(body).decode()
        return respond(status, {"content-type": content_type, **headers}, text, is_base64=True)

    def _cache_control(self, lifetime):
        """Return the header. A cache subtracts `age` from max-age (RFC 9111, 4.2), so this is not reduced."""
        return f"max-age={lifetime}{self._stale}" if lifetime else "no-store"


def respond(status, headers, body="", *, is_base64=False):
    """Return a response."""
    return json.dumps(
        {"statusCode": status, "headers": headers, "isBase64Encoded": is_base64, "body": body},
        separators=(",", ":"),
    ).encode()


def problem(status, detail, headers=None):
    """Return a response that reports an error: RFC 9457."""
    content = {"type": "about:blank", "title": _TITLES[status], "status": status, "detail": detail}
    common = {"content-type": "application/problem+json", "cache-control": "no-store", "x-cache": "BYPASS"}
    return respond(status, common | (headers or {}), json.dumps(content))


def without_body(answer):
    """Return a response to HEAD: the headers of the response to GET only. RFC 9110, 9.3.2."""
    content = json.loads(answer)
    return respond(content["statusCode"], content["headers"])


def _frame(prepared):
    """Return where the body of a prepared response ends, a JSON string, and the members after it.

    The last `,"statusCode":` is not within a string, as quotation marks are escaped there.
    """
    end = prepared.rindex(b',"statusCode":')
    return end, json.loads(b"{" + prepared[end + 1 :] + b"}}")


def _content(prepared, end, frame):
    text = json.loads(prepared[len(b'{"body":') : end])
    return base64.b64decode(text) if frame["isBase64Encoded"] else text.encode()
