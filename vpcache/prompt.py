"""Questions to the user on a terminal. Only the standard library is imported."""

from __future__ import annotations

import sys
from typing import TextIO


def ask(question: str, output: TextIO | None = None) -> str:
    """Print a question, by default on stdout, and return the user's answer; empty at the end of input."""
    print(question, end="", file=output or sys.stdout, flush=True)
    return sys.stdin.readline().strip()


def is_yes(question: str, output: TextIO | None = None) -> bool:
    """Return whether the user answers a question with `yes`."""
    return ask(f"{question}. Type yes: ", output) == "yes"
