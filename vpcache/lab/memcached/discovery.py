"""ElastiCache's auto discovery inside memcached's protocol: finding the command, answering it. All pure."""

from __future__ import annotations

from vpcache.lab.topology import CacheCluster

_LONGEST_COMMAND = 2048  # bytes; a longer line is a get of many keys, which has no data after it
_LONGEST_KEY = 250  # bytes
_LONGEST_VALUE = 2**31 - 3  # bytes that memcached reads after a command, though it may store none of them
_DISCOVER = [b"config", b"get", b"cluster"]
_WITH_DATA = {b"set": 4, b"add": 4, b"replace": 4, b"append": 4, b"prepend": 4, b"cas": 4, b"ms": 2}
"""The commands that a data block follows, with the position of its length among
the words after the command (memcached's protocol.txt)."""


def discovery_reply(cluster: CacheCluster) -> bytes:
    """Return what `config get cluster` answers for `cluster` (ElastiCache's auto discovery protocol)."""
    nodes = " ".join(f"{node.hostname}|{node.address}|{node.port}" for node in cluster.nodes)
    payload = f"{cluster.version}\n{nodes}\n".encode()
    return b"CONFIG cluster 0 %d\r\n%s\r\nEND\r\n" % (len(payload), payload)


class CommandStream:
    """Finds the `config get cluster` commands in what a client sends, however it is cut into pieces.

    All else passes unchanged. Values are skipped by their announced length, so one that holds the command's
    words is not taken for it.
    """

    def __init__(self) -> None:
        self._line = b""  # an unfinished command
        self._data = 0  # bytes of a value still to come
        self._in_long_line = False
        self._is_binary: bool | None = None  # the binary protocol has no auto discovery

    def feed(self, received: bytes) -> list[bytes | None]:
        """Return the pieces to pass on, with None in the place of each discovery command."""
        if self._is_binary is None and received:
            self._is_binary = received[0] == 0x80
        if self._is_binary:
            return [received]
        pieces: list[bytes | None] = []
        passed = bytearray()
        at = 0
        while at < len(received):
            if self._data:
                value = received[at : at + self._data]
                passed += value
                self._data -= len(value)
                at += len(value)
                continue
            end = received.find(b"\n", at) + 1 or len(received)
            self._line += received[at:end]
            at = end
            is_whole = self._line.endswith(b"\n")
            if is_whole and not self._in_long_line and self._line.split() == _DISCOVER:
                pieces += [bytes(passed), None] if passed else [None]
                passed.clear()
                self._line = b""
            elif is_whole or self._in_long_line or len(self._line) > _LONGEST_COMMAND:
                self._data = 0 if self._in_long_line or not is_whole else _data_length(self._line)
                self._in_long_line = not is_whole
                passed += self._line
                self._line = b""
        if passed:
            pieces.append(bytes(passed))
        return pieces

    def rest(self) -> bytes:
        """Return the unfinished command that the client left when it ended."""
        return self._line


class AnswerStream:
    """Puts a reply in the place of each `mark` in what memcached sends, however it is cut into pieces."""

    def __init__(self, mark: bytes) -> None:
        self._mark = mark
        self._held = b""  # the end of what came, if it may be the beginning of a mark

    def feed(self, received: bytes, reply: bytes) -> bytes:
        """Return what can be passed on."""
        *before, last = (self._held + received).split(self._mark)
        keep = _overlap(last, self._mark)
        self._held = last[len(last) - keep :]
        return reply.join([*before, last[: len(last) - keep]])

    def rest(self) -> bytes:
        """Return what was held back when memcached ended."""
        return self._held


def _data_length(line: bytes) -> int:
    """Return how many bytes of data follow a command line, their CRLF included; 0 if none, as after a
    line that memcached rejects by its form."""
    command, *words = line.split() or [b""]
    position = _WITH_DATA.get(command)
    if position is None or len(words) < position or len(words[0]) > _LONGEST_KEY:
        return 0
    try:
        length = [int(word) for word in words[1:position]][-1]
    except ValueError:
        return 0
    return length + 2 if 0 <= length <= _LONGEST_VALUE else 0


def _overlap(held: bytes, mark: bytes) -> int:
    """Return how many bytes at the end of `held` may be the beginning of `mark`."""
    return next((n for n in range(min(len(held), len(mark) - 1), 0, -1) if held.endswith(mark[:n])), 0)
