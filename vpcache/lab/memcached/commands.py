"""The commands in a client's bytes, by memcached's text protocol. Pure.

https://github.com/memcached/memcached/blob/master/doc/protocol.txt
"""

from __future__ import annotations

from collections.abc import Callable

_MAX_COMMAND = 2048  # bytes; a longer line is a get of many keys, which no data block follows
_MAX_KEY = 250  # bytes
_MAX_VALUE = 2**31 - 3  # bytes that memcached reads after a command, even if it does not store them
_WITH_DATA = {b"set": 4, b"add": 4, b"replace": 4, b"append": 4, b"prepend": 4, b"cas": 4, b"ms": 2}
"""The commands that a data block follows, each with the position of the block's length among the words after
the command."""


class CommandStream:
    """Replaces some commands without data in a client's bytes, which may arrive in pieces of any size.

    `replacement` returns the bytes in place of a command, by its words, or None to pass it on. All other
    bytes pass unchanged. Data blocks are skipped by their announced length, so that a value that contains the
    text of a command is not taken for a command.
    """

    def __init__(self, replacement: Callable[[list[bytes]], bytes | None]) -> None:
        self._replacement = replacement
        self._line = b""  # an incomplete command
        self._data = 0  # bytes of the current data block that have not arrived yet
        self._in_long_line = False
        self._is_binary: bool | None = None  # the binary protocol passes unchanged

    def feed(self, received: bytes) -> bytes:
        """Return the bytes to pass on."""
        if self._is_binary is None and received:
            self._is_binary = received[0] == 0x80
        if self._is_binary:
            return received
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
            replacement = self._replaced()
            if replacement is None:
                passed += self._take_line()
            else:
                passed += replacement
                self._line = b""
        return bytes(passed)

    def rest(self) -> bytes:
        """Return the incomplete command at the end of the client's bytes."""
        return self._line

    def _take_data(self, received: bytes, start: int) -> bytes:
        """Return the part of the current data block that begins at `start`."""
        value = received[start : start + self._data]
        self._data -= len(value)
        return value

    def _replaced(self) -> bytes | None:
        """Return the replacement of the current line, None if it is no complete command or passes."""
        is_complete = self._line.endswith(b"\n")
        return self._replacement(self._line.split()) if is_complete and not self._in_long_line else None

    def _take_line(self) -> bytes:
        """Return the current line if it may pass: it is complete, or too long for a replaced command.

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
