"""The cached read: a response from the cache or, by one caller for all, from the origin."""

import time
import zlib

import envelope
import response
from envelope import DEFLATED, PASS, PLAIN, EnvelopeError
from memcached import lease
from memcached.cluster import CacheError
from memcached.connection import Connection, TooLargeError
from memcached.throughput import Throughput
from origin import OriginError

NOT_FOUND_SECONDS = 10
PASS_SECONDS = 60  # how long callers skip the lease after a value was too large to store
_FIRST_WAIT, _LONGEST_WAIT = 0.005, 0.05


class CachedApi:
    """An origin with a cache in front of it. Not thread-safe: a Lambda worker runs one thread."""

    def __init__(self, cluster, origin, settings, telemetry):
        self._cluster = cluster
        self._origin = origin
        self._settings = settings
        self._telemetry = telemetry
        self._throughput = Throughput()

    def get(self, resource):
        """Return the response for a Resource, as bytes. Raises OriginError if neither side has one."""
        try:
            value, node = self._cluster.run(Connection.read, resource.key)
            now = envelope.now_ms()
            if value is not None and (hit := envelope.fresh(value, now)):
                body, age = hit
                complete = response.finish(body, "HIT", age, node.host)
                self._telemetry.hit()
                return complete
            return self._on_miss(resource, self._unpack(value, resource.key, node), node, now)
        except CacheError as error:
            self._telemetry.cache_error(error)
            return self._fetch_uncached(resource)

    def _on_miss(self, resource, entry, node, now):
        if entry is None:
            claim = self._claim(resource.key, respects_failure=False)
            won = claim.state is lease.State.WON
            return self._refresh(resource, None, node) if won else self._wait_for_leader(resource)
        if entry.kind == PASS:
            return self._fetch_uncached(resource)
        entry = entry._replace(body=bytes(entry.body))  # the next command overwrites the buffer
        if now >= entry.refresh_at:
            claim = self._claim(resource.key, respects_failure=True)
            if claim.state is lease.State.WON:
                return self._refresh(resource, entry, node)
        return self._serve(resource, entry, node)

    def _wait_for_leader(self, resource):
        """Wait for the value that the lease holder fetches; after the timeout, fetch without the cache."""
        deadline = time.monotonic() + self._settings.origin_limit
        wait = _FIRST_WAIT
        while time.monotonic() < deadline:
            time.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)
            entry, node = self._lookup(resource.key)
            if entry is not None:
                return self._serve_or_pass(resource, entry, node)
            claim = self._claim(resource.key, respects_failure=True)
            if claim.state is lease.State.WON:
                return self._refresh(resource, None, node)
            if claim.state is lease.State.FAILED:
                raise OriginError(claim.status, claim.message)
        return self._fetch_uncached(resource)

    def _refresh(self, resource, stale, node):
        """Fetch and store a value as the lease holder. If the origin fails, serve the stale entry, if any."""
        entry, node = self._lookup(resource.key)
        if entry is not None and envelope.now_ms() < entry.refresh_at:  # another caller was faster
            self._run_or_log(lease.release, resource.key)
            return self._serve_or_pass(resource, entry, node)
        try:
            status, body = self._fetch(resource)
        except OriginError as error:
            self._run_or_log(lease.fail, resource.key, error.status, str(error))
            if stale is None:
                raise
            self._telemetry.failed(resource.path, error)
            return self._serve(resource, stale, node)
        if 200 <= status < 300 or status == 404:
            node = self._store(resource.key, status, body)
            self._run_or_log(lease.release, resource.key)
        else:
            message = f"{resource.path}: the origin answered {status}"
            self._run_or_log(lease.fail, resource.key, status, message)
            node = None
        return self._respond(resource, body, "MISS" if node else "BYPASS", 0, node)

    def _fetch_uncached(self, resource):
        """Fetch without the cache."""
        _, body = self._fetch(resource)
        return self._respond(resource, body, "BYPASS", 0, None)

    def _serve_or_pass(self, resource, entry, node):
        if entry.kind == PASS:
            return self._fetch_uncached(resource)
        return self._serve(resource, entry, node)

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
        complete = response.finish(body, state, age, node.host if node else None)
        self._telemetry.responded(resource.path, state, age)
        return complete

    def _lookup(self, key):
        """Return the Entry of `key`, or None, and the node that was read. Raises CacheError."""
        value, node = self._cluster.run(Connection.read, key)
        return self._unpack(value, key, node), node

    def _unpack(self, value, key, node):
        """Return the Entry in a value that a node has under `key`; None for no value or a foreign one."""
        if value is None:
            return None
        try:
            return envelope.unpack(value)
        except EnvelopeError as error:
            self._telemetry.cache_error(f"{node.host}: unknown format of {key!r}: {error}")
            return None

    def _claim(self, key, *, respects_failure):
        seconds = self._settings.origin_limit + 2  # longer than any fetch
        started = time.perf_counter()
        claim, _ = self._cluster.run(lease.take, key, seconds, respects_failure)
        self._throughput.record_round_trip(time.perf_counter() - started)
        return claim

    def _run_or_log(self, command, key, *rest):
        """Run a command whose failure does not matter to the caller: log it."""
        try:
            self._cluster.run(command, key, *rest)
        except CacheError as error:
            self._telemetry.cache_error(error)

    def _fetch(self, resource):
        """Return the origin's status and the prepared response. Raises OriginError."""
        started = time.perf_counter()
        try:
            status, content_type, content = self._origin.fetch(
                resource.path, lambda: self._telemetry.fetching(resource.path)
            )
        finally:
            self._telemetry.fetched(time.perf_counter() - started)
        try:
            return status, response.prepare(status, content_type, content)
        except response.ResponseTooLargeError as error:
            raise OriginError(502, f"{resource.path}: {error}") from error

    def _store(self, key, status, body):
        """Store a prepared response; return its node, or None if it was not stored."""
        settings = self._settings
        ttl, stale = (NOT_FOUND_SECONDS, 0) if status == 404 else (settings.ttl, settings.stale)
        try:
            for kind, form in self._forms(body):
                try:
                    return self._store_as(key, kind, form, ttl, stale)
                except TooLargeError as error:
                    self._telemetry.cache_error(f"{key!r}: {error}")
            self._store_as(key, PASS, b"", PASS_SECONDS, 0)
        except CacheError as error:
            self._telemetry.cache_error(error)
        return None

    def _forms(self, body):
        """Yield the forms in which `body` may be stored, the better one first."""
        deflated = envelope.compressed(body, self._throughput.bytes_per_second())
        if deflated is None:
            yield PLAIN, body
            deflated = zlib.compress(body, 1)
        yield DEFLATED, deflated

    def _store_as(self, key, kind, form, ttl, stale):
        value = envelope.pack(envelope.entry(kind, form, envelope.now_ms(), ttl))
        seconds = self._cluster.seconds_for(key, ttl + stale)
        started = time.perf_counter()
        _, node = self._cluster.run(Connection.store, key, value, seconds)
        self._throughput.record_transfer(len(value), time.perf_counter() - started)
        return node
