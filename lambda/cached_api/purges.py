"""Purges: values that were stored before a purge are removed, or count as missing.

A path is purged by deleting its item on every node. Memcached cannot list keys, so a prefix is purged by
writing the time into an item of the prefix on every node: older values on that node count as missing. A node
that restarts loses both. Prefixes have to be declared, so that a path has at most one item to check. A worker
reads it again after `purge_check` seconds; that is a second round trip, and there is none in between.

A fetch that began before a purge may store its old response after it. So the worker that stores checks for a
purge afterwards, and deletes its value.
"""

import time

from envelope import was_stored_by
from memcached import discovery
from memcached.connection import Connection
from pymemcache.exceptions import MemcacheError
from settings import MONTH

_SECONDS_OVER_FETCH = 10  # how much longer than a fetch the purge of a path is remembered


class PurgeError(Exception):
    """Some nodes were not purged; the message names them."""


class Purges:
    """The times of the last purges of prefixes, as one worker knows them."""

    def __init__(self, settings, clock=time.monotonic):
        self._seconds = settings.purge_check
        self._clock = clock
        self._known = {}

    def read(self, connection, key, namespace):
        """Return the value of `key` as Connection.read does, None if `namespace` was purged since then.

        The time of the purge is read first, because the next command overwrites the value.
        """
        known_until, purged_at = self._known.get((connection.node, namespace), (0.0, 0))
        if (now := self._clock()) >= known_until:
            purged_at = _time(connection, namespace)
            self._known[connection.node, namespace] = now + self._seconds, purged_at
        value = connection.read(key)
        if purged_at and value is not None and was_stored_by(value, purged_at):
            return None
        return value

    def forget(self):
        """Read the times again before the next values."""
        self._known.clear()


def undo(connection, key, namespace, began):
    """Delete `key` if it, or its namespace, was purged since `began`, in ns; return whether it was."""
    purged_at = _time(connection, _tombstone(key))
    if namespace:
        purged_at = max(purged_at, _time(connection, namespace))
    if purged_at >= began:
        connection.delete_item(key)
    return purged_at >= began


def purge_key(settings, tls, key):
    """Remove the value of `key` from every node; return their number. Raises PurgeError."""

    def purge(connection):
        connection.store(_tombstone(key), b"%d" % time.time_ns(), settings.origin_limit + _SECONDS_OVER_FETCH)
        connection.delete_item(key)

    return _on_every_node(settings, tls, purge)


def purge_namespaces(settings, tls, namespaces):
    """Purge all values of some namespaces on every node; return their number. Raises PurgeError."""

    def purge(connection):
        for namespace in namespaces:
            connection.store(namespace, b"%d" % time.time_ns(), MONTH)

    return _on_every_node(settings, tls, purge)


def _on_every_node(settings, tls, command):
    """Run a command on every node, also on those that other workers will use again, by new connections."""
    try:
        nodes = discovery.discover(settings.endpoint, settings.discovery_timeout, tls).nodes
    except (OSError, discovery.DiscoveryError) as error:
        raise PurgeError(f"the nodes are unknown: {error}") from error
    errors = []
    for node in nodes:
        connection = Connection(
            node,
            tls,
            connect_timeout=settings.connect_timeout,
            response_timeout=settings.response_timeout,
        )
        try:
            command(connection)
        except (OSError, MemcacheError) as error:
            errors.append(f"{node.host}:{node.port}: {error}")
        finally:
            connection.close()
    if errors:
        raise PurgeError(f"{len(errors)} of {len(nodes)} nodes failed: {'; '.join(errors)}")
    return len(nodes)


def _time(connection, name):
    """Return the time in an item, 0 without one."""
    value = connection.read(name)
    digits = b"" if value is None else bytes(value[:20])
    return int(digits) if digits.isdigit() else 0


def _tombstone(key):
    return b"purged:" + key
