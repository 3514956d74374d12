"""What docs/modules.md says of this project's own modules is what their code says."""

import re
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tools.module_docs import entries

PAGE = (ROOT / "docs/modules.md").read_text()
MODULES = sorted((ROOT / "modules").iterdir())


def cells(module: Path) -> list[str]:
    """Return what the table of figures has to say of a module, by the rules above that table."""
    files = {file.name: file.read_text() for file in module.glob("*.tf")}
    inputs = [entry for text in files.values() for entry in entries(text) if entry.kind == "variable"]
    checks = [
        found
        for text in files.values()
        for found in re.findall(r"^ +(?:validation|precondition|postcondition) \{", text, re.MULTILINE)
    ]
    lines = {name: len(text.splitlines()) for name, text in files.items()}
    longest = max(lines, key=lambda name: lines[name])
    tests = "".join(file.read_text() for file in module.glob("tests/*.tftest.hcl"))
    runs = re.findall(r"^run ", tests, re.MULTILINE)
    refused = [
        each
        for found in re.findall(r"expect_failures = \[(.+?)\]", tests, re.DOTALL)
        for each in found.split(",")
    ]
    refusals = [each for each in refused if each.strip()]
    examples = list(module.glob("examples/*/main.tf"))
    versions = re.findall(r'version += "(.+)"', files["versions.tf"])
    return [
        str(len(inputs)),
        str(len([entry for entry in inputs if entry.default is None])),
        str(len(checks)),
        str(sum(lines.values())),
        f"{longest} {lines[longest]}",
        f"{len(runs)} runs with a mocked provider, {len(refusals)} refusals",
        f"{len(examples)} of {len(examples)}",
        *versions,
    ]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_figures_are_the_code_s(module):
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| [{module.name}](../modules/"))
    assert [cell.strip() for cell in row.strip("|").split("|")][1:] == cells(module)


def test_files_of_this_project_are_there():
    linked = re.findall(r"\]\(\.\./([^)#]+)", PAGE)
    assert linked
    assert [path for path in linked if not (ROOT / path).exists()] == []


def test_files_of_others_are_at_a_tag():
    linked = re.findall(r"https://github\.com/([^)\s]+)", PAGE)
    assert linked
    assert [path for path in linked if not re.match(r"[\w-]+/[\w-]+/(blob|tree)/v\d", path)] == []
