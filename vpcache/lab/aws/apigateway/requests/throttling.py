"""Limits of requests by token buckets: one for each route of a stage, for all clients together.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vpcache.lab.aws.apigateway.model import Stage

ACCOUNT_RATE, ACCOUNT_BURST = 10_000.0, 5_000
"""The account's default limits, for a route that has only one of the two."""
_MAX_BUCKETS = 10_000

RouteId = tuple[str, str, str]
"""The API's ID, the stage's name and the route's key."""


@dataclass(frozen=True, slots=True)
class Limit:
    """Requests a second, and the maximum number at once."""

    rate: float
    burst: int


def limit_of(stage: Stage, key: str) -> Limit | None:
    """Return the limit of a route: its own settings precede the stage's. None without a limit."""
    settings: Mapping[str, Any] = {**stage.default_settings, **stage.route_settings.get(key, {})}
    rate, burst = settings.get("throttlingRateLimit"), settings.get("throttlingBurstLimit")
    if rate is None and burst is None:
        return None
    return Limit(ACCOUNT_RATE if rate is None else rate, ACCOUNT_BURST if burst is None else burst)


@dataclass(slots=True)
class _Bucket:
    limit: Limit
    tokens: float
    filled: float  # time


class TokenBuckets:
    """The buckets of all routes, for several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[RouteId, _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, route: RouteId, limit: Limit) -> bool:
        """Take a token, and return whether there was one. A changed limit begins with a full bucket."""
        with self._lock:
            now = self._clock()
            bucket = self._buckets.get(route)
            if bucket is None or bucket.limit != limit:
                if len(self._buckets) >= _MAX_BUCKETS:
                    self._buckets.clear()
                bucket = self._buckets[route] = _Bucket(limit, float(limit.burst), now)
            gained = (now - bucket.filled) * limit.rate
            bucket.tokens = min(float(limit.burst), bucket.tokens + gained)
            bucket.filled = now
            if bucket.tokens < 1:
                return False
            bucket.tokens -= 1
            return True
