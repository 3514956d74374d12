"""What an operator sees: metrics in the embedded metric format, and a log line for all that is not a hit.

A hit only counts. Counts and the line of a miss are written while a call waits for the origin anyway, counts
also by the first answer after FLUSH_SECONDS; those since then are lost when the environment ends, for nothing
runs after it.
"""

import os
import time
from collections import Counter

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

FLUSH_SECONDS = 10.0
_METRIC_OF = {"HIT": "Hit", "STALE": "Stale", "MISS": "Miss", "BYPASS": "Miss"}


class Telemetry:
    """Counts and logs for one worker; the function's name is the service, and the metrics' only dimension."""

    def __init__(self, clock=time.monotonic):
        service = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "cached_api")
        self._log = Logger(service=service)
        self._metrics = EphemeralMetrics(namespace="vpcache", service=service)
        self._counts = Counter()
        self._origin_ms = []
        self._clock = clock
        self._flush_at = clock() + FLUSH_SECONDS
        self._request_id = None

    def begin(self, context):
        """Take note of the invocation that log lines belong to."""
        self._request_id = context and context.aws_request_id

    def hit(self):
        """Count an answer from the cache."""
        self._counts["Hit"] += 1
        if self._clock() >= self._flush_at:
            self.flush()

    def answered(self, path, state, age):
        """Count an answer, `state` as in X-Cache, `age` in seconds; log one that is stale."""
        self._counts[_METRIC_OF[state]] += 1
        if state == "STALE":
            self._log.info("stale", path=path, age=age, request_id=self._request_id)
        if self._clock() >= self._flush_at:
            self.flush()

    def fetching(self, path):
        """Write what there is to write, while the origin works on `path`."""
        self._log.info("fetching", path=path, request_id=self._request_id)
        self.flush()

    def fetched(self, seconds):
        """Take note of how long the origin took."""
        self._origin_ms.append(seconds * 1000)

    def cache_error(self, message):
        """Count and log a fault of the cache that the caller does not see."""
        self._counts["CacheError"] += 1
        self._log.warning("cache error", error=str(message), request_id=self._request_id)

    def failed(self, path, error):
        """Count and log a failure of the origin, whether a stale answer stood in or not."""
        self._counts["OriginError"] += 1
        self._log.error("origin error", path=path, error=str(error), request_id=self._request_id)

    def crashed(self):
        """Count and log the exception in hand, which nobody foresaw."""
        self._counts["Crash"] += 1
        self._log.exception("unforeseen", request_id=self._request_id)
        self.flush()  # where all calls crash, no answer would

    def flush(self):
        """Write all metrics."""
        for name, count in self._counts.items():
            self._metrics.add_metric(name, MetricUnit.Count, count)
        for value in self._origin_ms:
            self._metrics.add_metric("OriginLatency", MetricUnit.Milliseconds, value)
        if self._counts or self._origin_ms:
            self._metrics.flush_metrics()
        self._counts.clear()
        self._origin_ms.clear()
        self._flush_at = self._clock() + FLUSH_SECONDS
