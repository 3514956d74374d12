"""Policies in files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vpcache.errors import VpcacheError
from vpcache.reach.policy import Assertion, parse_policy
from vpcache.wording import shown

POLICY = "reach.policy"
"""The policy of a root module: this file beside it."""


@dataclass(frozen=True)
class Policy:
    """The assertions of a file, with its name for messages."""

    file: str
    assertions: tuple[Assertion, ...]


def read_policy(file: Path) -> Policy:
    """Return the policy in a file. Raises VpcacheError if it cannot be read, with line and column in it."""
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise VpcacheError(f"cannot read the policy {file}: {getattr(error, 'strerror', error)}") from error
    return Policy(shown(file), parse_policy(text, shown(file)))
