"""The commands that the documents show, as their readers would type them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.paths import ROOT

PAGES = sorted(
    path
    for pattern in ("README.md", "CONTRIBUTING.md", "docs/*.md", "docs/how-to/*.md", "docs/internals/*.md")
    for path in ROOT.glob(pattern)
)
GENERATED = sorted(ROOT.glob("docs/reference/*.md"))  # and one page by hand
DOCUMENTS = PAGES + sorted(
    path
    for pattern in ("*/README.md", "modules/**/README.md", "examples/*/README.md")
    for path in ROOT.glob(pattern)
)
OURS = ("./inv", "invoke", "vpcache")


@dataclass(frozen=True)
class Shown:
    """A line of a shell block, or a piece of code in a sentence."""

    document: str
    line: str
    is_in_block: bool

    @property
    def words(self) -> list[str]:
        """The command's words, without comments."""
        return shlex.split(self.line, comments=True)

    def __str__(self) -> str:
        return f"{self.document}: {self.line}"


def shown(path: Path) -> Iterator[Shown]:
    """Yield every line of the shell blocks of a document, and every command of ours in its sentences."""
    name, text = str(path.relative_to(ROOT)), path.read_text()
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if shlex.split(line, comments=True):
                yield Shown(name, line, is_in_block=True)
    sentences = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    for code in re.findall(r"`([^`\n]+)`", sentences):
        if code.startswith(tuple(f"{program} " for program in OURS)):
            yield Shown(name, code, is_in_block=False)


SHOWN = [each for document in DOCUMENTS for each in shown(document)]
