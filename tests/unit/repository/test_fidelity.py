"""The fidelity table says nothing that no test stands behind."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.support.paths import ROOT

_TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
_MIN_YES = 60


def rows() -> list[list[str]]:
    """Return the cells of each row, heads and rules aside: behaviour, reference, lab, test."""
    lines = (ROOT / "docs/fidelity.md").read_text().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [row for row in cells if row[0] != "AWS" and not row[0].startswith("---")]


@cache
def named_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0][:60])
def test_each_claim_has_a_test_that_exists(row: list[str]) -> None:
    _, _, claim, test = row
    assert re.match(r"(yes|partly: .+|no)\b", claim), claim
    if claim.startswith("no"):
        assert not test
        return
    found = _TEST.fullmatch(test)
    assert found, f"no test is named: {test!r}"
    assert found[2] in named_in(found[1]), f"{found[1]} has no test {found[2]}"


def test_there_are_enough_claims_and_no_behaviour_twice() -> None:
    behaviours = [row[0] for row in rows()]
    assert len(behaviours) == len(set(behaviours))
    assert sum(row[2].startswith("yes") for row in rows()) >= _MIN_YES
