"""Auto discovery within memcached's protocol: the command stream and the answer stream."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tests.support.network.cluster import DISCOVER, NODES, cluster, store
from vpcache.lab.memcached.commands import CommandStream
from vpcache.lab.memcached.discovery import AnswerStream, discovery_reply, is_discovery


def commands() -> CommandStream:
    return CommandStream(lambda words: b"<config>" if is_discovery(words) else None)


def test_discovery_reply_has_its_length() -> None:
    reply = discovery_reply(cluster(*NODES, version=7))
    head, payload = reply.split(b"\r\n", 1)
    assert head.startswith(b"CONFIG cluster 0 ")
    body = payload[: int(head.rpartition(b" ")[2])]
    assert body == (
        b"7\nkv.0ab.0001.use1.cache.amazonaws.com|10.0.0.1|11211 "
        b"kv.0ab.0002.use1.cache.amazonaws.com|10.0.0.2|11211\n"
    )
    assert payload[len(body) :] == b"\r\nEND\r\n"


COMMANDS = st.sampled_from(
    [
        DISCOVER,
        store(b"a", DISCOVER),
        store(b"a", b"x\r\n" + DISCOVER + b"y"),
        b"ms a 20 T0\r\n" + DISCOVER + b"\r\n",
        b"cas a 0 -1 20 5 noreply\r\n" + DISCOVER + b"\r\n",
        b"get a b\r\n",
        b"get " + b"k" * 3000 + b" config get cluster\r\n",
        b"set a 0 0 nonsense\r\n",
        b"set a 0 0\r\n",
        b"\r\n",
    ]
)


@given(st.lists(COMMANDS, max_size=8), st.lists(st.integers(0, 4000), max_size=8))
def test_command_stream_finds_discovery_in_any_pieces(sequence: list[bytes], cuts: list[int]) -> None:
    sent = b"".join(sequence)
    edges = sorted({0, len(sent), *(cut for cut in cuts if cut < len(sent))})
    stream = commands()
    passed = b"".join(stream.feed(sent[left:right]) for left, right in itertools.pairwise(edges))
    assert passed == b"".join(b"<config>" if each == DISCOVER else each for each in sequence)
    assert stream.rest() == b""


def test_long_command_in_pieces_is_one_command() -> None:
    stream = commands()
    pieces = [b"get " + b"k" * 3000, b" config get cluster\r\n", DISCOVER]
    assert [stream.feed(sent) for sent in pieces] == [*pieces[:2], b"<config>"]


def test_value_ends_two_bytes_after_its_length() -> None:
    value = b"set a 0 0 3\r\nabc!!"  # memcached reads two bytes after the value, whatever they are
    assert commands().feed(value + DISCOVER) == value + b"<config>"


@given(
    st.lists(st.sampled_from([b"<mark>", b"<", b"<ma", b"<<mark", b"rk>", b"END\r\n"]), max_size=12),
    st.lists(st.integers(1, 40), max_size=12),
)
def test_answer_stream_replaces_marks_in_any_pieces(parts: list[bytes], cuts: list[int]) -> None:
    sent = b"".join(parts)
    edges = sorted({0, len(sent), *(cut for cut in cuts if cut < len(sent))})
    stream = AnswerStream(b"<mark>")
    passed = [stream.feed(sent[left:right], b"[reply]") for left, right in itertools.pairwise(edges)]
    assert b"".join(passed) + stream.rest() == sent.replace(b"<mark>", b"[reply]")


def test_answer_without_mark_passes_at_once() -> None:
    assert AnswerStream(b"<mark>").feed(b"END\r\n", b"") == b"END\r\n"


def test_binary_protocol_passes_unchanged() -> None:
    stream = commands()
    pieces = [b"\x80\x01" + DISCOVER, DISCOVER]
    assert [stream.feed(sent) for sent in pieces] == pieces
