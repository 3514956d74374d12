"""Which resource of the origin an event asks for: the gate between callers and everything behind."""

import functools
import re
from typing import NamedTuple

DEFAULT_PATH = "/employees"
KEY_PREFIX = b"v2:"  # another prefix whenever the stored form changes
MAX_KEY_BYTES = 200
MAX_PATH_LENGTH = 1024
_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+", re.ASCII)


class BadEventError(Exception):
    """The event asks for nothing that a path of the origin could be."""


class Resource(NamedTuple):
    """A path below the origin's URL, and the key that its answer is cached under."""

    path: str
    key: bytes


def resource_of(event):
    """Return the Resource of an event `{"path": "/employees"}`. Raises BadEventError.

    Only unreserved characters of URLs pass, in segments that do not begin with a dot: no host, query, escape
    or step upwards can be written with them, nor a space or line end, which memcached and HTTP would heed.
    """
    path = event.get("path", DEFAULT_PATH) if type(event) is dict else None
    if type(path) is not str:
        raise BadEventError('write an event such as {"path": "/employees"}')
    return _resource(path)


@functools.lru_cache(maxsize=1024)  # a worker is asked for few paths, many times
def _resource(path):
    if len(path) > MAX_PATH_LENGTH or not _PATH.fullmatch(path):
        raise BadEventError("path: write /names/of/resources with letters, digits and . _ ~ - only")
    name = path.encode()
    if len(name) > MAX_KEY_BYTES:
        import hashlib  # hardly ever needed

        name = hashlib.sha256(name).hexdigest().encode()
    return Resource(path, KEY_PREFIX + name)
