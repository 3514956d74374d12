"""One kept connection to one memcached node, by the meta protocol, with a limit on every operation.

The protocol: https://github.com/memcached/memcached/blob/master/doc/protocol.txt, "Meta Commands".
"""

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
        self._view = memoryview(bytearray(_FIRST_BUFFER))

    def read(self, key):
        """Return the value of `key` as a view that holds until the next command, or None."""
        header, start, end = self._exchange(b"mg %b v k\r\n" % key)
        if start and header[2:] == [b"k" + key]:
            return self._view[start:end]
        if header[:1] == [b"EN"]:
            return None
        raise self._unusable(header)

    def ask(self, key, flags):
        """Return the value of `key`, None if there is none, and what the node says of it.

        `flags` are added to a meta get, such as N5; the node's words of it come back as a list.
        """
        header, start, end = self._exchange(b"mg %b v k %b\r\n" % (key, flags))
        if start and header[2:3] == [b"k" + key]:
            return bytes(self._view[start:end]), header[3:]
        if header[:1] == [b"EN"]:
            return None, []
        raise self._unusable(header)

    def store(self, key, value, seconds):
        """Store `value` and return when the node has it. Raises TooLargeError."""
        header, _, _ = self._exchange(b"ms %b %d T%d\r\n%b\r\n" % (key, len(value), seconds, value))
        if header[:4] == [b"SERVER_ERROR", b"object", b"too", b"large"]:
            raise TooLargeError(f"{len(value)} bytes are over the item limit of {self.node.host}")
        if header != [b"HD"]:
            raise self._unusable(header)

    def remove(self, key, cas=None):
        """Delete `key`; with `cas`, only at that version of it. Returns whether it was deleted."""
        command = b"md %b\r\n" % key if cas is None else b"md %b C%b\r\n" % (key, cas)
        header, _, _ = self._exchange(command)
        if header not in ([b"HD"], [b"NF"], [b"EX"]):
            raise self._unusable(header)
        return header == [b"HD"]

    def _exchange(self, command):
        """Send a command; return the words of the reply's first line, and where its value is in the buffer.

        Both places, from and to, are 0 if it has no value.
        """
        try:
            if self.sock is None:
                self._connect()
            self._send(command)
            return self._receive()
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

    def _send(self, command):
        try:
            self.sock.sendall(command)
        except BlockingIOError as error:  # how the kernel says that time is up
            raise TimeoutError(f"took no command within {ANSWER_SECONDS} s") from error

    def _receive(self):
        view = self._view
        have = self._receive_into(view)
        line_end = view.obj.find(b"\r\n", 0, min(have, _MAX_LINE))
        deadline = None
        if line_end < 0:
            deadline = time.monotonic() + ANSWER_SECONDS
            while line_end < 0:
                if have >= _MAX_LINE:
                    raise MemcacheUnknownError(f"no line: {bytes(view[:40])!r}")
                have += self._receive_more(view[have:], deadline)
                line_end = view.obj.find(b"\r\n", 0, min(have, _MAX_LINE))
        header = bytes(view[:line_end]).split()
        start = line_end + 2
        if header[:1] != [b"VA"]:
            if have != start or not header:
                raise MemcacheUnknownError(f"more than a line: {bytes(view[:40])!r}")
            return header, 0, 0
        if len(header) < 2 or not header[1].isdigit() or len(header[1]) > 8:
            raise MemcacheUnknownError(f"a value without a size: {bytes(view[:40])!r}")
        end = start + int(header[1])
        if have < end + 2:
            view = self._room(end + 2, have)
            deadline = deadline or time.monotonic() + ANSWER_SECONDS
            while have < end + 2:
                have += self._receive_more(view[have : end + 2], deadline)
        if have != end + 2 or view[end : end + 2] != b"\r\n":
            raise MemcacheUnknownError(f"a value of another size than {end - start}")
        return header, start, end

    def _receive_more(self, view, deadline):
        if time.monotonic() > deadline:
            raise TimeoutError(f"no whole answer within {ANSWER_SECONDS} s")
        return self._receive_into(view)

    def _receive_into(self, view):
        try:
            count = self.sock.recv_into(view)
        except BlockingIOError as error:
            raise TimeoutError(f"no answer within {ANSWER_SECONDS} s") from error
        if not count:
            raise MemcacheUnexpectedCloseError()
        return count

    def _unusable(self, header):
        """Close, for what came does not answer what was asked; return the exception to raise."""
        self.close()
        text = b" ".join(header).decode("ascii", "replace")[:200]
        return (MemcacheServerError if text.startswith("SERVER_ERROR") else MemcacheUnknownError)(text)

    def _room(self, size, have):
        """Return the buffer, grown to `size` with the first `have` bytes kept."""
        if size > MAX_VALUE_BYTES:
            raise MemcacheUnknownError(f"a value of {size} bytes, where {MAX_VALUE_BYTES} are the most")
        if size > len(self._view):
            grown = bytearray(size)
            grown[:have] = self._view[:have]
            self._view = memoryview(grown)
        return self._view
