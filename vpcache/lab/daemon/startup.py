"""What makes the daemon's start short."""

from __future__ import annotations

from functools import cache
from typing import Any


def cache_botocore_endpoints() -> None:
    """Let botocore read its table of endpoints once.

    moto asks a new session for each list of regions that it needs, and each reads the table, a megabyte of
    JSON, anew: 0.4 s of the daemon's start.
    """
    from botocore.loaders import JSONFileLoader

    read = JSONFileLoader.load_file
    remembered = cache(lambda path: read(JSONFileLoader(), path))

    def load_file(self: Any, path: str) -> Any:
        return remembered(path) if path.endswith("endpoints") else read(self, path)

    JSONFileLoader.load_file = load_file
