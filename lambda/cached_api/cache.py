"""The memcached cluster: its nodes as discovery tells them, and whom to ask when one is down."""

import time

import discovery
from connection import Connection
from pymemcache.exceptions import MemcacheError
from ring import Ring

DISCOVERY_SECONDS = 0.3
DOWN_SECONDS = 5.0  # how long a node that could not be reached is left alone
DISPLACED_SECONDS = 10  # time to live of a value on a node that only stands in for another


class CacheError(Exception):
    """The cache cannot be asked now; the caller does without."""


class Cache:
    """Runs commands on the node that a key belongs to; for one thread, as a worker has.

    A node counts as down only if a fresh connection to it fails: a kept one may have died in a freeze.
    `report` is called with the words of every fault that another node, or an older list, makes up for.
    """

    def __init__(self, endpoint, report, tls=None, clock=time.monotonic):
        self._endpoint = endpoint
        self._report = report
        self._tls = tls
        self._clock = clock
        self._connections = {}
        self._known = self._usable = Ring(())
        self._down_until = {}
        self._discover_at = self._look_at = clock()

    def run(self, command, key, *rest):
        """Return what `command(connection, key, *rest)` does, on the node of `key`, and that node.

        A command that fails on a kept connection runs again, so it must bear that. Raises CacheError if no
        node can be asked; of what `command` raises, only TooLargeError passes.
        """
        if self._clock() >= self._look_at:
            self._look()
        while (node := self._usable.node_of(key)) is not None:
            connection = self._connections.get(node) or self._connect(node)
            if connection.sock is not None:
                try:
                    return command(connection, key, *rest), node
                except (OSError, MemcacheError):
                    pass
            try:
                return command(connection, key, *rest), node
            except (OSError, MemcacheError) as error:
                self._leave_alone(node, error)
        raise CacheError(f"no node of {self._endpoint.host}:{self._endpoint.port} can be asked")

    def seconds_for(self, key, seconds):
        """Return for how long a value may stay: shortly if the node of `key` is away and will come back."""
        is_displaced = self._usable.node_of(key) != self._known.node_of(key)
        return min(seconds, DISPLACED_SECONDS) if is_displaced else seconds

    def _look(self):
        """Ask for the nodes if it is time, and give those another chance that were down for long enough."""
        now = self._clock()
        if now >= self._discover_at:
            self._discover()
        self._down_until = {node: end for node, end in self._down_until.items() if end > now}
        self._settle()

    def _discover(self):
        try:
            nodes = discovery.ask(self._endpoint, DISCOVERY_SECONDS, self._tls).nodes
        except (OSError, discovery.DiscoveryError) as error:
            self._report(f"discovery at {self._endpoint.host}:{self._endpoint.port}: {error}")
            self._discover_at = self._clock() + DOWN_SECONDS  # the nodes known so far serve on
            return
        self._discover_at = self._clock() + discovery.REFRESH_SECONDS
        for gone in self._connections.keys() - set(nodes):
            self._connections.pop(gone).close()
        if nodes != self._known.nodes:
            self._known = Ring(nodes)

    def _leave_alone(self, node, error):
        self._report(f"{node.host}:{node.port} is left alone for {DOWN_SECONDS:g} s: {error}")
        self._down_until[node] = self._clock() + DOWN_SECONDS
        self._settle()

    def _settle(self):
        """Bring the usable nodes and the time of the next look into line with what is known."""
        usable = tuple(node for node in self._known.nodes if node not in self._down_until)
        if usable != self._usable.nodes:
            self._usable = Ring(usable)
        self._look_at = min([self._discover_at, *self._down_until.values()])

    def _connect(self, node):
        self._connections[node] = Connection(node, self._tls)
        return self._connections[node]
