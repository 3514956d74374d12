"""Calls a URL over IPv4 or IPv6, or connects to a port."""

import socket
import urllib.request


def handler(event, context):
    if "url" in event:
        with urllib.request.urlopen(event["url"], timeout=5) as reply:
            return {"address": reply.read().decode().strip()}
    try:
        socket.create_connection((event["host"], event["port"]), 1.5).close()
    except OSError as error:
        return {"outcome": type(error).__name__}
    return {"outcome": "connected"}
