"""The lines of a root module that declare its resources, for code scanning."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from vpcache.reach.network import Network
from vpcache.wording import shown

_BLOCK = re.compile(
    r'^(?:module\s+"(?P<module>[^"]+)"|resource\s+"(?P<type>[^"]+)"\s+"(?P<name>[^"]+)")', re.MULTILINE
)


def locator(network: Network, folder: Path | None, default: str) -> Callable[[str], tuple[str, int]]:
    """Return a function that returns the file and the line of a resource, by its ID or address.

    A resource in a module has the line of the root module's module block. What has no block in `folder` has
    the first line of its main.tf, or of `default` without a folder. Files are relative to the current folder.
    """
    blocks = dict(_blocks(folder)) if folder else {}
    fallback = (shown(folder / "main.tf") if folder else default, 1)

    def locate(resource: str) -> tuple[str, int]:
        address = network.addresses.get(resource, resource).split("[")[0]
        parts = address.split(".")
        return blocks.get(".".join(parts[:2]), fallback)

    return locate


def _blocks(folder: Path) -> list[tuple[str, tuple[str, int]]]:
    found = []
    for file in sorted(folder.glob("*.tf")):
        text = file.read_text()
        for block in _BLOCK.finditer(text):
            name = f"module.{block['module']}" if block["module"] else f"{block['type']}.{block['name']}"
            found.append((name, (shown(file), text.count("\n", 0, block.start()) + 1)))
    return found
