"""The commands that the documents show, typed on a lab of the test's own."""

import pytest

from tests.support.commands import Commands, own_lab
from tests.support.documents import OURS, SHOWN
from tests.support.paths import ROOT

pytestmark = pytest.mark.lab

# what is shown and not typed here, and why
NOT_HERE = {
    "bench": "tests/process/lambda/test_bench.py",
    "bench-reach": "takes a minute",
    "check": "it runs before the suite in CI",
    "drill": "tests/drills; each takes a minute, a soak half an hour",
    "lab.bench": "takes minutes",
    "provider-schema": "needs PyPI",
    "test": "this is it",
}
PHASES = {
    "lab.start": 0,
    "apply": 1,
    "lab.fault": 2,
    "lab.clear": 3,
    "lab.load": 5,  # it replaces the lab, whose audit and captures others show
    "destroy": 6,
    "lab.stop": 7,
}
OTHERS = 4  # the phase of all other commands: on a lab without faults


def typed():
    """Return the words of each command to be typed, once, in an order that makes sense."""
    ours = [each.words[1:] for each in SHOWN if each.is_in_block and each.words[0] in OURS]
    elsewhere = {"aws", "prod", "staging"}  # no account; too large; an environment that readers create
    here = [words for words in ours if words[0] not in NOT_HERE and not elsewhere & set(words)]
    once = {tuple(words): None for words in here}
    return sorted(once, key=lambda words: PHASES.get(words[0], OTHERS))


def test_what_is_shown_works(tmp_path, vpcache_run):
    with own_lab(vpcache_run) as project:
        reader = Commands(project.port, tmp_path)  # what they write is not for the project's folder
        for words in typed():
            reader.succeed("--search-root", str(ROOT), *words)
    assert {words[0] for words in typed()} >= {"apply", "call", "verify", "destroy"}
