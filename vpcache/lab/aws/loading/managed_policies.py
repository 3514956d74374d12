"""The AWS managed policies of moto, with compressed documents, which few callers read.

moto keeps the text of all policies, 5 MB, and another 14 MB of policies for each account.
"""

from __future__ import annotations

import json
import re
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

_MODULE = "moto.iam.aws_managed_policies"
_TEXT = "aws_managed_policies_data"
_BETWEEN = re.compile(r"[\s,:]*")
"""What separates the names and values of an object's members."""


@dataclass(frozen=True, slots=True)
class ManagedPolicy:
    """An AWS managed policy, in its default version."""

    name: str
    path: str
    version: str
    created: datetime
    updated: datetime
    compressed: bytes

    @property
    def document(self) -> str:
        """The document, as JSON."""
        return zlib.decompress(self.compressed).decode()


@cache
def managed_policies() -> tuple[ManagedPolicy, ...]:
    """Return all policies. The first call takes 0.05 s."""
    text = getattr(import_module(_MODULE), _TEXT)
    del sys.modules[_MODULE]  # with the text
    return tuple(_policies(text))


def skip_managed_policies() -> None:
    """Import moto's IAM without the text of the policies."""
    empty = ModuleType(_MODULE)
    setattr(empty, _TEXT, "{}")
    sys.modules[_MODULE] = empty
    try:
        import moto.iam.models  # noqa: F401  # it reads the text on import
    finally:
        del sys.modules[_MODULE]


def _policies(text: str) -> Iterator[ManagedPolicy]:
    for name, policy in _members(text):
        yield ManagedPolicy(
            name,
            policy["Path"],
            policy["DefaultVersionId"],
            datetime.fromisoformat(policy["CreateDate"]),
            datetime.fromisoformat(policy["UpdateDate"]),
            zlib.compress(json.dumps(policy["Document"]).encode(), zlib.Z_BEST_SPEED),
        )


def _members(text: str) -> Iterator[tuple[str, Any]]:
    """Yield the members of an object in JSON, of which only one at a time is in memory."""
    decode = json.JSONDecoder().raw_decode
    end = text.index("{") + 1
    while text[start := _end_of_separator(text, end)] != "}":
        name, end = decode(text, start)
        value, end = decode(text, _end_of_separator(text, end))
        yield name, value


def _end_of_separator(text: str, position: int) -> int:
    match = _BETWEEN.match(text, position)
    return match.end() if match else position
