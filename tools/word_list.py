"""The word list: words and phrases that this project does not write, and what it writes instead.

    python -m tools.word_list [FILE ...]

prints a line for each finding in the given files, by default in all files that git knows, and fails if there
is one. docs/glossary.md explains the terms.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SUFFIXES = (".cfg", ".hcl", ".html", ".md", ".py", ".sh", ".tf", ".tfvars", ".toml", ".yml")
EXEMPT = ("CHANGELOG.md", "docs/glossary.md", "tools/word_list.py", "tests/unit/repository/test_word_list.py")
"""Files that name the words: what they were, and what replaced them."""

WORDS = {
    r"(?<!lab\.)mend(s|ed|ing)?(?!\")": "clear (a fault), repair, recover",
    r"(tell|tells|told|telling)": "report, print, pass, return",
    r"stand(s)? in for": "replace",
    r"(stands|standing|stood)": "exists, running, deployed, active",
    r"at work": "running, in progress",
    r"premises": "VPC fixture",
    r"wires": "network",
    r"whoever": "a user, a caller",
    r"whomever|whom": "which user, which caller",
    r"somebody": "a user, another user",
    r"(lay|laid|lays) (a|the) network": "apply the network",
    r"sound again": "recovered",
    r"(take|takes|took|taken|taking) away": "remove, inject a fault into",
    r"(give|gives|gave|given|giving) back": "release, restore",
    r"of (its|one's|their|his|your|our|my) own": "dedicated, own",
    r"may not be had": "is unavailable",
    r"null for none": "set to `null` to disable",
    r"in haste": "without waiting",
    r"(bury|buries|buried)": "clean up",
    r"wreck(s|age)?": "abandoned stack",
    r"(sever|severs|severed|severing)": "isolate",
    r"errand(s)?": "function, call",
    r"patience": "timeout",
    r"anew": "again, from scratch",
    r"meanwhile": "during this time, while ...",
    r"be it": "whether",
    r"(it|this|that|they) (wants|want) (a|an|the)": "needs",
    r"let(s)? (something|anything) go wrong": "inject a fault",
    r"what (is|goes) wrong": "the fault, the error",
    r"(is|are|was|were) to be had": "is available",
    r"know(s)? nothing of": "is independent of, does not know",
    r"as it (is|stands)": "unchanged, current",
    r"ask(s|ed)? (aws|the lab|the origin|the account)": "call, request, query",
}
"""Regular expressions over words, ignoring case, with what is written instead."""


@dataclass(frozen=True)
class Finding:
    """One word that is not written, at a line of a file."""

    file: str
    line: int
    word: str
    instead: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: '{self.word}': write {self.instead}"


def findings(file: str, text: str) -> Iterator[Finding]:
    """Yield the findings of a text, line by line; the words of an identifier are words, too."""
    for number, line in enumerate(text.splitlines(), start=1):
        words = re.sub(r"_", " ", line)
        for match in _PATTERN.finditer(words):
            instead = next(
                value for name, value in WORDS.items() if re.fullmatch(name, match[0], re.IGNORECASE)
            )
            yield Finding(file, number, match[0], instead)


def known_files() -> list[str]:
    """Return the files of the repository that hold text of ours."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [name for name in listed.decode().split("\0") if name.endswith(SUFFIXES) or name == "inv"]


def main(names: Iterable[str]) -> None:
    """Print the findings in some files; exit with 1 if there is one."""
    found = [
        finding
        for name in names or known_files()
        if name not in EXEMPT and not (ROOT / name).is_symlink()
        for finding in findings(name, (ROOT / name).read_text())
    ]
    for finding in found:
        print(finding)
    sys.exit(bool(found))


_PATTERN = re.compile("|".join(rf"\b(?:{word})\b" for word in WORDS), re.IGNORECASE)

if __name__ == "__main__":
    main(sys.argv[1:])
