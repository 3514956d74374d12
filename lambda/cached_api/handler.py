"""Answers for an external API from a memcached cluster, and on a miss from the API itself (lazy loading).

Event: `{"path": "/employees"}`. Environment: CACHE_ENDPOINT (host:port), ORIGIN_URL, TTL_SECONDS.
"""

import functools
import hashlib
import json
import logging
import os
import re

from cache import Cache, CacheError
from discovery import Node
from origin import Origin, OriginError

DEFAULT_PATH = "/employees"
KEY_PREFIX = "v1:"  # another prefix whenever the stored form changes
MAX_KEY_BYTES = 200
_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+", re.ASCII)
_log = logging.getLogger(__name__)


def handler(event, context):
    """Answer one event as an API Gateway proxy integration would."""
    path = event.get("path", DEFAULT_PATH) if isinstance(event, dict) else None
    if not isinstance(path, str) or len(path) > 1024 or not _PATH.fullmatch(path):
        return _error(400, "path: write /names/of/resources with letters, digits and . _ ~ - only")
    try:
        return _api().answer(path)
    except OriginError as error:
        return _error(error.status, str(error))


class CachedApi:
    """An origin with a cache in front of it."""

    def __init__(self, cache, origin, ttl_seconds):
        self._cache = cache
        self._origin = origin
        self._ttl_seconds = ttl_seconds

    def answer(self, path):
        """Return the answer for a path of the origin. Raises OriginError if neither side has one."""
        key = key_of(path)
        try:
            stored, node = self._cache.get(key)
        except CacheError as error:
            _log.warning("cache: %s", error)
            return self._from_origin(path, None)
        if stored is not None:
            content_type, _, body = stored.decode().partition("\n")
            return _answer(200, content_type, body, "HIT", node)
        return self._from_origin(path, key)

    def _from_origin(self, path, key):
        reply = self._origin.fetch(path)
        node = None
        if key is not None and 200 <= reply.status < 300:
            node = self._store(key, reply)
        return _answer(reply.status, reply.content_type, reply.body, "MISS" if node else "BYPASS", node)

    def _store(self, key, reply):
        try:
            return self._cache.set(key, f"{reply.content_type}\n{reply.body}".encode(), self._ttl_seconds)
        except CacheError as error:
            _log.warning("cache: %s", error)
            return None


def key_of(path):
    """Return the cache key of a path: versioned, of at most 203 bytes."""
    if len(path) > MAX_KEY_BYTES:
        path = hashlib.sha256(path.encode()).hexdigest()
    return KEY_PREFIX + path


@functools.cache
def _api():
    host, _, port = os.environ["CACHE_ENDPOINT"].rpartition(":")
    return CachedApi(
        Cache(Node(host, int(port))),
        Origin(os.environ["ORIGIN_URL"]),
        int(os.environ.get("TTL_SECONDS", "300")),
    )


def _answer(status, content_type, body, cache_state, node):
    headers = {"content-type": content_type, "x-cache": cache_state}
    if node is not None:
        headers["x-cache-node"] = node.host
    return {"statusCode": status, "headers": headers, "body": body}


def _error(status, message):
    return _answer(status, "application/json", json.dumps({"error": message}), "BYPASS", None)
