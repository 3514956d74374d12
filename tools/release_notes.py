"""The notes of a release: the changelog's section of its version.

    python -m tools.release_notes v0.3.0

fails unless the tag is the version of pyproject.toml and the changelog has a section `## VERSION - DATE`.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def notes(tag: str, version: str, changelog: str) -> str:
    """Return the changelog's section of a version. Raises ValueError if tag, version or date disagree."""
    if tag != f"v{version}":
        raise ValueError(f"the tag is {tag}, but pyproject.toml has version {version}: tag v{version}")
    sections = re.split(r"^## ", changelog, flags=re.MULTILINE)
    for section in sections:
        title, _, body = section.partition("\n")
        if re.fullmatch(rf"{re.escape(version)} - \d{{4}}-\d\d-\d\d", title):
            return body.strip() + "\n"
    raise ValueError(f"CHANGELOG.md has no section '## {version} - YYYY-MM-DD': date the release")


def main(tag: str) -> None:
    """Print the notes of the release that a tag names."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    try:
        print(notes(tag, version, (ROOT / "CHANGELOG.md").read_text()), end="")
    except ValueError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
