"""The version in pyproject.toml, and its copies in other files."""

import importlib.metadata
import re
import subprocess
import tomllib

import pytest

from tests.support.paths import ROOT

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
MODULES = sorted(path for path in (ROOT / "modules").iterdir() if path.is_dir())
PIN = re.compile(r"vpcache\.git(?://modules/\w+\?ref=|@)(v[\w.]+)")
EXAMPLE = ROOT / "examples/platform-team"


def pins():
    """Return all references to a tag of this repository, with their files."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    texts = {
        name: (ROOT / name).read_text()
        for name in listed.decode().split("\0")
        if name.endswith((".md", ".tf", ".txt", ".yml"))
    }
    return [(name, pin) for name, text in texts.items() for pin in PIN.findall(text)]


def test_installed_package_has_this_version():
    assert importlib.metadata.version("vpcache") == VERSION


def test_documents_and_examples_pin_this_version():
    assert [(name, pin) for name, pin in pins() if pin != f"v{VERSION}"] == []
    pinned = {name for name, _ in pins()}
    assert pinned >= {"examples/platform-team/infra/main.tf", "examples/platform-team/requirements.txt"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_module_readme_pins_no_certain_version(module):
    readme = (module / "README.md").read_text()
    assert f"vpcache.git//modules/{module.name}?ref=v<version>" in readme
    assert f"v{VERSION}" not in readme


@pytest.mark.parametrize("folder", [ROOT, *MODULES], ids=lambda path: path.name)
def test_changelog_begins_with_this_version(folder):
    versions = re.findall(r"^## (\S+)", (folder / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0] == VERSION


def test_document_shows_the_current_example():
    document = (ROOT / "docs/testing-your-own-stack.md").read_text()
    assert (EXAMPLE / "tests/test_stack.py").read_text() in document
    assert (EXAMPLE / "requirements.txt").read_text() in document
