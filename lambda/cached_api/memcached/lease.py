"""Leases: at most one request for a key is in flight, whatever the number of callers and workers.

A lease is an item beside its key, on the same node. Memcached creates it at the first read and reports that
to this one caller (meta get with N, "vivify on miss"); it expires by itself if its holder dies. A holder
whose fetch fails writes the failure into the lease: waiting callers share it, and a stale value is served for
that time.
"""

import enum
import json
from typing import NamedTuple

FAILURE_SECONDS = 2


class State(enum.Enum):
    """The outcome of an attempt to take a lease."""

    WON = "this caller holds the lease"
    HELD = "another caller holds the lease"
    FAILED = "the last holder's fetch failed"


class Claim(NamedTuple):
    """The outcome of an attempt, with HTTP status and message of a failure."""

    state: State
    status: int = 0
    message: str = ""


def take(connection, key, seconds, respects_failure):
    """Try to take the lease of `key` for some seconds. Without `respects_failure`, replace a failed lease."""
    name = _name(key)
    flags = b"c N%d" % seconds
    failure, reply = connection.meta_get(name, flags)
    if failure and not respects_failure:
        connection.delete_item(name, next(flag[1:] for flag in reply if flag[:1] == b"c"))
        failure, reply = connection.meta_get(name, flags)
    if b"W" in reply:
        return Claim(State.WON)
    if failure:
        status, message = json.loads(failure)
        return Claim(State.FAILED, status, message)
    return Claim(State.HELD)


def release(connection, key):
    """Release the lease: the value is stored."""
    connection.delete_item(_name(key))


def fail(connection, key, status, message):
    """Release the lease and record the failure in it."""
    connection.store(_name(key), json.dumps([status, message[:1000]]).encode(), FAILURE_SECONDS)


def _name(key):
    return b"lease:" + key
