"""`python -m vpcache.lab.network.pcap FILE`: record the packets of the current network namespace.

tcpdump cannot be used: it changes its user, which fails in a user namespace.
Format: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html
"""

from __future__ import annotations

import socket
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path

_EVERY_PROTOCOL = 0x0003  # ETH_P_ALL
_SNAPSHOT = 262144  # the most bytes of a packet that are recorded
_ETHERNET = 1  # the link type of veth and lo
_PACKET_HEADER = 16  # bytes: time, recorded and original size
_HEADER = struct.pack("<IHHIIII", 0xA1B23C4D, 2, 4, 0, 0, _SNAPSHOT, _ETHERNET)  # times in ns


def record(file: Path) -> None:
    """Record the packets of all devices into `file` until interrupted. The file exists once it listens."""
    devices = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERY_PROTOCOL))
    with devices, file.open("wb", buffering=0) as out, suppress(KeyboardInterrupt):
        out.write(_HEADER)
        while True:
            packet = devices.recv(_SNAPSHOT)
            seconds, nanoseconds = divmod(time.time_ns(), 10**9)
            size = len(packet)
            out.write(struct.pack("<IIII", seconds, nanoseconds, size, size) + packet)


def packet_count(file: Path) -> int:
    """Return the number of complete packets in a file that `record` wrote."""
    count, position, content = 0, len(_HEADER), file.read_bytes()
    while position + _PACKET_HEADER <= len(content):
        position += _PACKET_HEADER + int.from_bytes(content[position + 8 : position + 12], sys.byteorder)
        count += position <= len(content)
    return count


if __name__ == "__main__":
    record(Path(sys.argv[1]))
