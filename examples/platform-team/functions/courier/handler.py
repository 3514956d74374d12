"""Brings orders to partners who let in known addresses only."""

import urllib.request

ADDRESS_SERVICE = "https://checkip.amazonaws.com"


def handler(event, context):
    """Without an order to bring, tell the address that partners see."""
    with urllib.request.urlopen(ADDRESS_SERVICE, timeout=2) as reply:
        return {"address": reply.read().decode().strip()}
