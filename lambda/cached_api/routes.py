"""The origin, lifetime and purgeable prefix of a path, each by the longest prefix of the path. Pure."""

import functools
import zlib

from event import DEFAULT_PATH, BadEventError, Resource, check_path, is_path, key_of

ALL = "/"  # the prefix of all paths


def is_prefix(text):
    """Return whether a text may be a prefix: a path without a slash at its end, or `/`."""
    return text == ALL or is_path(text)


def covers(prefix, path):
    """Return whether `prefix` is `path` or one of the paths above it: /a covers /a and /a/b, not /ab."""
    return prefix in (ALL, path) or path.startswith(f"{prefix}/")


def longest(prefixes, path):
    """Return the longest of `prefixes`, a set or mapping, that covers `path`; None if none does."""
    while path:
        if path in prefixes:
            return path
        path = path.rpartition("/")[0]
    return ALL if ALL in prefixes else None


def namespace_of(prefix):
    """Return the key of the item with the time of the last purge of a prefix."""
    return b"purged:" + prefix.encode()


class Routes:
    """The routes of a function's settings."""

    def __init__(self, settings):
        self._settings = settings
        # a worker sees few paths, many times
        self.resource = functools.lru_cache(maxsize=1024)(self._resource)
        """Return the Resource of a path and its canonical query. Raises BadEventError."""

    def resource_of(self, event):
        """Return the Resource of an event `{"path": "/employees"}`. Raises BadEventError."""
        path = event.get("path", DEFAULT_PATH) if type(event) is dict else None
        if type(path) is not str:
            raise BadEventError('the event must be an object such as {"path": "/employees"}')
        return self.resource(path)

    def _resource(self, path, query=""):
        check_path(path)
        settings = self._settings
        target = f"{path}?{query}" if query else path
        routed = longest(settings.origins, path)
        origin = settings.origins[routed] if routed else settings.origin_url
        key = key_of(target, _scope(origin) if routed else b"")
        timed = longest(settings.path_ttls, path)
        lifetime = settings.path_ttls[timed] if timed else (settings.ttl, settings.stale)
        purgeable = longest(settings.purge_prefixes, path)
        namespace = namespace_of(purgeable) if purgeable else b""
        return Resource(target, key, origin, lifetime, namespace)


def _scope(origin):
    """Return what separates the keys of an origin from those of others, also of one that it replaces.

    A path begins with a slash, so no key of the default origin contains it.
    """
    return b"%08x:" % zlib.crc32(origin.encode())
