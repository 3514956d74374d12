"""The resource of the origin that an event requests. Untrusted input ends here."""

import re
from typing import NamedTuple

DEFAULT_PATH = "/employees"
KEY_PREFIX = b"v2:"  # changes whenever the stored format changes
MAX_KEY_BYTES = 200
MAX_PATH_LENGTH = 1024
_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+", re.ASCII)


class BadEventError(Exception):
    """The event does not contain a valid path of the origin."""


class Resource(NamedTuple):
    """A path below an origin's base URL, with its query, and the cache key of its response.

    `lifetime` has the seconds in which the response is fresh, and stale after that. `namespace` is the key of
    the item with the time of the last purge of the path's prefix, empty if none can be purged.
    """

    path: str
    key: bytes
    origin: str
    lifetime: tuple[int, int]
    namespace: bytes


def is_path(text):
    """Return whether a text is a path that an event may contain.

    A path consists of unreserved URL characters, in segments that do not begin with a dot. So it contains no
    host, query, escape or step upwards, and no space or line end, which memcached and HTTP would interpret.
    """
    return len(text) <= MAX_PATH_LENGTH and _PATH.fullmatch(text) is not None


def check_path(path):
    """Raise BadEventError if a text is not a path."""
    if not is_path(path):
        raise BadEventError(
            "path must be /names/of/resources of letters, digits and . _ ~ -, at most "
            f"{MAX_PATH_LENGTH} characters"
        )


def key_of(path, scope=b""):
    """Return the cache key of a path with its query; keys of different scopes differ."""
    name = path.encode()
    if len(name) > MAX_KEY_BYTES - len(scope):
        import hashlib  # rarely needed

        name = hashlib.sha256(name).hexdigest().encode()
    return KEY_PREFIX + scope + name
