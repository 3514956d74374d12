"""The example of a platform team's repository, run as its owners would: by the wheel, far from here."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from outsider import ROOT, VERSION, Outsider, new_outsider

pytestmark = pytest.mark.lab

EXAMPLE = ROOT / "examples/platform-team"
INVENTORY = """
import importlib.metadata, json, vpcache
from vpcache.bundle import EGRESS_PROBE
has_probe = (EGRESS_PROBE / "handler.py").exists()
print(json.dumps([vpcache.__file__, importlib.metadata.version("vpcache"), has_probe]))
"""


@pytest.fixture(scope="module", params=["path", pytest.param("index", marks=pytest.mark.long)])
def outsider(request, tmp_path_factory) -> Outsider:
    """An outsider whose dependencies are this environment's, or with --long fetched for the wheel alone."""
    folder = tmp_path_factory.mktemp("outsider")
    return new_outsider(folder, with_dependencies=request.param == "index")


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
    assert list(repository.rglob("vpcache-test-*")) == []
    assert "data:image/svg+xml;base64," in (repository / "reports/report.html").read_text()


def test_the_package_is_the_wheels(outsider, tmp_path):
    file, version, has_probe = json.loads(outsider.run(tmp_path, "-c", INVENTORY).stdout)
    assert Path(file).is_relative_to(outsider.python.parents[1])
    assert version == VERSION
    assert has_probe
