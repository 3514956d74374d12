"""The fast path of a hit: the value that this worker read last is recognized by its first bytes.

Two thirds of what a hit took in addition to its two system calls were lookups of route, node and connection,
and parsing of the reply. They have the same result as long as the node returns the same value. So the worker
remembers the result for a path, but not the value: each hit reads it from the node. A value begins with the
times of its storage and refresh, in ms, so the times of two replies with the same beginning are the same.

Everything else takes the ordinary path, api.py: another value, no value, one to be refreshed, a fault, and
values that may be purged by prefix, because they require a second item.
"""

import envelope
import response
from memcached.connection import Connection, Known
from pymemcache.exceptions import MemcacheError

_MAX_PATHS = 1024  # a worker sees few, many times


class _Hit:
    """A value that was read: its connection, what it begins with, and when it was stored.

    Times are in ms since 1970. At `ends_at` the value needs a refresh, or the cluster checks its nodes.
    `headers` are the last headers of a response for the `age` in s, which changes once a second.
    """

    __slots__ = ("age", "connection", "ends_at", "headers", "known", "stored_at")  # faster than a named tuple

    def __init__(self, connection: Connection, known: Known, stored_at: int, ends_at: int):
        self.connection = connection
        self.known = known
        self.stored_at = stored_at
        self.ends_at = ends_at
        self.age: int | None = None
        self.headers = b""


class Hits:
    """The last hits of one worker by path, of direct invocations."""

    def __init__(self, cluster, telemetry):
        self._cluster = cluster
        self._telemetry = telemetry
        self._last: dict[str, _Hit] = {}

    def again(self, path):
        """Return the response if `path`, of any type, has the value of its last hit; otherwise None."""
        hit = self._last.get(path) if type(path) is str else None
        if hit is None or (now := envelope.now_ms()) >= hit.ends_at:
            return None
        try:
            body = hit.connection.read_again(hit.known)
        except (OSError, MemcacheError):  # an open connection may have died; the ordinary path opens another
            return None
        if body is None:
            del self._last[path]
            return None
        age = (now - hit.stored_at) // 1000
        if age != hit.age:
            hit.age = age
            hit.headers = response.last_headers("HIT", age, hit.connection.node.host)
        complete = b"".join((body, hit.headers))
        self._telemetry.hit()
        return complete

    def remember(self, resource, node, value, times, now):
        """Remember the hit of a Resource, for which `node` has just returned `value`, a view.

        `times` are those of envelope.fresh at `now`.
        """
        if resource.namespace:
            return
        connection = self._cluster.connections[node]
        known = connection.recognize(resource.key, len(value), envelope.HEADER_BYTES)
        if len(self._last) >= _MAX_PATHS:
            self._last.clear()
        stored_at, refresh_at = times
        ends_at = min(refresh_at, now + int(self._cluster.seconds_to_check() * 1000))
        self._last[resource.path] = _Hit(connection, known, stored_at, ends_at)
