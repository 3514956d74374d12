"""A process that answers events in one of the ways that the bench compares, and times itself.

Arguments: the way, its settings as JSON. Each line of input asks for `paths`, one after the other or all at
once (`concurrent`), or by so many callers at a rate for some time; each line of output has the times, in µs.
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
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

Answer = Callable[[str], object]
FUNCTION = Path(__file__).parents[1] / "lambda" / "cached_api"


def raw(settings: dict[str, Any]) -> Answer:
    """The limit: a kept socket and a plain get, received where it can stay."""
    wire = socket.create_connection(("127.0.0.1", settings["nodes"][0]))
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    view = memoryview(bytearray(1 << 20))

    def answer(path: str) -> None:
        wire.sendall(b"get raw:%b\r\n" % path.encode())
        have = wire.recv_into(view)
        while view[max(have - 5, 0) : have] != b"END\r\n":
            have += wire.recv_into(view[have:])
        if have < 10:
            raise RuntimeError(f"nothing under raw:{path}")

    return answer


def origin(settings: dict[str, Any]) -> Answer:
    """The origin's own time: a kept connection and the least that HTTP needs."""
    parts = urlsplit(settings["origin"])
    connection = HTTPConnection(str(parts.hostname), parts.port)

    def answer(path: str) -> None:
        connection.request("GET", path)
        connection.getresponse().read()

    return answer


def naive(settings: dict[str, Any]) -> Answer:
    """The source scenario's handler in Python: client per invocation, json in and out."""
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
    """This project's handler, as Lambda calls it."""
    handler = _handler(settings)
    context = SimpleNamespace(aws_request_id="bench")
    return lambda path: handler.handler({"path": path}, context)


def ours_silent(settings: dict[str, Any]) -> Answer:
    """Ours without telemetry."""
    names = ("begin", "hit", "answered", "fetching", "fetched", "cache_error", "failed")
    silence = SimpleNamespace(**{name: lambda *_: None for name in names})
    _handler(settings)._telemetry = lambda: silence
    return ours(settings)


def ours_many(settings: dict[str, Any]) -> Answer:
    """Ours with each thread a worker of its own, as far as the handler can tell."""
    handler = _handler(settings)
    own = threading.local()
    handler._telemetry = _for_each(own, "telemetry", handler._telemetry.__wrapped__)
    handler._api = _for_each(own, "api", handler._api.__wrapped__)
    return ours(settings)


def at_rate(answer: Answer, path: str, callers: int, rate: float, seconds: float) -> list[float]:
    """Let callers ask at `rate` a second each, beginning at random moments; return the times, in µs."""
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
    """Let one caller for each path ask at the same moment; return the times, in µs."""
    gate = threading.Barrier(len(paths))
    times: list[float] = []

    def call(path: str) -> None:
        gate.wait()
        times.append(timed(answer, path))

    _in_threads([lambda path=path: call(path) for path in paths])
    return times


def timed(answer: Answer, path: str) -> float:
    """Return how long an answer took, in µs."""
    started = time.perf_counter()
    answer(path)
    return (time.perf_counter() - started) * 1e6


def main() -> None:
    """Answer orders until the input ends."""
    answer: Answer = globals()[sys.argv[1]](json.loads(sys.argv[2]))
    with os.fdopen(os.dup(1), "w") as out:
        sys.stdout.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # where the handler writes its log and metrics
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


def _handler(settings: dict[str, Any]) -> Any:
    """Import the handler with its settings where it looks for them."""
    sys.path.insert(0, str(FUNCTION))
    os.environ["CACHE_ENDPOINT"] = f"127.0.0.1:{settings['discovery']}"
    os.environ["ORIGIN_URL"] = settings["origin"]
    os.environ["TTL_SECONDS"] = str(settings["ttl"])
    return importlib.import_module("handler")


def _for_each(own: threading.local, name: str, make: Callable[[], object]) -> Callable[[], object]:
    def one() -> object:
        if not hasattr(own, name):
            setattr(own, name, make())
        return getattr(own, name)

    return one


def _in_threads(calls: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
