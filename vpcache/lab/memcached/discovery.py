"""ElastiCache's auto discovery within memcached's text protocol: finds the command, forms the reply. Pure."""

from __future__ import annotations

from vpcache.lab.topology import CacheCluster

_MAX_COMMAND = 2048  # bytes; a longer line is a get of many keys, which no data block follows
_MAX_KEY = 250  # bytes
_MAX_VALUE = 2**31 - 3  # bytes that memcached reads after a command, even if it does not store them
_DISCOVER = [b"config", b"get", b"cluster"]
_WITH_DATA = {b"set": 4, b"add": 4, b"replace": 4, b"append": 4, b"prepend": 4, b"cas": 4, b"ms": 2}
"""The commands that a data block follows, each with the position of the block's length among the words after
the command (memcached's protocol.txt)."""


def discovery_reply(cluster: CacheCluster) -> bytes:
    """Return the answer to `config get cluster` for `cluster` (ElastiCache's auto discovery protocol)."""
    nodes = " ".join(f"{node.hostname}|{node.address}|{node.port}" for node in cluster.nodes)
    payload = f"{cluster.version}\n{nodes}\n".encode()
    return b"CONFIG cluster 0 %d\r\n%s\r\nEND\r\n" % (len(payload), payload)


class CommandStream:
    """Finds the `config get cluster` commands in a client's bytes, which may arrive in pieces of any size.

    All other bytes pass unchanged. Data blocks are skipped by their announced length, so that a value that
    contains the text of the command is not taken for the command.
    """

    def __init__(self) -> None:
        self._line = b""  # an incomplete command
        self._data = 0  # bytes of the current data block that have not arrived yet
        self._in_long_line = False
        self._is_binary: bool | None = None  # the binary protocol has no auto discovery

    def feed(self, received: bytes) -> list[bytes | None]:
        """Return the pieces to pass on, with None in place of each discovery command."""
        if self._is_binary is None and received:
            self._is_binary = received[0] == 0x80
        if self._is_binary:
            return [received]
        pieces: list[bytes | None] = []
        passed = bytearray()
        start = 0
        while start < len(received):
            if self._data:
                value = self._take_data(received, start)
                passed += value
                start += len(value)
                continue
            end = received.find(b"\n", start) + 1 or len(received)
            self._line += received[start:end]
            start = end
            if self._is_discovery():
                pieces += [bytes(passed), None] if passed else [None]
                passed.clear()
                self._line = b""
            else:
                passed += self._take_line()
        if passed:
            pieces.append(bytes(passed))
        return pieces

    def rest(self) -> bytes:
        """Return the incomplete command at the end of the client's bytes."""
        return self._line

    def _take_data(self, received: bytes, start: int) -> bytes:
        """Return the part of the current data block that begins at `start`."""
        value = received[start : start + self._data]
        self._data -= len(value)
        return value

    def _is_discovery(self) -> bool:
        is_complete = self._line.endswith(b"\n")
        return is_complete and not self._in_long_line and self._line.split() == _DISCOVER

    def _take_line(self) -> bytes:
        """Return the current line if it may pass: it is complete, or too long for a discovery command.

        An incomplete short line is kept. After a complete command, the length of its data block is noted; the
        parts of a long line are no commands.
        """
        line = self._line
        is_complete = line.endswith(b"\n")
        if not (is_complete or self._in_long_line or len(line) > _MAX_COMMAND):
            return b""
        if is_complete and not self._in_long_line:
            self._data = _data_length(line)
        self._in_long_line = not is_complete
        self._line = b""
        return line


class AnswerStream:
    """Replaces each `mark` in memcached's bytes by a reply; the bytes may arrive in pieces of any size."""

    def __init__(self, mark: bytes) -> None:
        self._mark = mark
        self._kept = b""  # the last bytes, if they may be the beginning of a mark

    def feed(self, received: bytes, reply: bytes) -> bytes:
        """Return the bytes that can be passed on."""
        *before, last = (self._kept + received).split(self._mark)
        end = len(last) - _overlap(last, self._mark)
        self._kept = last[end:]
        return reply.join([*before, last[:end]])

    def rest(self) -> bytes:
        """Return the bytes that are still kept at the end of the connection."""
        return self._kept


def _data_length(line: bytes) -> int:
    """Return the number of bytes in the data block after a command line, with its CRLF.

    It is 0 for commands without data block, and for lines that memcached rejects as malformed.
    """
    command, *words = line.split() or [b""]
    position = _WITH_DATA.get(command)
    if position is None or len(words) < position or len(words[0]) > _MAX_KEY:
        return 0
    try:
        length = [int(word) for word in words[1:position]][-1]
    except ValueError:
        return 0
    return length + 2 if 0 <= length <= _MAX_VALUE else 0


def _overlap(text: bytes, mark: bytes) -> int:
    """Return how many bytes at the end of `text` may be the beginning of `mark`."""
    sizes = range(min(len(text), len(mark) - 1), 0, -1)
    return next((size for size in sizes if text.endswith(mark[:size])), 0)
