"""The environments are copies of one stack: regular files that are identical in every environment."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT

ENVIRONMENTS = sorted(main.parent for main in ROOT.glob("envs/*/main.tf"))

OWN_FILES = {"terraform.tfvars", ".terraform.lock.hcl"}
"""The files in which environments may differ, besides their tests: values and provider hashes."""


def shared_files(environment: Path) -> dict[str, bytes]:
    """Return the content of the files that must be identical in every environment, by name: `*.tf`."""
    return {path.name: path.read_bytes() for path in environment.glob("*.tf")}


def differing_files(reference: Path, other: Path) -> list[str]:
    """Return a line for each file that is missing or differs in one of two environments."""
    expected, found = shared_files(reference), shared_files(other)
    return [
        f"{other.name}/{name} differs from {reference.name}/{name}: "
        "copy the file, or move the difference to terraform.tfvars"
        for name in sorted(expected.keys() | found.keys())
        if expected.get(name) != found.get(name)
    ]


@pytest.mark.parametrize("environment", ENVIRONMENTS[1:], ids=lambda path: path.name)
def test_environments_share_their_files(environment: Path) -> None:
    assert differing_files(ENVIRONMENTS[0], environment) == []


def test_changed_and_missing_files_are_named(tmp_path: Path) -> None:
    for name in ("dev", "prod"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "main.tf").write_text("module {}\n")
        (tmp_path / name / "terraform.tfvars").write_text(f'environment = "{name}"\n')
    assert differing_files(tmp_path / "dev", tmp_path / "prod") == []
    (tmp_path / "prod/main.tf").write_text("module { }\n")
    (tmp_path / "dev/alarms.tf").touch()
    named = [line.split(" ")[0] for line in differing_files(tmp_path / "dev", tmp_path / "prod")]
    assert named == ["prod/alarms.tf", "prod/main.tf"]


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda path: path.name)
def test_environment_has_values_and_a_lock_file(environment: Path) -> None:
    assert {path.name for path in environment.iterdir()} >= OWN_FILES
    values = (environment / "terraform.tfvars").read_text()
    assert re.search(rf'^environment += "{environment.name}"$', values, re.MULTILINE)


def test_terraform_has_no_symbolic_links() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--stage", "--", "envs", "modules", "examples"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert [line for line in listed.splitlines() if line.startswith("120000")] == []
