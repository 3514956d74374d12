"""Each module has an example, and each example has a test."""

from pathlib import Path

from tests.support.examples.lifecycle import examples, label
from tests.support.examples.proofs import PROOFS
from tests.support.paths import ROOT


def test_each_module_has_an_example():
    modules = {path.name for path in (ROOT / "modules").iterdir()}
    assert {example.parents[1].name for example in examples()} == modules


def test_each_module_has_a_file_of_tests():
    tested = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")}
    assert tested - {"inventory"} == {example.parents[1].name for example in examples()}


def test_proved_examples_exist():
    assert {label(example) for example in examples()} >= PROOFS.keys()
