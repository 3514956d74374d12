"""The lock files of ./inv: all dependencies, with hashes and without an index."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.paths import ROOT

LOCK = ROOT / "requirements.lock"
DEV_LOCK = ROOT / "requirements-dev.lock"
BUILD_LOCK = ROOT / "requirements-build.lock"
DOCS_LOCK = ROOT / "requirements-docs.lock"
LOCKS = pytest.mark.parametrize("lock", [LOCK, DEV_LOCK, BUILD_LOCK, DOCS_LOCK], ids=lambda path: path.name)
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def _entries(lock: Path) -> list[tuple[Requirement, str]]:
    """Return each locked requirement with the text of its hashes."""
    text = re.sub(r"^\s*#.*\n", "", lock.read_text(), flags=re.MULTILINE)
    blocks = re.split(r"\n(?=\S)", text.strip())
    parts = [block.replace("\\\n", " ").partition("--hash=") for block in blocks]
    return [(Requirement(requirement), separator + hashes) for requirement, separator, hashes in parts]


def _locked(lock: Path, python: str) -> dict[str, str]:
    """Return the locked version of each package, on Linux and a version of Python."""
    environment = {
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "python_full_version": f"{python}.9",
        "python_version": python,
        "sys_platform": "linux",
    }
    return {
        canonicalize_name(requirement.name): next(iter(requirement.specifier)).version
        for requirement, _ in _entries(lock)
        if requirement.marker is None or requirement.marker.evaluate(environment)
    }


def _declared(*extras: str) -> list[Requirement]:
    """Return the dependencies in pyproject.toml: those of users, and those of some extras."""
    optional = PROJECT["project"]["optional-dependencies"]
    declared = [*PROJECT["project"]["dependencies"], *(item for extra in extras for item in optional[extra])]
    return [item for item in map(Requirement, declared) if item.name != "vpcache"]


def _unmet(required: Iterable[Requirement], locked: dict[str, str]) -> list[str]:
    """Return the requirements that are not locked, or locked at a version that they exclude."""
    versions = [(item, locked.get(canonicalize_name(item.name))) for item in required]
    return [str(item) for item, version in versions if version is None or version not in item.specifier]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(
    ("lock", "extras"), [(LOCK, ["png"]), (DEV_LOCK, ["png", "xdist", "dev"])], ids=["users", "developers"]
)
def test_lock_satisfies_each_declared_dependency(python, lock, extras):
    unmet = _unmet(_declared(*extras), _locked(lock, python))
    assert unmet == [], "renew the lock as docs/internals/lock-files.md says"


@pytest.mark.parametrize("python", PYTHONS)
def test_lock_for_developers_contains_that_for_users(python):
    assert _locked(LOCK, python).items() <= _locked(DEV_LOCK, python).items()


def test_lock_for_users_has_no_package_of_developers():
    users = {item.name for item in _declared("png")}
    developers = {
        canonicalize_name(item.name) for item in _declared("dev", "xdist") if item.name not in users
    }
    assert {"mypy", "pytest-xdist", "ruff"} <= developers
    assert developers & _locked(LOCK, PYTHONS[0]).keys() == {"packaging"}  # pytest requires it


@pytest.mark.parametrize("python", PYTHONS)
def test_build_lock_satisfies_build_system_and_agrees(python):
    build = _locked(BUILD_LOCK, python)
    required = map(Requirement, PROJECT["build-system"]["requires"])
    assert _unmet(required, build) == []
    assert build.items() <= _locked(DEV_LOCK, python).items()


@pytest.mark.parametrize("python", PYTHONS)
def test_docs_lock_satisfies_the_extra(python):
    required = map(Requirement, PROJECT["project"]["optional-dependencies"]["docs"])
    assert _unmet(required, _locked(DOCS_LOCK, python)) == []


@LOCKS
def test_every_locked_package_is_pinned_and_hashed(lock):
    entries = _entries(lock)
    for requirement, hashes in entries:
        assert re.fullmatch(r"==[^,*]+", str(requirement.specifier)), requirement
        assert re.fullmatch(r"(--hash=sha256:[0-9a-f]{64}\s*)+", hashes), requirement


@LOCKS
def test_lock_names_no_index_and_no_url(lock):
    lines = [line for line in lock.read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if "://" in line or re.match(r"-|\s*--(?!hash=)", line)] == []


def test_developers_packages_are_installed_only_from_their_lock():
    script = (ROOT / "tools/environments/development.py").read_text()
    assert script.count('"install"') == 1
    for option in ("--require-hashes", "--no-deps", "--no-build-isolation", "--use-pep517", '"check"'):
        assert option in script


def test_inv_installs_only_locked_packages():
    script = (ROOT / "inv").read_text()
    installs = re.findall(r"^ *pip_install (.*)$", script, re.MULTILINE)
    assert len(re.findall(r"\bpip install\b", script)) == 1  # the one inside pip_install
    assert len(installs) == 3
    for options in installs:
        assert "--require-hashes" in options or "--editable" in options
        assert "--no-deps" in options.split()  # pip 23.2.1 ignores the pin of coverage for coverage[toml]
        assert "--no-build-isolation" in options or "--only-binary :all:" in options
