"""A steady load on a stack's cached API, each call noted."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

from vpcache.errors import VpcacheError
from vpcache.functions import CachedAnswer, FunctionClient, FunctionError
from vpcache.stack.target import Target

_CONNECTIONS = 64  # calls that may wait at once; with more, the load would not be steady any more
_MIN_CONNECTIONS = 8  # with fewer, one call that hangs is too much of the load
_QUOTA = "L-B99A9384"  # Concurrent executions, https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MISS_SHARE = 1 / 8  # of the calls: for a key that nobody asked for before


@dataclass(frozen=True)
class LoadSize:
    """How many calls a second, and how many may wait at once."""

    rate: float
    connections: int = _CONNECTIONS


def fitted_size(rate: float, available: int) -> LoadSize:
    """Return a load of `rate` calls a second, or what fits into `available` concurrent executions.

    Raises VpcacheError if too few are available: Lambda refuses what is above (HTTP 429).
    """
    if available < _MIN_CONNECTIONS:
        raise VpcacheError(
            f"Lambda allows {available} concurrent executions of this function, a drill needs at least "
            f"{_MIN_CONNECTIONS}: raise its reserved concurrency or the account's quota, e.g. with `aws "
            f"service-quotas request-service-quota-increase --service-code lambda --quota-code {_QUOTA} "
            "--desired-value 1000`"
        )
    connections = min(_CONNECTIONS, available)
    return LoadSize(rate * connections / _CONNECTIONS, connections)


@dataclass(frozen=True)
class Sample:
    """One call. `at` is when it was due, in seconds since the load began; `ms` runs from then to its end.

    `source` is "cache" or "origin", None if it failed. `is_known` says that its key had been stored before.
    """

    at: float
    ms: float
    source: str | None
    is_known: bool
    problem: str | None = None
    is_wrong: bool = False

    @property
    def end(self) -> float:
        """When it ended, in seconds since the load began."""
        return self.at + self.ms / 1000

    @property
    def failed(self) -> bool:
        """Whether the caller got no right answer."""
        return self.problem is not None or self.is_wrong


class Load:
    """Calls the cached API `size.rate` times a second inside a `with` block, however long the answers take.

    Seven of eight calls ask for one of `keys` keys that are stored before the load begins, the eighth for a
    key that nobody asked for before. Every answer for a known key is compared with the first one.
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
            answer = self._call(path)
            if answer.status >= 400:
                raise FunctionError(f"{path}: the cached API answered {answer.status} before the drill began")
            self._bodies[path] = answer.body
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

    def at(self, moment: float) -> float:
        """Return a moment of `time.perf_counter` in seconds since the load began."""
        return moment - self._started

    def samples(self) -> list[Sample]:
        """Return the calls that have ended, in the order in which they were due."""
        return sorted(self._samples.copy(), key=lambda sample: sample.at)

    def _run(self) -> None:
        pool = ThreadPoolExecutor(self._size.connections)
        for number in count():
            due = number / self._size.rate
            if self._stopping.wait(max(0.0, due - self.now)):
                break
            pool.submit(self._sample, number, due)
        pool.shutdown(cancel_futures=self._is_cut_short)  # calls that wait for a connection may be thousands

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
