"""checkov for the HCL, in a separate virtual environment: its boto3 version conflicts with moto's."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

_VERSION = "3.3.30"
_FOLDERS = ("modules", "envs", "examples/nightly-role")


def commands(work_dir: Path) -> Iterator[Sequence[str]]:
    """Yield the commands that install checkov in `work_dir`, if it is missing, and that scan the HCL.

    Accepted findings are suppressed in the resource: `#checkov:skip=ID:reason`.
    """
    venv = work_dir / f"checkov-{_VERSION}"
    python, checkov = str(venv / "bin/python"), venv / "bin/checkov"
    if not checkov.exists():
        yield [sys.executable, "-m", "venv", str(venv)]
        yield [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            f"checkov=={_VERSION}",
        ]
    folders = [word for folder in _FOLDERS for word in ("--directory", folder)]
    options = ["--framework", "terraform", "--compact", "--quiet", "--skip-download"]
    yield [python, str(checkov), *folders, *options]
