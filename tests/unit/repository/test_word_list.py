"""The word list finds words in prose and in identifiers, and nothing else."""

import ast

import pytest

from tests.support.paths import ROOT, TESTS
from tools.word_list import findings

MAX_TEST_NAME = 70


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('"""Mend what is broken."""', "Mend"),
        ("def test_fault_is_mended():", "mended"),
        ("the lab tells its caller", "tells"),
        ("a stack that stands", "stands"),
    ],
)
def test_listed_word_is_found(text, word):
    assert [(finding.line, finding.word) for finding in findings("file", f"\n{text}")] == [(2, word)]


@pytest.mark.parametrize("text", ["an amendment", "standard", "tellurium", "recommend", "the understanding"])
def test_word_inside_another_is_not_found(text):
    assert list(findings("file", text)) == []


def test_finding_names_file_line_word_and_replacement():
    (finding,) = findings("docs/lab.md", "It stands.")
    assert str(finding) == "docs/lab.md:1: 'stands': write exists, running, deployed, active"


def test_test_names_are_short():
    names = [
        node.name
        for file in [*TESTS.rglob("test_*.py"), *(ROOT / "examples").rglob("test_*.py")]
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    assert [name for name in names if len(name) > MAX_TEST_NAME] == []
