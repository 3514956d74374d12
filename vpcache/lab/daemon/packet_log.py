"""Receives the packets that the rules of a router log, from the kernel's NFLOG."""

from __future__ import annotations

import errno
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from vpcache.lab.flows.packets import Packet, parsed
from vpcache.lab.network.naming import LOG_GROUP, LOGGED_BYTES
from vpcache.lab.network.netns import Namespaces

Receive = Callable[[Iterable[Packet]], None]
"""Takes packets in the order in which they passed the router."""

_NETLINK_NETFILTER = 12
_CONFIG = 4 << 8 | 1  # NFNL_SUBSYS_ULOG, NFULNL_MSG_CONFIG
_REQUEST, _ACK = 1, 4
_COMMAND, _MODE, _TIMEOUT = 1, 2, 4  # NFULA_CFG_*
_BIND = b"\1"
_COPY_PACKET = 2
_FLUSH_CENTISECONDS = 10  # a logged packet waits at most so long for others
_BUFFER = 8 * 2**20  # bytes of packets that wait to be read
_RECEIVE_BUFFER_FORCE = 33  # SO_RCVBUFFORCE, which Python does not name
_DATAGRAM = 2**16


class PacketLog:
    """Passes the packets that a namespace logs to `receive`, in a dedicated thread.

    It calls `lose` if the kernel had to discard packets because they were not read in time. Without logged
    packets the thread sleeps.
    """

    def __init__(
        self, namespaces: Namespaces, namespace: str, receive: Receive, lose: Callable[[], None]
    ) -> None:
        self._namespaces = namespaces
        self._namespace = namespace
        self._receive = receive
        self._lose = lose
        self._names: dict[int, str] = {}
        self._socket = namespaces.run(namespace, _open)
        self._stop, self._stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name=f"packet log {namespace}", daemon=True)
        self._thread.start()

    def learn_devices(self) -> None:
        """Read the names of the namespace's devices, whose packets may be read after they are deleted."""
        with suppress(OSError):  # the namespace is being deleted
            self._names |= dict(self._namespaces.run(self._namespace, socket.if_nameindex))

    def close(self) -> None:
        """End the thread. The kernel discards what the namespace logs from now on."""
        self._stop.close()
        self._thread.join()
        self._socket.close()
        self._stopped.close()

    def _run(self) -> None:
        poll = select.poll()
        for end in (self._socket, self._stopped):
            end.setblocking(False)
            poll.register(end, select.POLLIN)
        while self._stopped.fileno() not in {descriptor for descriptor, _ in poll.poll()}:
            try:
                while True:
                    datagram = self._socket.recv(_DATAGRAM)
                    self._receive(parsed(datagram, self._device, time.time()))
            except BlockingIOError:
                continue
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
                self._lose()

    def _device(self, index: int) -> str:
        if index not in self._names:
            self.learn_devices()
        return self._names.setdefault(index, "")


def _open() -> socket.socket:
    """Return a socket that receives what the current namespace logs."""
    end = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER)
    with suppress(OSError):  # needs a privilege on the host; the default holds hundreds of packets
        end.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCE, _BUFFER)
    for kind, value in (
        (_COMMAND, _BIND),
        (_MODE, struct.pack("!IBB", LOGGED_BYTES, _COPY_PACKET, 0)),
        (_TIMEOUT, struct.pack("!I", _FLUSH_CENTISECONDS)),
    ):
        end.send(_request(kind, value))
        _check(end.recv(_DATAGRAM))
    return end


def _request(kind: int, value: bytes) -> bytes:
    attribute = struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)
    body = struct.pack("!BBH", socket.AF_UNSPEC, 0, LOG_GROUP) + attribute
    return struct.pack("=IHHII", 16 + len(body), _CONFIG, _REQUEST | _ACK, 0, 0) + body


def _check(answer: bytes) -> None:
    """Raise OSError if the kernel refused a request."""
    (code,) = struct.unpack_from("=i", answer, 16)
    if code:
        raise OSError(-code, f"the kernel refused to log packets: {errno.errorcode.get(-code, code)}")
