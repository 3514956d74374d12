"""Answers as an API Gateway proxy integration gives them, as JSON bytes.

The runtime passes bytes on as they are. So an answer is escaped once, when it comes from the origin, and kept
in the cache in that form; a hit adds the headers that differ from call to call, and parses nothing.
"""

import base64
import functools
import json

MAX_BYTES = 6 * 1024 * 1024 - 4096  # of Lambda's 6 MB, with room for the last headers
_MOST_COMMON_BYTES = 2 * 1024 * 1024


class AnswerTooLargeError(Exception):
    """Lambda takes no answer of this size."""


def body_of(status, content_type, content):
    """Return an answer but for its last headers; text as it is, other content in base64.

    Raises AnswerTooLargeError.
    """
    try:
        text, is_base64 = content.decode(), False
    except UnicodeDecodeError:
        text, is_base64 = base64.b64encode(content).decode(), True
    frame = {"statusCode": status, "isBase64Encoded": is_base64, "headers": {"content-type": content_type}}
    # the body by itself: as a part of the rest, it would be copied twice more
    escaped = json.dumps(text, ensure_ascii=False).encode()
    body = b"".join((b'{"body":', escaped, b",", json.dumps(frame, separators=(",", ":")).encode()[1:-2]))
    if len(body) > MAX_BYTES:
        raise AnswerTooLargeError(f"{len(body)} bytes, where Lambda takes {MAX_BYTES}")
    return body


def finish(body, state, age, host=None):
    """Return the whole answer: `state` is HIT, MISS, STALE or BYPASS, `age` in seconds, `host` the node's."""
    return b"".join((body, _end(state, age, host)))


def problem(status, message):
    """Return the answer that tells of an error."""
    return finish(body_of(status, "application/json", json.dumps({"error": message}).encode()), "BYPASS", 0)


def _keep_memory():
    """Let the allocator keep what answers leave behind, for the next one.

    glibc gives freed memory back to the kernel above a threshold, which rises to the largest block that was
    ever freed (mallopt(3), M_MMAP_THRESHOLD). To fault in each copy of a 100 KB answer anew took 0.2 ms of a
    miss. The block itself is never touched, so it takes no memory.
    """
    bytes(_MOST_COMMON_BYTES)


@functools.lru_cache(maxsize=1024)  # of all hits in a second, most have few ages
def _end(state, age, host):
    node = f',"x-cache-node":{json.dumps(host)}' if host else ""
    return f',"x-cache":"{state}"{node},"age":"{max(age, 0)}"}}}}'.encode()


_keep_memory()
