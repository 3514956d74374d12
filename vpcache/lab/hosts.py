"""The public services outside every VPC, by name: the internet's DNS."""

from __future__ import annotations

from ipaddress import IPv4Address

ORIGIN = "dummy.restapiexample.com"
CHECKIP = "checkip.amazonaws.com"
HOSTS = {ORIGIN: IPv4Address("198.51.100.10"), CHECKIP: IPv4Address("198.51.100.20")}
"""Addresses in a range that RFC 5737 keeps for documentation."""
