"""Calling a stack's functions, and what a call tells about itself."""

from __future__ import annotations

import base64
import json
import re
import time
from dataclasses import dataclass
from typing import Any

from vpcache.errors import VpcacheError
from vpcache.stack.target import Target

_DURATION = re.compile(rb"^REPORT .*?\bDuration: ([0-9.]+) ms", re.MULTILINE)


class FunctionError(VpcacheError):
    """A function answered with an error; says which and what."""


@dataclass(frozen=True)
class Answer:
    """A function's answer; `function_ms` is the duration of its REPORT log line, `wall_ms` the caller's."""

    payload: Any
    function_ms: float
    wall_ms: float


@dataclass(frozen=True)
class CachedAnswer:
    """An answer of the cached API: where it came from, and which cache node holds it."""

    source: str  # "cache" or "origin"
    cache: str  # HIT, MISS, STALE (the origin fails or is being asked) or BYPASS (the cache took no part)
    status: int
    body: str
    node: str | None
    function_ms: float
    wall_ms: float


class FunctionClient:
    """Invokes functions over kept connections, as many at once as it has `connections`."""

    def __init__(self, target: Target, connections: int = 1) -> None:
        self._client = target.client(
            "lambda",
            read_timeout=120,
            retries={"total_max_attempts": 1},
            max_pool_connections=connections,
        )

    def call(self, function_name: str, event: object) -> Answer:
        """Invoke a function and wait for its answer. Raises FunctionError if there is none, or an error."""
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
        return Answer(payload, float(duration[1]) if duration else wall_ms, wall_ms)

    def call_cached_api(self, function_name: str, path: str | None = None) -> CachedAnswer:
        """Ask the cached API for a path of its origin.

        Raises FunctionError as `call` does, or if the answer is not one of the cached API's.
        """
        answer = self.call(function_name, {} if path is None else {"path": path})
        try:
            headers, cache = answer.payload["headers"], answer.payload["headers"]["x-cache"]
            status, body = answer.payload["statusCode"], answer.payload["body"]
        except (KeyError, TypeError) as error:
            raise FunctionError(
                f"function {function_name} is no cached_api: its answer lacks statusCode, body or x-cache"
            ) from error
        return CachedAnswer(
            source="cache" if cache in ("HIT", "STALE") else "origin",
            cache=cache,
            status=status,
            body=body,
            node=headers.get("x-cache-node"),
            function_ms=answer.function_ms,
            wall_ms=answer.wall_ms,
        )


def concurrency_limit(target: Target, function_name: str) -> int:
    """Return how many executions of a function Lambda allows at once: its own reservation or, without one,
    what the account has not reserved for others.

    The quota of a new account may be far below the usual 1,000
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
    """Ask the cached API once; see `FunctionClient.call_cached_api`."""
    return FunctionClient(target).call_cached_api(function_name, path)
