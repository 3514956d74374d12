"""A process that runs one of the compared implementations and measures it.

Arguments: the name of a function below, its settings as JSON. Each line of input is an order: request
`paths`, one after the other or all at once (`concurrent`), or one `path` by some callers at a rate for some
time. Each line of output contains the durations, in µs.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import socket
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

Answer = Callable[[str], object]
FUNCTION = Path(__file__).parents[1] / "lambda" / "cached_api"
_END = memoryview(b"END\r\n")


def raw(settings: dict[str, Any]) -> Answer:
    """The lower limit: a persistent socket and a plain get, received into one buffer."""
    connection = socket.create_connection(("127.0.0.1", settings["nodes"][0]))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    view = memoryview(bytearray(1 << 20))

    def answer(path: str) -> None:
        connection.sendall(b"get raw:%b\r\n" % path.encode())
        have = connection.recv_into(view)
        while view[max(have - 5, 0) : have] != _END:
            have += connection.recv_into(view[have:])
        if have < 10:
            raise RuntimeError(f"nothing under raw:{path}")

    return answer


def origin(settings: dict[str, Any]) -> Answer:
    """The origin alone: a persistent connection and minimal HTTP."""
    parts = urlsplit(settings["origin"])
    connection = HTTPConnection(str(parts.hostname), parts.port)

    def answer(path: str) -> None:
        connection.request("GET", path)
        connection.getresponse().read()

    return answer


def naive(settings: dict[str, Any]) -> Answer:
    """The source scenario's handler in Python: a client per invocation, JSON decoded and encoded."""
    import requests
    from pymemcache.client.base import Client

    def answer(path: str) -> bytes:
        client = Client(("127.0.0.1", settings["nodes"][0]))
        value = client.get(path)
        if value is None:
            data = requests.get(settings["origin"] + path).json()
            client.set(path, json.dumps(data), expire=settings["ttl"])
        else:
            data = json.loads(value)
        result = json.dumps({"statusCode": 200, "body": json.dumps(data)}).encode()
        client.close()
        return result

    return answer


def ours(settings: dict[str, Any]) -> Answer:
    """This project's handler, called as Lambda calls it."""
    return _answer(_handler(settings).handler)


def ours_silent(settings: dict[str, Any]) -> Answer:
    """This project's handler without telemetry."""
    names = ("begin", "hit", "responded", "fetching", "fetched", "cache_error", "failed")
    silence = SimpleNamespace(**{name: lambda *_: None for name in names})
    return _answer(_handler(settings).Handler(os.environ, lambda: silence))


def ours_many(settings: dict[str, Any]) -> Answer:
    """This project's handler with each thread as a separate worker."""
    module = _handler(settings)
    workers = threading.local()

    def answer(path: str) -> object:
        if not hasattr(workers, "answer"):
            workers.answer = _answer(module.Handler(os.environ))
        return workers.answer(path)

    return answer


def at_rate(answer: Answer, path: str, callers: int, rate: float, seconds: float) -> list[float]:
    """Call from several callers at `rate` a second each, with random starts; return durations in µs."""
    times: list[float] = []
    end = time.monotonic() + seconds

    def call() -> None:
        due = time.monotonic() + random.random() / rate
        while due < end:
            time.sleep(max(due - time.monotonic(), 0))
            times.append(timed(answer, path))
            due += 1 / rate

    _in_threads([call] * callers)
    return times


def at_once(answer: Answer, paths: list[str]) -> list[float]:
    """Call with one caller for each path at the same moment; return durations in µs."""
    barrier = threading.Barrier(len(paths))
    times: list[float] = []

    def call(path: str) -> None:
        barrier.wait()
        times.append(timed(answer, path))

    _in_threads([partial(call, path) for path in paths])
    return times


def timed(answer: Answer, path: str) -> float:
    """Return the duration of one call, in µs."""
    started = time.perf_counter()
    answer(path)
    return (time.perf_counter() - started) * 1e6


def main() -> None:
    """Execute orders until the input ends."""
    answer: Answer = globals()[sys.argv[1]](json.loads(sys.argv[2]))
    with os.fdopen(os.dup(1), "w") as out:
        sys.stdout.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the handler writes its log and metrics there
        for line in sys.stdin:
            order = json.loads(line)
            if "rate" in order:
                times = at_rate(answer, **order)
            elif order.get("concurrent"):
                times = at_once(answer, order["paths"])
            else:
                times = [timed(answer, path) for path in order["paths"]]
            out.write(json.dumps(times) + "\n")
            out.flush()


def _answer(handler: Callable[[object, object], object]) -> Answer:
    context = SimpleNamespace(aws_request_id="bench")
    return lambda path: handler({"path": path}, context)


def _handler(settings: dict[str, Any]) -> Any:
    """Import the handler module, with its settings in the environment."""
    sys.path.insert(0, str(FUNCTION))
    os.environ["CACHE_ENDPOINT"] = f"127.0.0.1:{settings['discovery']}"
    os.environ["ORIGIN_URL"] = settings["origin"]
    os.environ["TTL_SECONDS"] = str(settings["ttl"])
    return importlib.import_module("handler")


def _in_threads(calls: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
