"""Each defect in the table of docs/internals/newcomer-defects.md has a test that exists."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.support.paths import ROOT

_TEST = re.compile(r"`([\w/.-]+)::(\w+)`")


def rows() -> list[list[str]]:
    """Return the cells of each row: number, defect, what holds now, test."""
    lines = (ROOT / "docs/internals/newcomer-defects.md").read_text().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [row for row in cells if row[0] != "#"]


@cache
def names_in(file: str) -> set[str]:
    """Return the names of the tests in a file: functions of Python, or runs of a Terraform test."""
    text = (ROOT / file).read_text()
    if file.endswith(".tftest.hcl"):
        return set(re.findall(r'^run "(\w+)"', text, re.MULTILINE))
    return {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}


def test_defects_are_numbered_and_described_once() -> None:
    numbers, defects, now, _ = zip(*rows(), strict=True)
    assert [int(number) for number in numbers] == sorted({int(number) for number in numbers})
    assert len(set(defects)) == len(defects) > 40
    assert all(defects) and all(now)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_each_defect_has_a_test_that_exists(row: list[str]) -> None:
    found = _TEST.fullmatch(row[3])
    assert found, f"no test is named: {row[3]!r}"
    assert found[2] in names_in(found[1]), f"{found[1]} has no test {found[2]}"
