"""The checker of a zone: whether packets of its subnet reach the internet through the zone's NAT gateway.

The module adds routes of the targets to this gateway, so this holds wherever the default route leads.
"""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

CONNECT_SECONDS = 2.0
PORT = 443


def handler(event, context):
    """Return whether one of the addresses in `event["targets"]` accepts a TCP connection."""
    targets = event["targets"]
    with ThreadPoolExecutor(len(targets)) as pool:
        return {"reached": any(list(pool.map(connects, targets)))}


def connects(address: str, port: int = PORT, seconds: float = CONNECT_SECONDS) -> bool:
    """Return whether an address accepts a TCP connection within some seconds."""
    with suppress(OSError), socket.create_connection((address, port), seconds):
        return True
    return False
