"""Who fetches: at most one request for a key is in flight, whatever the number of callers and workers.

A lease is an item of its own on the node of its key. Memcached makes it when it is first asked for and tells
only that one caller so (meta get with N, "vivify on miss"); it ends by itself if its owner dies. Whoever
fails leaves word in it: those who have waited share the failure, and a stale value serves for that long.
"""

import enum
import json
from typing import NamedTuple

FAILURE_SECONDS = 2


class State(enum.Enum):
    """What has become of an attempt to take a lease."""

    WON = "ours now"
    HELD = "somebody fetches"
    FAILED = "somebody has just failed"


class Claim(NamedTuple):
    """An attempt's outcome; of a failure, the HTTP status and the words."""

    state: State
    status: int = 0
    message: str = ""


def take(connection, key, seconds, heeds_failure):
    """Try to take the lease of `key` for some seconds; who does not heed a failure takes it from there."""
    name = _name(key)
    wish = b"c N%d" % seconds
    failure, flags = connection.ask(name, wish)
    if failure and not heeds_failure:
        connection.remove(name, next(flag[1:] for flag in flags if flag[:1] == b"c"))
        failure, flags = connection.ask(name, wish)
    if b"W" in flags:
        return Claim(State.WON)
    if failure:
        status, message = json.loads(failure)
        return Claim(State.FAILED, status, message)
    return Claim(State.HELD)


def release(connection, key):
    """Give the lease back: the value is there."""
    connection.remove(_name(key))


def fail(connection, key, status, message):
    """Give the lease back with word of the failure."""
    connection.store(_name(key), json.dumps([status, message[:1000]]).encode(), FAILURE_SECONDS)


def _name(key):
    return b"lease:" + key
