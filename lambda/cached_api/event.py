"""The resource of the origin that an event requests. Untrusted input ends here."""

import functools
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
    """A path below the origin's URL, and the cache key of its response."""

    path: str
    key: bytes


def resource_of(event):
    """Return the Resource of an event `{"path": "/employees"}`. Raises BadEventError.

    A path consists of unreserved URL characters, in segments that do not begin with a dot. So it contains no
    host, query, escape or step upwards, and no space or line end, which memcached and HTTP would interpret.
    """
    path = event.get("path", DEFAULT_PATH) if type(event) is dict else None
    if type(path) is not str:
        raise BadEventError('the event must be an object such as {"path": "/employees"}')
    return _resource(path)


@functools.lru_cache(maxsize=1024)  # a worker sees few paths, many times
def _resource(path):
    if len(path) > MAX_PATH_LENGTH or not _PATH.fullmatch(path):
        raise BadEventError(
            "path must be /names/of/resources of letters, digits and . _ ~ -, at most "
            f"{MAX_PATH_LENGTH} characters"
        )
    name = path.encode()
    if len(name) > MAX_KEY_BYTES:
        import hashlib  # rarely needed

        name = hashlib.sha256(name).hexdigest().encode()
    return Resource(path, KEY_PREFIX + name)
