"""The format of a stored response: a short header with its times, then the response's bytes."""

import random
import struct
import time
import zlib
from typing import NamedTuple

PLAIN, DEFLATED, PASS = range(3)
COMPRESS_OVER = 4096  # bytes; compression of a smaller body saves nothing
MAX_BODY_BYTES = 8 * 1024 * 1024
EARLY = 0.05  # the last part of a lifetime in which a refresh begins, at a random time
INFLATE_BYTES_PER_SECOND = 350e6  # zlib with JSON on one core: 100 KB take 0.3 ms
_MAGIC = b"vpc"
_HEADER = struct.Struct("!3sBQQQ")
HEADER_BYTES = _HEADER.size


class EnvelopeError(Exception):
    """A stored value has another format, or is truncated."""


class Entry(NamedTuple):
    """A stored response. Times are in milliseconds since 1970; `body` may be a view of a buffer.

    From `refresh_at` on one caller refreshes it; until `fresh_until` it is fresh, then stale. An entry of
    kind PASS has no body: its response cannot be stored, so callers do not wait for it.
    """

    kind: int
    stored_at: int
    refresh_at: int
    fresh_until: int
    body: bytes | memoryview


def now_ms():
    """Return the current time in the unit of entries."""
    return time.time_ns() // 1_000_000


def entry(kind, body, now, ttl, chance=random.random):
    """Return the Entry of a response that is fresh for `ttl` seconds, and refreshed somewhat earlier."""
    life = int(ttl * 1000)
    return Entry(kind, now, now + int(life * (1 - EARLY * chance())), now + life, body)


def pack(stored):
    """Return an Entry's bytes."""
    times = stored.stored_at, stored.refresh_at, stored.fresh_until
    return _HEADER.pack(_MAGIC, stored.kind, *times) + stored.body


def unpack(value):
    """Return the Entry in a buffer; its body is a view of it, still deflated. Raises EnvelopeError."""
    try:
        magic, kind, stored_at, refresh_at, fresh_until = _HEADER.unpack_from(value)
    except struct.error as error:
        raise EnvelopeError(f"{len(value)} bytes") from error
    if magic != _MAGIC or kind > PASS:
        raise EnvelopeError(f"begins with {bytes(value[:4])!r}")
    return Entry(kind, stored_at, refresh_at, fresh_until, value[HEADER_BYTES:])


def was_stored_by(value, moment):
    """Return whether the entry in a buffer is not younger than `moment`, in ns since 1970."""
    return len(value) >= HEADER_BYTES and _HEADER.unpack_from(value)[2] * 1_000_000 <= moment


def fresh(value, now):
    """Return when the entry in a buffer was stored and is refreshed; None if it is not plain, or due.

    It unpacks no more than most hits need.
    """
    if len(value) >= HEADER_BYTES:
        magic, kind, stored_at, refresh_at, _ = _HEADER.unpack_from(value)
        if kind == PLAIN and now < refresh_at and magic == _MAGIC:
            return stored_at, refresh_at
    return None


def body_of(stored):
    """Return the response's bytes, inflated if need be. Raises EnvelopeError."""
    if stored.kind != DEFLATED:
        return stored.body
    inflater = zlib.decompressobj()
    try:
        body = inflater.decompress(stored.body, MAX_BODY_BYTES)
    except zlib.error as error:
        raise EnvelopeError(str(error)) from error
    if not inflater.eof:
        raise EnvelopeError("truncated or too long")
    return body


def compressed(body, network_bytes_per_second):
    """Return `body` deflated if every hit gets faster by that, otherwise None.

    It does if the transfer of the saved bytes takes longer than inflating the body.
    """
    if len(body) <= COMPRESS_OVER or network_bytes_per_second >= INFLATE_BYTES_PER_SECOND:
        return None
    deflated = zlib.compress(body, 1)
    saved_seconds = (len(body) - len(deflated)) / network_bytes_per_second
    return deflated if saved_seconds > len(body) / INFLATE_BYTES_PER_SECOND else None
