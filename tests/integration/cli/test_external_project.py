"""The example of a platform team's repository, run as its owners would: by the wheel, far from here."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.support.commands import own_lab
from tests.support.documents import shown
from tests.support.external_project import ROOT, VERSION, Outsider, newcomer, owner_of_the_wheel
from vpcache.lab.client import Lab

pytestmark = pytest.mark.lab

EXAMPLE = ROOT / "examples/platform-team"
INVENTORY = """
import importlib.metadata, json, vpcache
from vpcache.bundle import EGRESS_PROBE
has_probe = (EGRESS_PROBE / "handler.py").exists()
print(json.dumps([vpcache.__file__, importlib.metadata.version("vpcache"), has_probe]))
"""


@pytest.fixture(scope="module")
def outsider(tmp_path_factory) -> Outsider:
    return owner_of_the_wheel(tmp_path_factory.mktemp("outsider"))


@pytest.fixture
def repository(tmp_path) -> Path:
    """A copy of the example, without what git would not bring."""
    unwanted = shutil.ignore_patterns(".terraform*", ".vpcache", "__pycache__")
    return Path(shutil.copytree(EXAMPLE, tmp_path / "platform-team", ignore=unwanted))


def test_the_example_passes_far_from_this_clone(outsider, repository):
    done = outsider.run(
        repository, "-m", "pytest", "-p", "no:cacheprovider", "-rA", "--vpcache-report-dir=reports"
    )
    assert done.returncode == 0, done.stdout
    assert "vpcache: infra on lab" in done.stdout
    assert "3 passed" in done.stdout
    assert f"vpcache-{VERSION}" in done.stdout
    assert list(repository.rglob("vpcache-ci-*")) == []
    assert "data:image/svg+xml;base64," in (repository / "reports/report.html").read_text()


@pytest.mark.long
def test_the_document_s_commands_work_for_a_newcomer(repository, tmp_path, vpcache_run):
    """On AWS too: there it is a lab, started by hand."""
    reader = newcomer(tmp_path)
    document = ROOT / "docs/testing-your-own-stack.md"
    commands = [each.words[1:] for each in shown(document) if each.words[0] == "python"]
    assert len(commands) == 3
    with own_lab(vpcache_run) as lab:
        lab.succeed("lab.start")
        keys = {"AWS_ACCESS_KEY_ID": "by-hand", "AWS_SECRET_ACCESS_KEY": "by-hand"}
        for words in commands:
            done = reader.run(repository, *words, AWS_ENDPOINT_URL=Lab(lab.port).endpoint, **keys)
            assert done.returncode == 0, f"{words}\n{done.stdout}"
        assert "2 passed, 1 skipped" in done.stdout
        assert "vpcache: infra on aws" in done.stdout


def test_the_lab_s_needs_are_told_without_tasks(outsider, tmp_path):
    assert outsider.run(tmp_path, "-m", "vpcache.lab.doctor").returncode == 0
    done = outsider.run(tmp_path, "-m", "vpcache.lab.doctor", PATH="/nonexistent")
    assert done.returncode == 1
    assert re.search(r"^FAILED  memcached +not found: install memcached$", done.stdout, re.MULTILINE)


def test_the_package_is_the_wheels(outsider, tmp_path):
    file, version, has_probe = json.loads(outsider.run(tmp_path, "-c", INVENTORY).stdout)
    assert Path(file).is_relative_to(outsider.python.parents[1])
    assert version == VERSION
    assert has_probe
