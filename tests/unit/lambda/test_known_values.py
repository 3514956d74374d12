"""The fast path of a hit: a reply that begins like the last one, in any pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymemcache.exceptions import MemcacheError

KEY = b"v2:/employees"
HEADER = 28


class ScriptedSocket:
    """Returns pieces of replies, one with each receive; fails when there are none left."""

    def __init__(self):
        self.pieces = []
        self.sent = []

    def sendall(self, command):
        self.sent.append(command)

    def recv_into(self, view):
        piece = self.pieces.pop(0) if self.pieces else b""
        view[: len(piece)] = piece
        return len(piece)

    def close(self):
        pass


def reply_of(value, key=KEY):
    return b"VA %d k%b\r\n%b\r\n" % (len(value), key, value)


def cut(reply, places):
    """Return a reply in pieces that end at some places."""
    ends = sorted({min(place, len(reply)) for place in places} | {len(reply)})
    return [reply[start:end] for start, end in zip([0, *ends], ends, strict=False) if start < end]


def connection_with(cached_api, value):
    """Return a connection that has read a value, and what it recognizes the value by."""
    connection = cached_api.connection.Connection(
        cached_api.discovery.Node("localhost", 11211), connect_timeout=1, response_timeout=1
    )
    connection.sock = ScriptedSocket()
    connection.sock.pieces = [reply_of(value)]
    size = len(connection.read(KEY))
    return connection, connection.recognize(KEY, size, HEADER)


VALUES = st.binary(min_size=HEADER, max_size=200)
CUTS = st.lists(st.integers(1, 230), max_size=5)


@given(VALUES, st.binary(max_size=172), CUTS)
def test_same_beginning_in_any_pieces_is_the_new_body(cached_api, value, body, places):
    connection, known = connection_with(cached_api, value)
    body = body.ljust(len(value) - HEADER, b".")[: len(value) - HEADER]
    connection.sock.pieces = cut(reply_of(value[:HEADER] + body), places)
    pieces = list(connection.sock.pieces)
    found = connection.read_again(known)
    # a first piece shorter than the beginning is not compared; the reply is received and read again
    assert found == body if len(pieces[0]) >= known.start else found is None
    assert connection.sock.pieces == []


@given(VALUES, VALUES, CUTS)
def test_another_value_is_never_returned(cached_api, value, other, places):
    connection, known = connection_with(cached_api, value)
    if len(other) == len(value) and other[:HEADER] == value[:HEADER]:
        return
    for reply in (reply_of(other), reply_of(value, b"v2:/orders"), b"EN\r\n"):
        connection.sock.pieces = cut(reply, places)
        assert connection.read_again(known) is None
        assert connection.sock.pieces == []  # the next reply is that of the next command
    connection.sock.pieces = [reply_of(value)]
    assert connection.read_again(known) == value[HEADER:]


@pytest.mark.parametrize(
    "pieces",
    [
        [reply_of(b"x" * 60)[:-1] + b"x"],
        [reply_of(b"x" * 60) + b"x"],
        [reply_of(b"x" * 60)[:-5]],
        [reply_of(b"x" * 60)[:3]],
        [],
    ],
    ids=["no_line_end", "longer", "closed_in_the_value", "closed_in_the_line", "closed"],
)
def test_connection_is_closed_after_a_violation_of_the_protocol(cached_api, pieces):
    connection, known = connection_with(cached_api, b"x" * 60)
    connection.sock.pieces = pieces
    with pytest.raises((OSError, MemcacheError)):
        connection.read_again(known)
    assert connection.sock is None
    assert connection.read_again(known) is None  # it opens no connection
