"""The cached read: a response from the cache or, by one caller for all, from the origin."""

import time
import zlib

import envelope
import purges
import response
from envelope import DEFLATED, PASS, PLAIN, EnvelopeError
from hits import Hits
from memcached import lease
from memcached.cluster import CacheError
from memcached.connection import Connection, TooLargeError
from memcached.throughput import Throughput
from origin import OriginError
from purges import Purges
from response import Found

NOT_FOUND_SECONDS = 10
PASS_SECONDS = 60  # how long callers skip the lease after a value was too large to store
_FIRST_WAIT, _LONGEST_WAIT = 0.005, 0.05


class CachedApi:
    """An origin with a cache in front of it. Not thread-safe: a Lambda worker runs one thread."""

    def __init__(self, cluster, origin, settings, telemetry):
        self._cluster = cluster
        self._purges = Purges(settings)
        self._origin = origin
        self._settings = settings
        self._telemetry = telemetry
        self._throughput = Throughput()
        self.hits = Hits(cluster, telemetry)

    def get(self, resource):
        """Return the response for a Resource, as bytes. Raises OriginError if neither side has one."""
        try:
            value, node = self._read(resource)
            now = envelope.now_ms()
            if value is not None and (times := envelope.fresh(value, now)):
                self.hits.remember(resource, node, value, times, now)
                age = (now - times[0]) // 1000
                complete = response.finish(value[envelope.HEADER_BYTES :], "HIT", age, node.host)
                self._telemetry.hit()
                return complete
            entry = self._unpack(value, resource.key, node)
            return _complete(self._on_miss(resource, entry, node, now))
        except CacheError as error:
            self._telemetry.cache_error(error)
            return _complete(self._fetch_uncached(resource))

    def find(self, resource):
        """Return the Found of a Resource. Raises OriginError as `get` does."""
        try:
            entry, node = self._lookup(resource)
            return self._on_miss(resource, entry, node, envelope.now_ms())
        except CacheError as error:
            self._telemetry.cache_error(error)
            return self._fetch_uncached(resource)

    def forget_purges(self):
        """Read the times of purges again before the next values; this worker has purged some."""
        self._purges.forget()

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
            entry, node = self._lookup(resource)
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
        entry, node = self._lookup(resource)
        if entry is not None and envelope.now_ms() < entry.refresh_at:  # another caller was faster
            self._run_or_log(lease.release, resource.key)
            return self._serve_or_pass(resource, entry, node)
        began = time.time_ns()
        try:
            status, body = self._fetch(resource)
        except OriginError as error:
            self._run_or_log(lease.fail, resource.key, error.status, str(error))
            if stale is None:
                raise
            self._telemetry.failed(resource.path, error)
            return self._serve(resource, stale, node)
        if fresh := self._seconds(resource, status)[0]:
            node = self._store(resource, status, body, began)
            self._run_or_log(lease.release, resource.key)
        else:
            message = f"{resource.path}: the origin answered {status}"
            self._run_or_log(lease.fail, resource.key, status, message)
            node = None
        return self._respond(resource, body, "MISS" if node else "BYPASS", 0, fresh, node)

    def _fetch_uncached(self, resource):
        """Fetch without the cache."""
        status, body = self._fetch(resource)
        return self._respond(resource, body, "BYPASS", 0, self._seconds(resource, status)[0], None)

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
        lifetime = (entry.fresh_until - entry.stored_at) // 1000
        return self._respond(resource, body, state, age, lifetime, node)

    def _respond(self, resource, body, state, age, lifetime, node):
        self._telemetry.responded(resource.path, state, age)
        return Found(body, state, age, lifetime, node.host if node else None)

    def _lookup(self, resource):
        """Return the Entry of a Resource and the node that was read. Raises CacheError.

        The Entry is None if there is none, or if it was purged.
        """
        value, node = self._read(resource)
        return self._unpack(value, resource.key, node), node

    def _read(self, resource):
        """Return the value of a Resource, None if there is none, and its node. Raises CacheError."""
        if resource.namespace:
            return self._cluster.run(self._purges.read, resource.key, resource.namespace)
        return self._cluster.run(Connection.read, resource.key)

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
                resource, lambda: self._telemetry.fetching(resource.path)
            )
        finally:
            self._telemetry.fetched(time.perf_counter() - started)
        try:
            return status, response.prepare(status, content_type, content)
        except response.ResponseTooLargeError as error:
            raise OriginError(502, f"{resource.path}: {error}") from error

    def _seconds(self, resource, status):
        """Return the seconds for which a response is fresh, then stale; 0 if it must not be stored."""
        if status == 404:
            return NOT_FOUND_SECONDS, 0
        return resource.lifetime if 200 <= status < 300 else (0, 0)

    def _store(self, resource, status, body, began):
        """Store a prepared response; return its node, or None if it was not stored.

        It is removed again if it was purged since its fetch `began`, in ns since 1970.
        """
        key = resource.key
        ttl, stale = self._seconds(resource, status)
        try:
            for kind, form in self._forms(body):
                try:
                    node = self._store_as(key, kind, form, ttl, stale)
                    return None if self._was_purged(resource, began) else node
                except TooLargeError as error:
                    self._telemetry.cache_error(f"{key!r}: {error}")
            self._store_as(key, PASS, b"", PASS_SECONDS, 0)
        except CacheError as error:
            self._telemetry.cache_error(error)
        return None

    def _was_purged(self, resource, began):
        """Remove a stored value if it was purged since `began`; return whether it was."""
        if not self._settings.can_purge:
            return False
        was_purged, _ = self._cluster.run(purges.undo, resource.key, resource.namespace, began)
        return was_purged

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


def _complete(found):
    return response.finish(found.prepared, found.state, found.age, found.host)
