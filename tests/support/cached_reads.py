"""Workers of the cached API within a test's own process."""

from __future__ import annotations

import json
import threading
import time
from types import SimpleNamespace


class Silent:
    """Takes what telemetry takes, and keeps the words of cache errors and failures."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def begin(self, context):
        pass

    def hit(self):
        pass

    def answered(self, path, state, age):
        pass

    def fetching(self, path):
        pass

    def fetched(self, seconds):
        pass

    def cache_error(self, message):
        self.errors.append(str(message))

    def failed(self, path, error):
        self.errors.append(str(error))


class Api:
    """A worker's cached API, with answers unpacked."""

    def __init__(self, modules, url, port, clock=time.monotonic, tls=None, **settings):
        self._modules = modules
        self.telemetry = Silent()
        endpoint = modules.discovery.Node("localhost", port)
        chosen = modules.settings.Settings(endpoint, False, url, **{"ttl": 60, "origin_limit": 2, **settings})
        self.cache = modules.cache.Cache(endpoint, self.telemetry.cache_error, tls, clock)
        origin = modules.origin.Origin(url, chosen.origin_limit)
        self._api = modules.api.CachedApi(self.cache, origin, chosen, self.telemetry)

    def get(self, path):
        """Return status, X-Cache and body of an answer; an OriginError's status and words."""
        try:
            raw = self._api.answer(self._modules.event.resource_of({"path": path}))
        except self._modules.origin.OriginError as error:
            return SimpleNamespace(status=error.status, cache=None, body=str(error), age=0)
        answer = json.loads(raw)
        headers = answer["headers"]
        return SimpleNamespace(
            status=answer["statusCode"],
            cache=headers["x-cache"],
            body=answer["body"],
            age=int(headers["age"]),
            headers=headers,
        )


def at_once(workers, path):
    """Let every worker ask for a path at the same moment; return their answers."""
    gate = threading.Barrier(len(workers))
    answers = []

    def ask(worker):
        gate.wait()
        answers.append(worker.get(path))

    threads = [threading.Thread(target=ask, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(workers)
    return answers


def later(modules, monkeypatch, seconds):
    """Move the clock that ages are taken by."""
    now_ms = modules.envelope.now_ms
    monkeypatch.setattr(modules.envelope, "now_ms", lambda: now_ms() + int(seconds * 1000))
