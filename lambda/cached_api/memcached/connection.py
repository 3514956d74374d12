"""One persistent connection to one memcached node, by the meta protocol, with a timeout on every operation.

The protocol: https://github.com/memcached/memcached/blob/master/doc/protocol.txt, "Meta Commands".
"""

import functools
import socket
import struct
import time

from pymemcache.client.base import Client
from pymemcache.exceptions import MemcacheServerError, MemcacheUnexpectedCloseError, MemcacheUnknownError

MAX_VALUE_BYTES = 8 * 1024 * 1024
_INITIAL_BUFFER = 128 * 1024
_MAX_LINE = 512
_LINE_FEED = ord("\n")


class TooLargeError(Exception):
    """The node does not accept an item of this size; the connection stays usable."""


class Known:
    """A value that was read, by its reply: `beginning` are the first line and the value's first bytes.

    The rest of the value is at `start` to `end` of the reply, whose size is `size`.
    """

    __slots__ = ("beginning", "command", "end", "size", "start")  # read faster than a named tuple

    def __init__(self, command: bytes, beginning: bytes, end: int):
        self.command = command
        self.beginning = beginning
        self.start = len(beginning)
        self.end = end
        self.size = end + 2


class Connection(Client):
    """A pymemcache client that reads into one buffer, without a copy and without a poll before each read.

    Timeouts are in seconds. After a failure the connection is closed. It raises OSError if the node cannot be
    reached or is late, and pymemcache's exceptions if a reply violates the protocol.
    """

    def __init__(self, node, tls=None, *, connect_timeout, response_timeout):
        # a certificate is issued for a name; without TLS, the address saves a DNS lookup
        host = node.host if tls else node.address
        super().__init__(
            (host, node.port),
            connect_timeout=connect_timeout,
            timeout=response_timeout,
            no_delay=True,
            default_noreply=False,
            tls_context=tls,
        )
        self.node = node
        self._buffer = bytearray(_INITIAL_BUFFER)
        self._view = memoryview(self._buffer)

    def read(self, key):
        """Return the value of `key` as a view that is valid until the next command, or None."""
        command, line_end = _read_command(key)
        line, start, end = self._exchange(command)
        if start and line.endswith(line_end):
            return self._view[start:end]
        if _status(line) == b"EN":
            return None
        raise self._protocol_error(line)

    def recognize(self, key, size, header_bytes):
        """Return the Known of the value of `size` bytes that `read(key)` has just returned.

        `read_again` recognizes it by its first `header_bytes` bytes.
        """
        start = self._buffer.index(b"\r\n") + 2
        return Known(_read_command(key)[0], bytes(self._view[: start + header_bytes]), start + size)

    def read_again(self, known):
        """Return the value but for its header, as a view, if the node has the known one; otherwise None.

        This is the fast path of a hit. It opens no connection.
        """
        sock = self.sock
        if sock is None:
            return None
        try:
            sock.sendall(known.command)
            size = sock.recv_into(self._view)
            if size >= known.start and self._buffer.startswith(known.beginning):
                if size < known.size:
                    size = self._receive_value(size, known.size)
                if size == known.size and self._buffer[size - 1] == _LINE_FEED:
                    return self._view[known.start : known.end]
            self._parse(size)  # receive the rest of another reply
        except BaseException:
            self.close()
            raise
        return None

    def meta_get(self, key, flags):
        """Return the value of `key`, None if there is none, and the flags of the reply as a list.

        `flags` are those of a meta get, such as N5.
        """
        line, start, end = self._exchange(b"mg %b v k %b\r\n" % (key, flags))
        words = line.split()
        if start and words[2:3] == [b"k" + key]:
            return bytes(self._view[start:end]), words[3:]
        if _status(line) == b"EN":
            return None, []
        raise self._protocol_error(line)

    def store(self, key, value, seconds):
        """Store `value` and return when the node has it. Raises TooLargeError."""
        line, _, _ = self._exchange(b"ms %b %d T%d\r\n%b\r\n" % (key, len(value), seconds, value))
        if line.startswith(b"SERVER_ERROR object too large"):
            raise TooLargeError(f"{len(value)} bytes exceed the item size limit of {self.node.host}")
        if _status(line) != b"HD":
            raise self._protocol_error(line)

    def delete_item(self, key, cas=None):
        """Delete `key`; with `cas`, only that version of it. Return whether it was deleted."""
        command = b"md %b\r\n" % key if cas is None else b"md %b C%b\r\n" % (key, cas)
        line, _, _ = self._exchange(command)
        if _status(line) not in (b"HD", b"NF", b"EX"):
            raise self._protocol_error(line)
        return _status(line) == b"HD"

    def _exchange(self, command):
        """Send a command; return the reply's first line, and start and end of its value in the buffer.

        Both are 0 if the reply has no value.
        """
        try:
            if self.sock is None:
                self._connect()
            self.sock.sendall(command)
            return self._parse(self.sock.recv_into(self._view))
        except BlockingIOError as error:  # the kernel's signal of a timeout
            self.close()
            raise TimeoutError(f"no reply within {self.timeout} s") from error
        except BaseException:
            self.close()
            raise

    def _connect(self):
        super()._connect()
        if self.tls_context is None:
            # the kernel's own timeouts: Python's cost a poll before each send and each receive
            seconds, fraction = divmod(self.timeout, 1)
            timeout = struct.pack("@ll", int(seconds), int(fraction * 1_000_000))
            self.sock.settimeout(None)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeout)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeout)

    def _parse(self, size):
        """Return the result of `_exchange`; `size` bytes of the reply have arrived."""
        line_end = self._buffer.find(b"\r\n", 0, _MAX_LINE)
        if not 0 <= line_end < size - 1:  # bytes beyond `size` belong to an earlier reply
            size, line_end = self._receive_line(size)
        line = self._buffer[:line_end]
        start = line_end + 2
        if not line.startswith(b"VA "):
            if size != start or not line:
                raise MemcacheUnknownError(f"more than one line: {self._beginning()!r}")
            return line, 0, 0
        try:
            end = start + int(line[3 : line.index(b" ", 3)])
        except ValueError as error:
            raise MemcacheUnknownError(f"a value without a size: {self._beginning()!r}") from error
        if size < end + 2:
            size = self._receive_value(size, end + 2)
        if size != end + 2 or self._buffer[end:size] != b"\r\n":
            raise MemcacheUnknownError(f"a value of another size than {end - start}")
        return line, start, end

    def _receive_line(self, size):
        if not size:
            raise MemcacheUnexpectedCloseError()
        deadline = time.monotonic() + self.timeout
        while (line_end := self._buffer.find(b"\r\n", 0, min(size, _MAX_LINE))) < 0:
            if size >= _MAX_LINE:
                raise MemcacheUnknownError(f"no line: {self._beginning()!r}")
            size += self._receive_more(self._view[size:], deadline)
        return size, line_end

    def _receive_value(self, size, expected):
        view = self._grow_buffer(expected, size)
        deadline = time.monotonic() + self.timeout
        while size < expected:
            size += self._receive_more(view[size:expected], deadline)
        return size

    def _receive_more(self, view, deadline):
        if time.monotonic() > deadline:
            raise TimeoutError(f"no complete reply within {self.timeout} s")
        count = self.sock.recv_into(view)
        if not count:
            raise MemcacheUnexpectedCloseError()
        return count

    def _protocol_error(self, line):
        """Close the connection, as the reply does not match the command; return the exception to raise."""
        self.close()
        text = line.decode("ascii", "replace")[:200]
        return (MemcacheServerError if text.startswith("SERVER_ERROR") else MemcacheUnknownError)(text)

    def _beginning(self):
        return bytes(self._view[:40])

    def _grow_buffer(self, expected, size):
        """Return the buffer, with room for `expected` bytes and the first `size` bytes retained."""
        if expected > MAX_VALUE_BYTES:
            raise MemcacheUnknownError(f"a value of {expected} bytes exceeds the limit of {MAX_VALUE_BYTES}")
        if expected > len(self._buffer):
            grown = bytearray(expected)
            grown[:size] = self._view[:size]
            self._buffer, self._view = grown, memoryview(grown)
        return self._view


@functools.lru_cache(maxsize=1024)  # a worker reads few keys, many times
def _read_command(key):
    """Return the command that reads `key`, and the end of the first line of its reply."""
    return b"mg %b v k\r\n" % key, b" k" + key


def _status(line):
    """Return the status code of a reply, its first word; memcached may repeat the key after it."""
    return line.partition(b" ")[0]
