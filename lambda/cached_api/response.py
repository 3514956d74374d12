"""Responses in the format of an API Gateway proxy integration, as JSON bytes.

The Lambda runtime returns bytes unchanged. So a response is escaped once, when it comes from the origin, and
stored in the cache in that form; a hit appends the headers that vary between calls, and parses nothing.
"""

import base64
import functools
import json
from typing import NamedTuple

MAX_BYTES = 6 * 1024 * 1024 - 4096  # Lambda's limit of 6 MB, with room for the last headers
_COMMON_MAX_BYTES = 2 * 1024 * 1024


class ResponseTooLargeError(Exception):
    """Lambda does not accept a response of this size."""


class Found(NamedTuple):
    """A prepared response, with its X-Cache `state` and its age in seconds.

    `lifetime` is the seconds in which it is fresh, from its storage on; 0 if it must not be stored. `host`
    is the cache node that has it, if any.
    """

    prepared: bytes
    state: str
    age: int
    lifetime: int
    host: str | None


def prepare(status, content_type, content):
    """Return a response without its last headers: text unchanged, other content in base64.

    Raises ResponseTooLargeError.
    """
    try:
        text, is_base64 = content.decode(), False
    except UnicodeDecodeError:
        text, is_base64 = base64.b64encode(content).decode(), True
    frame = {"statusCode": status, "isBase64Encoded": is_base64, "headers": {"content-type": content_type}}
    # the body is escaped separately: as a part of the frame, it would be copied twice more
    escaped = json.dumps(text, ensure_ascii=False).encode()
    prepared = b"".join((b'{"body":', escaped, b",", json.dumps(frame, separators=(",", ":")).encode()[1:-2]))
    if len(prepared) > MAX_BYTES:
        raise ResponseTooLargeError(f"{len(prepared)} bytes exceed Lambda's limit of {MAX_BYTES}")
    return prepared


def finish(prepared, state, age, host=None):
    """Return the complete response. `state` is HIT, MISS, STALE or BYPASS, `age` is in seconds."""
    return b"".join((prepared, last_headers(state, age, host)))


def error(status, message):
    """Return a response that reports an error."""
    content = json.dumps({"error": message}).encode()
    return finish(prepare(status, "application/json", content), "BYPASS", 0)


def _raise_mmap_threshold():
    """Make the allocator keep the memory of a response for the next one.

    glibc returns freed memory to the kernel above a threshold, which rises to the size of the largest block
    freed so far (mallopt(3), M_MMAP_THRESHOLD). Page faults for each copy of a 100 KB response took 0.2 ms of
    a miss. The block allocated here is never touched, so it uses no memory.
    """
    bytes(_COMMON_MAX_BYTES)


@functools.lru_cache(maxsize=1024)  # most hits within a second share a few ages
def last_headers(state, age, host):
    """Return what completes a prepared response; the arguments are those of `finish`."""
    node = f',"x-cache-node":{json.dumps(host)}' if host else ""
    return f',"x-cache":"{state}"{node},"age":"{max(age, 0)}"}}}}'.encode()


_raise_mmap_threshold()
