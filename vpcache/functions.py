"""Calls of a stack's Lambda functions, with their duration and origin."""

from __future__ import annotations

import base64
import json
import re
import time
from dataclasses import dataclass
from typing import Any

from vpcache.errors import VpcacheError
from vpcache.stack.target import Target

_DURATION = re.compile(
    rb"^REPORT .*?\bDuration: (?P<text>[0-9.]+) ms"
    rb'|"type":"platform.report".*?"durationMs":(?P<json>[0-9.]+)',
    re.MULTILINE,
)


class FunctionError(VpcacheError):
    """A function returned an error. The message names the function and the error."""


@dataclass(frozen=True)
class Answer:
    """The response of a function.

    `function_ms` is the duration in its REPORT log line, `wall_ms` the duration that the caller measured.
    """

    payload: Any
    function_ms: float
    wall_ms: float


@dataclass(frozen=True)
class CachedAnswer:
    """A response of the cached API, with its source and the cache node that stores it.

    `body` is Base64 if `is_base64`: the origin's response is not UTF-8.
    """

    source: str  # "cache" or "origin"
    cache: str  # HIT, MISS, STALE (the origin fails, or is being called) or BYPASS (the cache was not used)
    status: int
    body: str
    node: str | None
    function_ms: float
    wall_ms: float
    is_base64: bool = False


class FunctionClient:
    """A client that invokes functions over persistent connections, at most `connections` at once."""

    def __init__(self, target: Target, connections: int = 1) -> None:
        self._client = target.client(
            "lambda",
            read_timeout=120,
            retries={"total_max_attempts": 1},
            max_pool_connections=connections,
        )

    def call(self, function_name: str, event: object) -> Answer:
        """Invoke a function and return its response. Raises FunctionError if the invocation fails."""
        from botocore.exceptions import BotoCoreError, ClientError

        started = time.perf_counter()
        try:
            reply = self._client.invoke(
                FunctionName=function_name, Payload=json.dumps(event).encode(), LogType="Tail"
            )
            body = reply["Payload"].read()
        except (BotoCoreError, ClientError) as error:
            raise FunctionError(f"function {function_name}: {error}") from error
        wall_ms = (time.perf_counter() - started) * 1000
        payload = json.loads(body)
        if "FunctionError" in reply:
            raise FunctionError(f"function {function_name}: {payload.get('errorMessage', payload)}")
        duration = _DURATION.search(base64.b64decode(reply.get("LogResult", "")))
        function_ms = float(duration["text"] or duration["json"]) if duration else wall_ms
        return Answer(payload, function_ms, wall_ms)

    def call_cached_api(self, function_name: str, path: str | None = None) -> CachedAnswer:
        """Request a path of the origin from the cached API.

        Raises FunctionError as `call` does, or if the response is not from a cached API.
        """
        answer = self.call(function_name, {} if path is None else {"path": path})
        try:
            headers, cache = answer.payload["headers"], answer.payload["headers"]["x-cache"]
            status, body = answer.payload["statusCode"], answer.payload["body"]
        except (KeyError, TypeError) as error:
            raise FunctionError(
                f"function {function_name} is no cached_api: its response lacks statusCode, body or x-cache"
            ) from error
        return CachedAnswer(
            source="cache" if cache in ("HIT", "STALE") else "origin",
            cache=cache,
            status=status,
            body=body,
            node=headers.get("x-cache-node"),
            function_ms=answer.function_ms,
            wall_ms=answer.wall_ms,
            is_base64=bool(answer.payload.get("isBase64Encoded")),
        )


def concurrency_limit(target: Target, function_name: str) -> int:
    """Return the maximum of concurrent executions of a function.

    This is its reserved concurrency or, without one, the account's unreserved concurrency. The quota of a new
    account may be far below the usual 1,000
    (https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html).
    """
    client = target.client("lambda")
    reserved = client.get_function_concurrency(FunctionName=function_name)
    if "ReservedConcurrentExecutions" in reserved:
        return int(reserved["ReservedConcurrentExecutions"])
    return int(client.get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"])


def call(target: Target, function_name: str, event: object) -> Answer:
    """Invoke a function once; see `FunctionClient.call`."""
    return FunctionClient(target).call(function_name, event)


def call_cached_api(target: Target, function_name: str, path: str | None = None) -> CachedAnswer:
    """Call the cached API once; see `FunctionClient.call_cached_api`."""
    return FunctionClient(target).call_cached_api(function_name, path)
