"""Measures that shorten the daemon's start."""

from __future__ import annotations

from functools import cache
from typing import Any


def cache_botocore_endpoints() -> None:
    """Make botocore read its table of endpoints only once.

    moto creates a session for each list of regions, and each session reads the table, a megabyte of JSON,
    again: 0.4 s of the daemon's start.
    """
    from botocore.loaders import JSONFileLoader

    read = JSONFileLoader.load_file
    cached = cache(lambda path: read(JSONFileLoader(), path))

    def load_file(self: Any, path: str) -> Any:
        return cached(path) if path.endswith("endpoints") else read(self, path)

    JSONFileLoader.load_file = load_file
