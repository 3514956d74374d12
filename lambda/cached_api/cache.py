"""The memcached cluster: kept connections to every node, and no failure that a caller would feel."""

import time
import zlib

import discovery
from pymemcache.client.base import Client
from pymemcache.exceptions import MemcacheError

CONNECT_SECONDS = 0.25
ANSWER_SECONDS = 0.25
DOWN_SECONDS = 5.0  # how long a node that could not be reached is left alone


class CacheError(Exception):
    """The cache cannot be asked now; the caller does without."""


class Cache:
    """Gets and sets bytes on the nodes that auto discovery tells of; for one thread, as a worker has."""

    def __init__(self, endpoint, clock=time.monotonic):
        self._endpoint = endpoint
        self._clock = clock
        self._clients = {}
        self._nodes = ()
        self._ask_again = 0.0
        self._down_until = {}

    def get(self, key):
        """Return the value of `key` or None, and the node that was asked. Raises CacheError."""
        node = self._node_of(key)
        return self._on(node, lambda client: client.get(key)), node

    def set(self, key, value, seconds):
        """Store `value` for some seconds and return the node. Raises CacheError if no node took it."""
        node = self._node_of(key)
        if not self._on(node, lambda client: client.set(key, value, expire=seconds, noreply=False)):
            raise CacheError(f"{node.host}:{node.port} did not store {len(value)} bytes")
        return node

    def _node_of(self, key):
        now = self._clock()
        if now >= self._ask_again:
            self._discover(now)
        if not self._nodes:
            raise CacheError(f"no node known behind {self._endpoint.host}:{self._endpoint.port}")
        return self._nodes[zlib.crc32(key.encode()) % len(self._nodes)]

    def _discover(self, now):
        try:
            nodes = discovery.ask(self._endpoint, CONNECT_SECONDS + ANSWER_SECONDS).nodes
        except (OSError, discovery.DiscoveryError):
            self._ask_again = now + DOWN_SECONDS  # the nodes known so far serve on
            return
        self._ask_again = now + discovery.REFRESH_SECONDS
        for gone in self._clients.keys() - set(nodes):
            self._clients.pop(gone).close()
        self._nodes = nodes

    def _on(self, node, command):
        """Run a command on a node; a kept connection that died meanwhile is opened once more."""
        if self._clock() < self._down_until.get(node, 0.0):
            raise CacheError(f"{node.host}:{node.port} was out of reach a moment ago")
        client = self._clients.get(node) or self._connect(node)
        was_open = client.sock is not None
        try:
            return command(client)
        except (OSError, MemcacheError) as error:
            client.close()
            if not was_open:
                raise self._down(node, error) from error
        try:
            return command(client)
        except (OSError, MemcacheError) as error:
            client.close()
            raise self._down(node, error) from error

    def _connect(self, node):
        self._clients[node] = Client(
            (node.address, node.port),
            connect_timeout=CONNECT_SECONDS,
            timeout=ANSWER_SECONDS,
            no_delay=True,
            default_noreply=False,
        )
        return self._clients[node]

    def _down(self, node, error):
        self._down_until[node] = self._clock() + DOWN_SECONDS
        return CacheError(f"{node.host}:{node.port}: {error}")
