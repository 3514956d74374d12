"""The tasks as a reader meets them: a list like a table of contents, and help for every option."""

import re
import subprocess
import sys

import pytest
from invoke.collection import Collection
from invoke.loader import FilesystemLoader

from tests.support.paths import ROOT


def all_tasks():
    module, _ = FilesystemLoader(start=str(ROOT)).load("tasks")
    collection = Collection.from_module(module)
    return [(name, collection[name]) for name in sorted(collection.task_names)]


TASKS = all_tasks()


def invoke(*words: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "invoke", *words], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


def test_the_list_is_a_table_of_contents():
    """Each task has one line of a terminal of 80 columns, which Invoke assumes where there is none."""
    lines = invoke("--list").strip().splitlines()[2:]
    assert [line.split()[0] for line in lines if re.match(r"  \S", line)] == [
        line.split()[0] for line in lines
    ]
    assert {line.split()[0] for line in lines} == {name for name, _ in TASKS}
    assert [line for line in lines if not re.search(r"\w[.?]$", line)] == []


@pytest.mark.parametrize(("name", "task"), TASKS, ids=[name for name, _ in TASKS])
def test_each_option_is_explained(name, task):
    without = [argument.name for argument in task.get_arguments() if not argument.help]
    assert without == []


@pytest.mark.parametrize(("name", "task"), TASKS, ids=[name for name, _ in TASKS])
def test_help_fits_a_terminal(name, task):
    assert [line for line in (task.__doc__ or "").splitlines() if len(line) > 84] == []


def test_what_is_piped_is_plain():
    assert "\x1b" not in invoke("--list") + invoke("--help", "apply")
