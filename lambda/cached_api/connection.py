"""One kept connection to one memcached node, by the meta protocol, with a limit on every operation.

The protocol: https://github.com/memcached/memcached/blob/master/doc/protocol.txt, "Meta Commands".
"""

import functools
import socket
import struct
import time

from pymemcache.client.base import Client
from pymemcache.exceptions import MemcacheServerError, MemcacheUnexpectedCloseError, MemcacheUnknownError

CONNECT_SECONDS = 0.15
ANSWER_SECONDS = 0.15  # a node in the same region answers in less than 2 ms
MAX_VALUE_BYTES = 8 * 1024 * 1024
_FIRST_BUFFER = 128 * 1024
_MAX_LINE = 512
_KERNEL_TIMEOUT = struct.pack("@ll", 0, int(ANSWER_SECONDS * 1_000_000))


class TooLargeError(Exception):
    """The node takes no item of this size; the connection is in order."""


class Connection(Client):
    """A pymemcache client whose reads go into one buffer, without a copy and without a poll before each.

    Any failure leaves the connection closed. It raises OSError if the node cannot be reached or is late, and
    pymemcache's exceptions if what it says makes no sense.
    """

    def __init__(self, node, tls=None):
        # a certificate is for a name; without one, the address spares a look-up
        host = node.host if tls else node.address
        super().__init__(
            (host, node.port),
            connect_timeout=CONNECT_SECONDS,
            timeout=ANSWER_SECONDS,
            no_delay=True,
            default_noreply=False,
            tls_context=tls,
        )
        self.node = node
        self._buffer = bytearray(_FIRST_BUFFER)
        self._view = memoryview(self._buffer)

    def read(self, key):
        """Return the value of `key` as a view that holds until the next command, or None."""
        command, last_word = _read_command(key)
        line, start, end = self._exchange(command)
        if start and line.endswith(last_word):
            return self._view[start:end]
        if _status(line) == b"EN":
            return None
        raise self._unusable(line)

    def ask(self, key, flags):
        """Return the value of `key`, None if there is none, and what the node says of it.

        `flags` are added to a meta get, such as N5; the node's words of it come back as a list.
        """
        line, start, end = self._exchange(b"mg %b v k %b\r\n" % (key, flags))
        words = line.split()
        if start and words[2:3] == [b"k" + key]:
            return bytes(self._view[start:end]), words[3:]
        if _status(line) == b"EN":
            return None, []
        raise self._unusable(line)

    def store(self, key, value, seconds):
        """Store `value` and return when the node has it. Raises TooLargeError."""
        line, _, _ = self._exchange(b"ms %b %d T%d\r\n%b\r\n" % (key, len(value), seconds, value))
        if line.startswith(b"SERVER_ERROR object too large"):
            raise TooLargeError(f"{len(value)} bytes are over the item limit of {self.node.host}")
        if _status(line) != b"HD":
            raise self._unusable(line)

    def remove(self, key, cas=None):
        """Delete `key`; with `cas`, only at that version of it. Returns whether it was deleted."""
        command = b"md %b\r\n" % key if cas is None else b"md %b C%b\r\n" % (key, cas)
        line, _, _ = self._exchange(command)
        if _status(line) not in (b"HD", b"NF", b"EX"):
            raise self._unusable(line)
        return _status(line) == b"HD"

    def _exchange(self, command):
        """Send a command; return the reply's first line, and where its value is in the buffer.

        Both places, from and to, are 0 if it has no value.
        """
        try:
            if self.sock is None:
                self._connect()
            self.sock.sendall(command)
            return self._parsed(self.sock.recv_into(self._view))
        except BlockingIOError as error:  # how the kernel says that time is up
            self.close()
            raise TimeoutError(f"no answer within {ANSWER_SECONDS} s") from error
        except BaseException:
            self.close()
            raise

    def _connect(self):
        super()._connect()
        if self.tls_context is None:
            # the kernel's own timeouts: Python's cost a poll before each send and each receive
            self.sock.settimeout(None)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _KERNEL_TIMEOUT)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _KERNEL_TIMEOUT)

    def _parsed(self, have):
        """Return what `_exchange` does, once `have` bytes of the reply are there."""
        line_end = self._buffer.find(b"\r\n", 0, _MAX_LINE)
        if not 0 <= line_end < have - 1:  # what lies behind is of an earlier reply
            have, line_end = self._rest_of_line(have)
        line = self._buffer[:line_end]
        start = line_end + 2
        if not line.startswith(b"VA "):
            if have != start or not line:
                raise MemcacheUnknownError(f"more than a line: {self._beginning()!r}")
            return line, 0, 0
        try:
            end = start + int(line[3 : line.index(b" ", 3)])
        except ValueError as error:
            raise MemcacheUnknownError(f"a value without a size: {self._beginning()!r}") from error
        if have < end + 2:
            have = self._rest_of_value(have, end + 2)
        if have != end + 2 or self._buffer[end:have] != b"\r\n":
            raise MemcacheUnknownError(f"a value of another size than {end - start}")
        return line, start, end

    def _rest_of_line(self, have):
        if not have:
            raise MemcacheUnexpectedCloseError()
        deadline = time.monotonic() + ANSWER_SECONDS
        while (line_end := self._buffer.find(b"\r\n", 0, min(have, _MAX_LINE))) < 0:
            if have >= _MAX_LINE:
                raise MemcacheUnknownError(f"no line: {self._beginning()!r}")
            have += self._receive_more(self._view[have:], deadline)
        return have, line_end

    def _rest_of_value(self, have, size):
        view = self._room(size, have)
        deadline = time.monotonic() + ANSWER_SECONDS
        while have < size:
            have += self._receive_more(view[have:size], deadline)
        return have

    def _receive_more(self, view, deadline):
        if time.monotonic() > deadline:
            raise TimeoutError(f"no whole answer within {ANSWER_SECONDS} s")
        count = self.sock.recv_into(view)
        if not count:
            raise MemcacheUnexpectedCloseError()
        return count

    def _unusable(self, line):
        """Close, for what came does not answer what was asked; return the exception to raise."""
        self.close()
        text = line.decode("ascii", "replace")[:200]
        return (MemcacheServerError if text.startswith("SERVER_ERROR") else MemcacheUnknownError)(text)

    def _beginning(self):
        return bytes(self._view[:40])

    def _room(self, size, have):
        """Return the buffer, grown to `size` with the first `have` bytes kept."""
        if size > MAX_VALUE_BYTES:
            raise MemcacheUnknownError(f"a value of {size} bytes, where {MAX_VALUE_BYTES} are the most")
        if size > len(self._buffer):
            grown = bytearray(size)
            grown[:have] = self._view[:have]
            self._buffer, self._view = grown, memoryview(grown)
        return self._view


@functools.lru_cache(maxsize=1024)  # a worker asks for few keys, many times
def _read_command(key):
    """Return the command that asks for `key`, and how the first line of an answer to it ends."""
    return b"mg %b v k\r\n" % key, b" k" + key


def _status(line):
    """Return the word that a reply begins with; memcached may repeat the key after it."""
    return line.partition(b" ")[0]
