"""The cached read: from the cache, or by one caller for all from the origin."""

import time
import zlib

import answer
import envelope
import lease
from cache import CacheError
from connection import Connection, TooLargeError
from envelope import DEFLATED, PASS, PLAIN, EnvelopeError
from origin import OriginError
from wire import Wire

NOT_FOUND_SECONDS = 10
PASS_SECONDS = 60  # for how long nobody waits for anybody after a value was too large to store
_FIRST_WAIT, _LONGEST_WAIT = 0.005, 0.05


class CachedApi:
    """An origin with a cache in front of it; for one thread, as a worker has."""

    def __init__(self, cache, origin, settings, telemetry):
        self._cache = cache
        self._origin = origin
        self._settings = settings
        self._telemetry = telemetry
        self._wire = Wire()

    def answer(self, resource):
        """Return the answer for a Resource, as bytes. Raises OriginError if neither side has one."""
        try:
            value, node = self._cache.run(Connection.read, resource.key)
            now = envelope.now_ms()
            if value is not None and (hit := envelope.fresh(value, now)):
                body, age = hit
                whole = answer.finish(body, "HIT", age, node.host)
                self._telemetry.hit()
                return whole
            return self._on_miss(resource, self._entry(value, resource.key, node), node, now)
        except CacheError as error:
            self._telemetry.cache_error(error)
            return self._fetch_uncached(resource)

    def _on_miss(self, resource, entry, node, now):
        if entry is None:
            claim = self._claim(resource.key, heeds_failure=False)
            won = claim.state is lease.State.WON
            return self._refresh(resource, None, node) if won else self._wait_for_leader(resource)
        if entry.kind == PASS:
            return self._fetch_uncached(resource)
        entry = entry._replace(body=bytes(entry.body))  # what comes next overwrites the buffer
        if now >= entry.refresh_at:
            claim = self._claim(resource.key, heeds_failure=True)
            if claim.state is lease.State.WON:
                return self._refresh(resource, entry, node)
        return self._serve(resource, entry, node)

    def _wait_for_leader(self, resource):
        """Wait for the answer that another caller fetches; if it never comes, fetch without more ado."""
        deadline = time.monotonic() + self._settings.origin_limit
        wait = _FIRST_WAIT
        while time.monotonic() < deadline:
            time.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)
            entry, node = self._stored(resource.key)
            if entry is not None:
                return (
                    self._fetch_uncached(resource)
                    if entry.kind == PASS
                    else self._serve(resource, entry, node)
                )
            claim = self._claim(resource.key, heeds_failure=True)
            if claim.state is lease.State.WON:
                return self._refresh(resource, None, node)
            if claim.state is lease.State.FAILED:
                raise OriginError(claim.status, claim.message)
        return self._fetch_uncached(resource)

    def _refresh(self, resource, stale, node):
        """Fetch for all: the lease is ours. While the origin fails, a stale answer is good enough."""
        entry, node = self._stored(resource.key)
        if entry is not None and envelope.now_ms() < entry.refresh_at:  # somebody was faster
            self._quietly(lease.release, resource.key)
            return (
                self._fetch_uncached(resource) if entry.kind == PASS else self._serve(resource, entry, node)
            )
        try:
            status, body = self._fetch(resource)
        except OriginError as error:
            self._quietly(lease.fail, resource.key, error.status, str(error))
            if stale is None:
                raise
            self._telemetry.failed(resource.path, error)
            return self._serve(resource, stale, node)
        if 200 <= status < 300 or status == 404:
            node = self._keep(resource.key, status, body)
            self._quietly(lease.release, resource.key)
        else:
            self._quietly(lease.fail, resource.key, status, f"{resource.path}: the origin answered {status}")
            node = None
        return self._respond(resource, body, "MISS" if node else "BYPASS", 0, node)

    def _fetch_uncached(self, resource):
        """Fetch without the cache."""
        _, body = self._fetch(resource)
        return self._respond(resource, body, "BYPASS", 0, None)

    def _serve(self, resource, entry, node):
        now = envelope.now_ms()
        state = "HIT" if now < entry.fresh_until else "STALE"
        age = (now - entry.stored_at) // 1000
        try:
            body = envelope.body_of(entry)
        except EnvelopeError as error:
            raise CacheError(f"{node.host}: {resource.key!r}: {error}") from error
        return self._respond(resource, body, state, age, node)

    def _respond(self, resource, body, state, age, node):
        whole = answer.finish(body, state, age, node.host if node else None)
        self._telemetry.answered(resource.path, state, age)
        return whole

    def _stored(self, key):
        """Return the Entry of `key`, or None, and the node that was asked. Raises CacheError."""
        value, node = self._cache.run(Connection.read, key)
        return self._entry(value, key, node), node

    def _entry(self, value, key, node):
        """Return the Entry in what a node has under `key`; None if there is none, or another's."""
        if value is None:
            return None
        try:
            return envelope.unpack(value)
        except EnvelopeError as error:
            self._telemetry.cache_error(f"{node.host}: {key!r} is not ours: {error}")
            return None

    def _claim(self, key, *, heeds_failure):
        seconds = self._settings.origin_limit + 2  # longer than any fetch
        started = time.perf_counter()
        claim, _ = self._cache.run(lease.take, key, seconds, heeds_failure)
        self._wire.saw_round_trip(time.perf_counter() - started)
        return claim

    def _quietly(self, command, key, *rest):
        try:
            self._cache.run(command, key, *rest)
        except CacheError as error:
            self._telemetry.cache_error(error)

    def _fetch(self, resource):
        """Return the origin's status and the body of an answer. Raises OriginError."""
        started = time.perf_counter()
        try:
            status, content_type, content = self._origin.fetch(
                resource.path, lambda: self._telemetry.fetching(resource.path)
            )
        finally:
            self._telemetry.fetched(time.perf_counter() - started)
        try:
            return status, answer.body_of(status, content_type, content)
        except answer.AnswerTooLargeError as error:
            raise OriginError(502, f"{resource.path}: {error}") from error

    def _keep(self, key, status, body):
        """Store an answer; return the node that has it, None if none took it."""
        settings = self._settings
        ttl, stale = (NOT_FOUND_SECONDS, 0) if status == 404 else (settings.ttl, settings.stale)
        try:
            for kind, form in self._forms(body):
                try:
                    return self._store(key, kind, form, ttl, stale)
                except TooLargeError as error:
                    self._telemetry.cache_error(f"{key!r}: {error}")
            self._store(key, PASS, b"", PASS_SECONDS, 0)
        except CacheError as error:
            self._telemetry.cache_error(error)
        return None

    def _forms(self, body):
        """Yield the forms in which `body` may be stored, the better one first."""
        deflated = envelope.compressed(body, self._wire.bytes_per_second())
        if deflated is None:
            yield PLAIN, body
            deflated = zlib.compress(body, 1)
        yield DEFLATED, deflated

    def _store(self, key, kind, form, ttl, stale):
        value = envelope.pack(envelope.entry(kind, form, envelope.now_ms(), ttl))
        seconds = self._cache.seconds_for(key, ttl + stale)
        started = time.perf_counter()
        _, node = self._cache.run(Connection.store, key, value, seconds)
        self._wire.saw_transfer(len(value), time.perf_counter() - started)
        return node
