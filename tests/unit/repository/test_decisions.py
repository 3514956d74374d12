"""Every dependency is explained in docs/internals/decisions.md, and nothing else is imported."""

import ast
import re
import sys
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.support.paths import ROOT

DECISIONS = (ROOT / "docs/internals/decisions.md").read_text()
SECTION = DECISIONS.partition("## Dependencies\n")[2].partition("\n## ")[0]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DECLARED = [
    name
    for group in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    for requirement in group
    if (name := Requirement(requirement).name.lower()) != PROJECT["name"]
]

# packages whose modules have another name
MODULES = {
    "aws_lambda_powertools": "aws-lambda-powertools",
    "font_roboto": "font-roboto",
    "hcl2": "python-hcl2",
    "python_terraform": "python-terraform",
    "resvg_py": "resvg-py",
}
COMING_WITH_OTHERS = {"botocore", "cryptography", "markupsafe", "urllib3", "werkzeug", "yaml"}


@pytest.mark.parametrize("package", DECLARED)
def test_a_dependency_is_explained(package):
    first_cells = [row.split("|")[1] for row in SECTION.splitlines() if row.startswith("| ")]
    assert any(re.search(rf"(^|[ ,]){re.escape(package)}([ ,]|$)", cell.lower()) for cell in first_cells)


def imported():
    """Yield each module that is neither Python's nor the project's own, and who imports it."""
    own = {"vpcache", "bench", "tasks"}
    for folder in ("vpcache", "lambda", "bench"):
        files = list((ROOT / folder).rglob("*.py"))
        siblings = {file.stem for file in files} | {file.parent.name for file in files} | own
        for file in files:
            for node in ast.walk(ast.parse(file.read_text())):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                    names = [node.module]
                for name in {name.partition(".")[0] for name in names} - siblings - sys.stdlib_module_names:
                    yield name, str(file.relative_to(ROOT))


def test_what_is_imported_is_declared_or_comes_with_what_is():
    others = [(name, file) for name, file in imported() if MODULES.get(name, name) not in DECLARED]
    assert [(name, file) for name, file in others if name not in COMING_WITH_OTHERS] == []
    assert {name for name, _ in others} == COMING_WITH_OTHERS
    assert [name for name in COMING_WITH_OTHERS if name not in SECTION] == []


def test_each_decision_states_its_trade_off():
    decided = DECISIONS.partition("## Dependencies\n")[0]
    decisions = re.split(r"^### ", decided, flags=re.MULTILINE)[1:]
    assert len(decisions) > 20
    assert [
        text.splitlines()[0] for text in decisions if len(re.findall("^Trade-off: .", text, re.M)) != 1
    ] == []
