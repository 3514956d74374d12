"""Virtual environments with this project's wheel or its git repository, without a clone."""

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
SECONDS = 300
HOME = "https://example.com/vpcache.git"
"""The URL of the project's repository in the examples."""


@dataclass(frozen=True)
class VirtualEnvironment:
    """Runs Python in a virtual environment; git resolves `HOME` to a local repository."""

    python: Path
    repository: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables, without those of this test run. The machine may have a single Python."""
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("PYTEST_", "PYTHON", "VIRTUAL_ENV"))
        }
        return kept | {
            "PYTEST_ADDOPTS": "-o vpcache_lab_settings=missing_runtime=host",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{self.repository.as_uri()}.insteadOf",
            "GIT_CONFIG_VALUE_0": HOME,
        }

    def run(self, folder: Path, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run Python with `words` in `folder` to its end, with `changes` of the environment variables."""
        return subprocess.run(
            [self.python, *words],
            cwd=folder,
            env=self.environment | changes,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )


def new_environment(folder: Path) -> VirtualEnvironment:
    """Create an empty virtual environment."""
    _command(sys.executable, "-m", "venv", str(folder / "venv"))
    return VirtualEnvironment(folder / "venv/bin/python", _repository(folder))


def environment_with_wheel(folder: Path) -> VirtualEnvironment:
    """Create a virtual environment with the wheel, built and installed without network access.

    It shares the dependencies of the current environment. A `new_environment`, which installs them, proves
    that all are declared.
    """
    python = folder / "venv/bin/python"
    _command(sys.executable, "-m", "venv", "--without-pip", str(folder / "venv"))
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--python", str(python))
    _command(*pip, "install", "--no-index", "--no-deps", str(_wheel(folder)))
    (site,) = (folder / "venv/lib").glob("python*/site-packages")
    (site / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return VirtualEnvironment(python, _repository(folder))


def _wheel(folder: Path) -> Path:
    """Build the wheel from a copy, so that neither the tree nor the wheel contains other build output."""
    source = folder / "source"
    source.mkdir()
    for name in ("LICENSE", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, source)
    for tree in ("lambda", "vpcache"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / tree, source / tree, symlinks=True, ignore=ignored)
    build = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    _command(*build, "--wheel-dir", str(folder / "dist"), str(source))
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel


def _repository(folder: Path) -> Path:
    """Commit the working tree to a new repository, with the tag of the version."""
    repository = folder / "vpcache.git"
    _command("git", "init", "--quiet", "--bare", str(repository))
    git = ("git", f"--git-dir={repository}", f"--work-tree={ROOT}", "-c", "core.bare=false")
    _command(*git, "add", "--all")
    author = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    _command(*git, *author, "commit", "--quiet", "--message", "The working tree")
    _command(*git, "tag", f"v{VERSION}")
    return repository


def _command(*words: str) -> None:
    finished = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, f"{' '.join(words)}\n{finished.stdout}{finished.stderr}"
