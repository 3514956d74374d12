"""Each claim of the fidelity page has a test, and no two claims contradict each other."""

from __future__ import annotations

import ast
import re
from functools import cache
from itertools import combinations

import pytest

from tests.support.paths import ROOT

_TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
_MIN_YES = 60


def rows() -> list[list[str]]:
    """Return the cells of each row, heads and rules aside: behaviour, reference, lab, test."""
    lines = (ROOT / "docs/fidelity.md").read_text().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [row for row in cells if row[0] != "AWS behaviour" and not row[0].startswith("---")]


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


def test_each_claim_is_in_the_table_of_its_kind() -> None:
    kinds = {"as on AWS": "yes", "partly as on AWS": "partly", "not emulated": "no"}
    expected, misplaced = "", []
    for line in (ROOT / "docs/fidelity.md").read_text().splitlines():
        if line.startswith("### "):
            expected = kinds[line.rpartition(": ")[2]]
        elif line.startswith("| ") and not line.startswith("| AWS behaviour"):
            behaviour, _, claim, _ = (cell.strip() for cell in line.strip("|").split("|"))
            misplaced += [] if claim.startswith(expected) else [behaviour]
    assert misplaced == []


def test_page_has_enough_claims_and_no_behaviour_twice() -> None:
    behaviours = [row[0] for row in rows()]
    assert len(behaviours) == len(set(behaviours))
    assert sum(row[2].startswith("yes") for row in rows()) >= _MIN_YES


_COMMON = re.compile(
    "an?|and|are|as|at|be|by|can|cannot|for|from|has|have|if|in|is|it|its|no|not|of|on|one|only|or|that|the|to|"
    "was|when|where|which|whose|with"
)
_SHARED = 0.75  # of the content words of the shorter row


def content(behaviour: str) -> set[str]:
    """Return the words that say what a behaviour is about, without endings."""
    words = re.findall(r"[a-z0-9]+", behaviour.lower().replace("black hole", "blackhole"))
    return {re.sub(r"(ies|es|s|ed|ing)$", "", word) for word in words if not _COMMON.fullmatch(word)}


def contradictions(page: list[list[str]]) -> list[tuple[str, str]]:
    """Return pairs of rows with one reference and nearly the same words, of which one is yes and one no."""
    return [
        (one[0], other[0])
        for one, other in combinations(page, 2)
        if one[1] == other[1] and {one[2].split(":")[0], other[2].split(":")[0]} == {"yes", "no"}
        for words in [(content(one[0]), content(other[0]))]
        if len(words[0] & words[1]) >= _SHARED * min(map(len, words))
    ]


def test_no_two_rows_contradict_each_other() -> None:
    assert contradictions(rows()) == []


def test_contradiction_in_other_words_is_found() -> None:
    page = "[VPC] VPC_Route_Tables"
    one = ["A route whose target is gone is a black hole", page, "yes", "`a.py::test`"]
    other = [
        "A route whose target is gone is described as `blackhole`",
        page,
        "no: described as `active`",
        "",
    ]
    unrelated = ["The main route table cannot be deleted", page, "no", ""]
    assert contradictions([one, other, unrelated]) == [(one[0], other[0])]
