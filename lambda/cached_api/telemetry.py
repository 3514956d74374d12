"""Metrics in the embedded metric format, and a log line for every response that is not a hit.

A hit is counted only. The log line of a miss and the counts are written during the wait for the origin; the
first response after FLUSH_SECONDS writes the counts, too. Counts since then are lost when Lambda ends the
environment, as no code runs after that.
"""

import os
import time
from collections import Counter

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

FLUSH_SECONDS = 10.0
_METRIC_OF = {"HIT": "Hit", "STALE": "Stale", "MISS": "Miss", "BYPASS": "Miss"}


class Telemetry:
    """Metrics and log of one worker; the function's name is the service, and the metrics' only dimension."""

    def __init__(self, clock=time.monotonic):
        service = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "cached_api")
        self._log = Logger(service=service)
        self._metrics = EphemeralMetrics(namespace="vpcache", service=service)
        self._hits = 0
        self._counts: Counter[str] = Counter()
        self._origin_ms = []
        self._clock = clock
        self._flush_at = clock() + FLUSH_SECONDS
        self._context = None

    def begin(self, context):
        """Set the invocation that the next log lines belong to."""
        self._context = context

    @property
    def _request_id(self):
        return self._context and self._context.aws_request_id

    def hit(self):
        """Count a response from the cache."""
        self._hits += 1
        clock = self._clock  # a call of the attribute would be slower
        if clock() >= self._flush_at:
            self.flush()

    def responded(self, path, state, age):
        """Count a response with its X-Cache `state` and `age` in seconds; log a stale one."""
        self._counts[_METRIC_OF[state]] += 1
        if state == "STALE":
            self._log.info("stale", path=path, age=age, request_id=self._request_id)
        if self._clock() >= self._flush_at:
            self.flush()

    def fetching(self, path):
        """Log a fetch of `path` and flush, while the origin processes the request."""
        self._log.info("fetching", path=path, request_id=self._request_id)
        self.flush()

    def fetched(self, seconds):
        """Record the latency of the origin."""
        self._origin_ms.append(seconds * 1000)

    def purged(self, what, caller, nodes):
        """Count and log a purge by a caller."""
        self._counts["Purge"] += 1
        self._log.info("purged", what=what, caller=caller, nodes=nodes, request_id=self._request_id)
        self.flush()

    def purge_denied(self, caller):
        """Count and log a purge by a caller that may not purge; None is an anonymous one."""
        self._counts["PurgeDenied"] += 1
        self._log.warning("purge denied", caller=caller, request_id=self._request_id)
        self.flush()

    def cache_error(self, message):
        """Count and log a fault of the cache that does not affect the caller."""
        self._counts["CacheError"] += 1
        self._log.warning("cache error", error=str(message), request_id=self._request_id)

    def failed(self, path, error):
        """Count and log a failure of the origin, even if a stale response was served."""
        self._counts["OriginError"] += 1
        self._log.error("origin error", path=path, error=str(error), request_id=self._request_id)

    def crashed(self):
        """Count and log the current exception, which is unexpected."""
        self._counts["Crash"] += 1
        self._log.exception("unexpected error", request_id=self._request_id)
        self.flush()  # if all calls crash, no response triggers a flush

    def flush(self):
        """Write all metrics."""
        if self._hits:
            self._counts["Hit"] += self._hits
            self._hits = 0
        for name, count in self._counts.items():
            self._metrics.add_metric(name, MetricUnit.Count, count)
        for value in self._origin_ms:
            self._metrics.add_metric("OriginLatency", MetricUnit.Milliseconds, value)
        if self._counts or self._origin_ms:
            self._metrics.flush_metrics()
        self._counts.clear()
        self._origin_ms.clear()
        self._flush_at = self._clock() + FLUSH_SECONDS
