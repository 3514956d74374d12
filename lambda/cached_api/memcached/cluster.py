"""The memcached cluster: its nodes by auto discovery, and the node to use while one is down."""

import time

from pymemcache.exceptions import MemcacheError

from memcached import discovery
from memcached.connection import Connection
from memcached.ring import Ring

DOWN_SECONDS = 5.0  # how long a node that could not be reached is skipped
DISPLACED_SECONDS = 10  # time to live of a value on a node that replaces another


class CacheError(Exception):
    """The cache is unavailable now; the caller goes on without it."""


class Cluster:
    """Runs commands on the node that a key belongs to. Not thread-safe: a Lambda worker runs one thread.

    A node counts as down only if a new connection to it fails: an open one may have died while Lambda froze
    the worker. `report` is called with a message for every fault that does not affect the caller.
    """

    def __init__(self, settings, report, tls=None, clock=time.monotonic):
        self.connections = {}
        """The open connections, by node."""
        self._endpoint = settings.endpoint
        self._settings = settings
        self._report = report
        self._tls = tls
        self._clock = clock
        self._known = self._usable = Ring(())
        self._down_until = {}
        self._discover_at = self._check_at = clock()

    def run(self, command, key, *rest):
        """Return the result of `command(connection, key, *rest)` on the node of `key`, and that node.

        A command that fails on an open connection runs a second time, so it must be idempotent. Raises
        CacheError if no node is available; of the exceptions of `command`, only TooLargeError passes.
        """
        if self._clock() >= self._check_at:
            self._check_nodes()
        while (node := self._usable.node_of(key)) is not None:
            connection = self.connections.get(node) or self._connect(node)
            if connection.sock is not None:
                try:
                    return command(connection, key, *rest), node
                except (OSError, MemcacheError):
                    pass
            try:
                return command(connection, key, *rest), node
            except (OSError, MemcacheError) as error:
                self._mark_down(node, error)
        raise CacheError(f"no node of {self._endpoint.host}:{self._endpoint.port} is available")

    def seconds_for(self, key, seconds):
        """Return the time to live of a value: a short one if its node is down and will come back."""
        is_displaced = self._usable.node_of(key) != self._known.node_of(key)
        return min(seconds, DISPLACED_SECONDS) if is_displaced else seconds

    def seconds_to_check(self):
        """Return the time to the next check of the nodes. Until then no key moves away from a usable node."""
        return self._check_at - self._clock()

    def _check_nodes(self):
        """Discover the nodes if that is due, and use nodes again that were down for long enough."""
        now = self._clock()
        if now >= self._discover_at:
            self._discover()
        self._down_until = {node: end for node, end in self._down_until.items() if end > now}
        self._update_usable()

    def _discover(self):
        try:
            nodes = discovery.discover(self._endpoint, self._settings.discovery_timeout, self._tls).nodes
        except (OSError, discovery.DiscoveryError) as error:
            self._report(f"discovery at {self._endpoint.host}:{self._endpoint.port}: {error}")
            self._discover_at = self._clock() + DOWN_SECONDS  # the known nodes stay in use
            return
        self._discover_at = self._clock() + discovery.REFRESH_SECONDS
        for removed in self.connections.keys() - set(nodes):
            self.connections.pop(removed).close()
        if nodes != self._known.nodes:
            self._known = Ring(nodes)

    def _mark_down(self, node, error):
        self._report(f"{node.host}:{node.port} is skipped for {DOWN_SECONDS:g} s: {error}")
        self._down_until[node] = self._clock() + DOWN_SECONDS
        self._update_usable()

    def _update_usable(self):
        """Update the usable nodes and the time of the next check."""
        usable = tuple(node for node in self._known.nodes if node not in self._down_until)
        if usable != self._usable.nodes:
            self._usable = Ring(usable)
        self._check_at = min([self._discover_at, *self._down_until.values()])

    def _connect(self, node):
        self.connections[node] = Connection(
            node,
            self._tls,
            connect_timeout=self._settings.connect_timeout,
            response_timeout=self._settings.response_timeout,
        )
        return self.connections[node]
