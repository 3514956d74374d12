"""A machine of somebody who has this project's wheel and its git repository, and nothing else of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.support.paths import ROOT

VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
HOME = "https://example.com/vpcache.git"
"""Where the examples say that the project's repository is."""


@dataclass(frozen=True)
class Outsider:
    """Runs commands in a virtual environment with the wheel; `HOME` leads to a repository on this machine."""

    python: Path
    repository: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a shell that knows nothing of this test."""
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("PYTEST_", "PYTHON", "VIRTUAL_ENV"))
        }
        return kept | {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{self.repository.as_uri()}.insteadOf",
            "GIT_CONFIG_VALUE_0": HOME,
        }

    def run(
        self, folder: Path, *words: str, seconds: float = 300, **changes: str
    ) -> subprocess.CompletedProcess[str]:
        """Run Python with `words` in `folder` to its end, in an environment with `changes`."""
        return subprocess.run(
            [self.python, *words],
            cwd=folder,
            env=self.environment | changes,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )


def newcomer(folder: Path) -> Outsider:
    """Return somebody who has not installed anything yet."""
    _command(sys.executable, "-m", "venv", str(folder / "venv"))
    return Outsider(folder / "venv/bin/python", _repository(folder))


def owner_of_the_wheel(folder: Path) -> Outsider:
    """Return somebody who has built and installed the wheel, without the network.

    Its dependencies are this very environment's, found by path: that they are all declared is for `newcomer`
    to show, who installs them.
    """
    python = folder / "venv/bin/python"
    _command(sys.executable, "-m", "venv", "--without-pip", str(folder / "venv"))
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--python", str(python))
    _command(*pip, "install", "--no-index", "--no-deps", str(_wheel(folder)))
    (site,) = (folder / "venv/lib").glob("python*/site-packages")
    (site / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return Outsider(python, _repository(folder))


def _wheel(folder: Path) -> Path:
    """Build from a copy, so that nothing is left in the tree and nothing built earlier comes in."""
    source = folder / "source"
    source.mkdir()
    for name in ("LICENSE", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, source)
    for tree in ("lambda", "vpcache"):
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / tree, source / tree, symlinks=True, ignore=unwanted)
    build = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    _command(*build, "--wheel-dir", str(folder / "dist"), str(source))
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel


def _repository(folder: Path) -> Path:
    """Commit the working tree as it is into a repository of the test's own, under the version's tag."""
    repository = folder / "vpcache.git"
    _command("git", "init", "--quiet", "--bare", str(repository))
    git = ("git", f"--git-dir={repository}", f"--work-tree={ROOT}", "-c", "core.bare=false")
    _command(*git, "add", "--all")
    author = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    _command(*git, *author, "commit", "--quiet", "--message", "The working tree")
    _command(*git, "tag", f"v{VERSION}")
    return repository


def _command(*words: str) -> None:
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
