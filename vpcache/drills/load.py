"""A steady load on a stack's cached API, with a sample of each call."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

from vpcache.errors import VpcacheError
from vpcache.functions import CachedAnswer, FunctionClient, FunctionError
from vpcache.stack.target import Target

_CONNECTIONS = 64  # concurrent calls at most; beyond that the rate drops
_MIN_CONNECTIONS = 8  # with fewer, one call that hangs is a large part of the load
_STORE_SECONDS = 20  # a node is left alone for 5
_STORE_INTERVAL = 0.05  # seconds
_QUOTA = "L-B99A9384"  # Concurrent executions, https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MISS_SHARE = 1 / 8  # of the calls request a new key


@dataclass(frozen=True)
class LoadSize:
    """Calls a second, and concurrent calls at most."""

    rate: float
    connections: int = _CONNECTIONS


def fitted_size(rate: float, available: int) -> LoadSize:
    """Return a load of `rate` calls a second, reduced to fit into `available` concurrent executions.

    Raises VpcacheError if too few are available: Lambda throttles further calls (HTTP 429).
    """
    if available < _MIN_CONNECTIONS:
        raise VpcacheError(
            f"Lambda allows {available} concurrent executions of this function, but a drill needs at least "
            f"{_MIN_CONNECTIONS}: raise its reserved concurrency or the account's quota, e.g. with `aws "
            f"service-quotas request-service-quota-increase --service-code lambda --quota-code {_QUOTA} "
            "--desired-value 1000`"
        )
    connections = min(_CONNECTIONS, available)
    return LoadSize(rate * connections / _CONNECTIONS, connections)


@dataclass(frozen=True)
class Sample:
    """One call. It was due at `at`, in seconds since the load began, and ended `ms` later.

    `source` is "cache" or "origin", None if it failed. With `is_known`, its key was stored before the load.
    """

    at: float
    ms: float
    source: str | None
    is_known: bool
    problem: str | None = None
    is_wrong: bool = False

    @property
    def end(self) -> float:
        """The end of the call, in seconds since the load began."""
        return self.at + self.ms / 1000

    @property
    def failed(self) -> bool:
        """Whether the caller got an error or a wrong answer."""
        return self.problem is not None or self.is_wrong


class Load:
    """Calls the cached API `size.rate` times a second during a `with` block, whatever the latency.

    Seven of eight calls request one of `keys` keys that are stored before the load begins, the eighth a new
    key. Every answer for a known key is compared with the first one.
    """

    def __init__(self, target: Target, function_name: str, *, size: LoadSize, keys: int = 32) -> None:
        self._client = FunctionClient(target, connections=size.connections)
        self._function = function_name
        self._size = size
        self._paths = [f"/employee/{number}" for number in range(1, keys + 1)]
        self._bodies: dict[str, str] = {}
        self._salt = f"{time.time_ns():x}"
        self._samples: list[Sample] = []
        self._stopping = threading.Event()
        self._is_cut_short = False
        self._started = 0.0
        self._clock = threading.Thread(target=self._run, name="load", daemon=True)

    def __enter__(self) -> Load:
        for path in self._paths:
            self._bodies[path] = self._stored(path)
        self._started = time.perf_counter()
        self._clock.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._is_cut_short = kind is not None
        self._stopping.set()
        self._clock.join()

    @property
    def now(self) -> float:
        """Seconds since the load began."""
        return self.at(time.perf_counter())

    def at(self, counter: float) -> float:
        """Convert a time of `time.perf_counter` to seconds since the load began."""
        return counter - self._started

    def samples(self) -> list[Sample]:
        """Return the calls that have ended, in the order of `at`."""
        return sorted(self._samples.copy(), key=lambda sample: sample.at)

    def _stored(self, path: str) -> str:
        """Call a path until the cache answers, and return the body.

        Raises FunctionError. A node that did not answer once in time is left alone for seconds, and its keys
        are not stored.
        """
        deadline = time.monotonic() + _STORE_SECONDS
        while True:
            answer = self._call(path)
            if answer.status >= 400:
                raise FunctionError(f"{path}: the cached API returned {answer.status} before the drill began")
            if answer.source == "cache":
                return answer.body
            if time.monotonic() > deadline:
                raise FunctionError(f"{path}: the cache did not store it within {_STORE_SECONDS} s")
            time.sleep(_STORE_INTERVAL)

    def _run(self) -> None:
        pool = ThreadPoolExecutor(self._size.connections)
        for number in count():
            due = number / self._size.rate
            if self._stopping.wait(max(0.0, due - self.now)):
                break
            pool.submit(self._sample, number, due)
        pool.shutdown(cancel_futures=self._is_cut_short)  # thousands of calls may wait for a connection

    def _sample(self, number: int, due: float) -> None:
        is_known = number % 8 != 7
        path = self._paths[number % len(self._paths)] if is_known else f"/employee/{self._salt}-{number}"
        source, problem, is_wrong = None, None, False
        try:
            answer = self._call(path)
        except FunctionError as error:
            problem = str(error)
        else:
            if answer.status >= 400:
                problem = f"{path}: {answer.status} {answer.body[:100]}"
            else:
                source = answer.source
                is_wrong = is_known and answer.body != self._bodies[path]
        ms = (self.now - due) * 1000
        self._samples.append(Sample(due, ms, source, is_known, problem, is_wrong))

    def _call(self, path: str) -> CachedAnswer:
        return self._client.call_cached_api(self._function, path)
