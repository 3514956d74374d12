"""Delivers orders to partners that admit only known IP addresses."""

import urllib.request

ADDRESS_SERVICE = "https://checkip.amazonaws.com"


def handler(event, context):
    """Return the public IP address of the function, which partners see."""
    with urllib.request.urlopen(ADDRESS_SERVICE, timeout=2) as reply:
        return {"address": reply.read().decode().strip()}
