"""The folder of a new environment."""

import pytest

from tests.support.paths import ROOT
from vpcache.environments import creation
from vpcache.environments.creation import create, new_environment
from vpcache.errors import VpcacheError
from vpcache.project import Project

ROOT_MODULE = (
    'variable "environment" {}\nvariable "region" {}\nvariable "cidr_block" {}\nvariable "zones" {}\n'
)
OPTIONS = {"like": "dev", "region": "eu-west-1", "zones": "a,b", "cidr": "", "origin_url": ""}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with an environment dev. Regions are known without moto, whose import takes a second."""
    monkeypatch.setattr(creation, "known_regions", lambda: frozenset({"eu-west-1", "us-east-1"}))
    monkeypatch.setattr(creation, "zone_letters", lambda _: ("a", "b", "c"))
    folder = tmp_path / "envs/dev"
    (folder / ".terraform").mkdir(parents=True)
    (folder / "tests").mkdir()
    (folder / "main.tf").write_text(ROOT_MODULE)
    (folder / "policy.json").write_text("{}")
    (folder / ".terraform.lock.hcl").write_text("# lock\n")
    (folder / "terraform.tfvars").write_text('environment = "dev"\ncidr_block = "10.0.0.0/24"\nsize = 1\n')
    (folder / "more.auto.tfvars").write_text("size = 2\n")
    (folder / "tests/values.tftest.hcl").touch()
    return Project(tmp_path)


def message(project, name="staging", **changes):
    with pytest.raises(VpcacheError) as raised:
        new_environment(project, name, **OPTIONS | changes)
    return str(raised.value)


def test_environment_is_found_at_once(project):
    folder = create(project, new_environment(project, "staging", **OPTIONS), "dev")
    assert project.environments() == ["dev", "staging"]
    assert project.values("staging").region == "eu-west-1"
    assert sorted(path.name for path in folder.iterdir()) == [
        ".terraform.lock.hcl",
        "main.tf",
        "policy.json",
        "terraform.tfvars",
    ]
    assert "\nsize = 2\n" in (folder / "terraform.tfvars").read_text()
    assert [path.name for path in folder.parent.glob(".*")] == []


def test_second_environment_has_other_addresses(project):
    first, second = (new_environment(project, name, **OPTIONS) for name in ("one", "two"))
    assert first.addresses == second.addresses
    create(project, first, "dev")
    second = new_environment(project, "two", **OPTIONS | {"like": "one"})
    assert [str(each.addresses.vpc) for each in (first, second)] == ["10.1.0.0/20", "10.2.0.0/20"]
    assert "overlaps 10.1.0.0/20 of environment one" in message(project, cidr="10.1.0.0/16")


def test_failed_creation_leaves_nothing(project):
    new = new_environment(project, "staging", **OPTIONS)
    (project.root / "envs/dev/terraform.tfvars").write_text("text = <<EOT\nx\nEOT\n")
    with pytest.raises(VpcacheError):
        create(project, new, "dev")
    assert [path.name for path in (project.root / "envs").iterdir()] == ["dev"]


@pytest.mark.parametrize(
    "name", ["", "Staging", "1st", "a_b", "a--b", "a-", "../x", "x/y", "a" * 24, "é", "-1"]
)
def test_invalid_name(project, name):
    assert message(project, name).startswith(f"invalid environment name '{name}': use 1 to 23 lower-case")


def test_existing_folder(project):
    (project.root / "envs/empty").mkdir()
    assert message(project, "dev").startswith("envs/dev already exists")
    assert message(project, "empty").startswith("envs/empty already exists")


def test_unknown_region_gets_close_ones(project):
    assert (
        message(project, region="eu-wset-1") == "unknown region 'eu-wset-1'; choose from eu-west-1, us-east-1"
    )
    assert message(project, region="moon") == "unknown region 'moon'; choose from eu-west-1, us-east-1"


def test_zone_of_another_region(project):
    assert message(project, zones="us-east-1a") == (
        "--zones has 'us-east-1a', which is not a zone of eu-west-1: choose from a, b, c"
    )


def test_unknown_environment_to_copy(project):
    assert message(project, like="prod") == "unknown environment 'prod' to copy; choose --like from dev"


def test_project_without_environments(tmp_path):
    assert "this project has no environment in envs/ to copy" in message(Project(tmp_path))


def test_root_module_of_another_shape(project):
    (project.root / "envs/dev/main.tf").write_text('variable "name" {}\n')
    assert message(project).startswith(
        "cannot copy envs/dev: it has no variable environment, region, cidr_block, zones"
    )


BAD_URLS = """
http://a.example.com https:// api.example.com https://a.example.com:8443 https://u@a.example.com
https://a.example.com?q=1 https://A.example.com https://a https://a.example.com/x"y -1
"""


@pytest.mark.parametrize("url", BAD_URLS.split())
def test_invalid_origin(project, url):
    assert message(project, origin_url=url).startswith(f"--origin-url is '{url}': must be https://")


def test_environments_of_this_project_can_be_copied():
    for like in Project(ROOT).environments():
        creation._check_source(Project(ROOT), like)
