"""Workers of the cached API within a test's process."""

from __future__ import annotations

import json
import threading
import time
from types import SimpleNamespace


class FakeTelemetry:
    """Has the methods of Telemetry; counts hits, and retains messages of errors and failures, and purges."""

    def __init__(self) -> None:
        self.hits = 0
        self.errors: list[str] = []
        self.purges: list[tuple[object, ...]] = []

    def begin(self, context):
        pass

    def hit(self):
        self.hits += 1

    def responded(self, path, state, age):
        pass

    def fetching(self, path):
        pass

    def fetched(self, seconds):
        pass

    def cache_error(self, message):
        self.errors.append(str(message))

    def failed(self, path, error):
        self.errors.append(str(error))

    def crashed(self):
        raise  # a test must see it

    def purged(self, what, caller, nodes):
        self.purges.append((what, caller, nodes))

    def purge_denied(self, caller):
        self.purges.append(("denied", caller))


def resource_of(modules, path):
    """Return the Resource of a path with the default settings."""
    settings = modules.settings.Settings(
        modules.discovery.Node("localhost", 11211), False, "http://localhost"
    )
    return modules.routes.Routes(settings).resource_of({"path": path})


class Api:
    """A worker's cached API, with decoded responses."""

    def __init__(self, modules, url, port, clock=time.monotonic, tls=None, **options):
        self._modules = modules
        self.telemetry = FakeTelemetry()
        endpoint = modules.discovery.Node("localhost", port)
        options = {"ttl": 60, "origin_limit": 2, **options}
        settings = modules.settings.Settings(endpoint, False, url, **options)
        self.cluster = modules.cluster.Cluster(settings, self.telemetry.cache_error, tls, clock)
        origin = modules.origin.Origin(settings.origin_limit)
        self._routes = modules.routes.Routes(settings)
        self._api = modules.api.CachedApi(self.cluster, origin, settings, self.telemetry)

    def get(self, path):
        """Return status, X-Cache and body of a response; status and message of an OriginError."""
        try:
            raw = self._api.hits.again(path) or self._api.get(self._routes.resource_of({"path": path}))
        except self._modules.origin.OriginError as error:
            return SimpleNamespace(status=error.status, cache=None, body=str(error), age=0)
        response = json.loads(raw)
        headers = response["headers"]
        return SimpleNamespace(
            status=response["statusCode"],
            cache=headers["x-cache"],
            body=response["body"],
            age=int(headers["age"]),
            headers=headers,
        )


def call_at_once(workers, path):
    """Have every worker request a path at the same moment; return the responses."""
    barrier = threading.Barrier(len(workers))
    responses = []

    def call(worker):
        barrier.wait()
        responses.append(worker.get(path))

    threads = [threading.Thread(target=call, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(responses) == len(workers)
    return responses


def advance_clock(modules, monkeypatch, seconds):
    """Advance the clock that ages are computed from."""
    now_ms = modules.envelope.now_ms
    monkeypatch.setattr(modules.envelope, "now_ms", lambda: now_ms() + int(seconds * 1000))
