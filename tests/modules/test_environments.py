"""The environments are copies of one stack: regular files that are identical in every environment."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from vpcache.diagram.parser import parse
from vpcache.environments.creation import create, new_environment
from vpcache.project import Project
from vpcache.stack.mock_plan import mock_plan
from vpcache.stack.stack import Stack
from vpcache.stack.target import offline_target

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


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy of this project, for new environments."""
    shutil.copytree(ROOT / "envs", tmp_path / "envs", ignore=shutil.ignore_patterns(".terraform"))
    for shared in ("modules", "lambda"):
        (tmp_path / shared).symlink_to(ROOT / shared)
    return Project(tmp_path)


@pytest.mark.parametrize(("like", "zones"), [("dev", "a,b,c"), ("prod", "us-west-2b,us-west-2d")])
def test_new_environment_is_like_its_source_and_formatted(project: Project, like: str, zones: str) -> None:
    region = "us-west-2" if like == "prod" else "eu-west-1"
    new = new_environment(project, "staging", like=like, region=region, zones=zones, cidr="", origin_url="")
    folder = create(project, new, like)
    assert differing_files(project.root / "envs" / like, folder) == []
    test_environment_has_values_and_a_lock_file(folder)
    formatted = subprocess.run(
        ["terraform", "fmt", "-check", "-diff", folder], capture_output=True, text=True
    )
    assert (formatted.returncode, formatted.stdout) == (0, "")


def test_new_environment_like_prod_has_a_plan(project: Project) -> None:
    """Terraform accepts the values: the CIDR blocks, the zones of the cache, the isolated subnets."""
    new = new_environment(
        project,
        "live",
        like="prod",
        region="us-west-2",
        zones="b,d",
        cidr="",
        origin_url="https://api.example.com",
    )
    stack = Stack(
        name="vpcache-live",
        environment_dir=create(project, new, "prod"),
        target=offline_target(os.environ, pinned_region=project.values("live").region),
        work_dir=project.work_dir,
        variables={"bundles": Project(ROOT).bundles()},
    )
    (vpc,) = parse(mock_plan(stack)).vpcs
    assert list(vpc.zones) == ["us-west-2b", "us-west-2d"]
    assert {subnet.cidr for subnet in vpc.subnets} >= {
        "10.2.0.64/26",
        "10.2.2.64/26",
        "10.2.6.0/23",
        "10.2.10.0/23",
    }


def test_terraform_has_no_symbolic_links() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--stage", "--", "envs", "modules", "examples"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert [line for line in listed.splitlines() if line.startswith("120000")] == []
