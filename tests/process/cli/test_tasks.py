"""The list of tasks and the help of their options."""

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


def test_task_list_has_one_line_for_each_task():
    """Each task has one line of at most 80 columns, Invoke's default width without a terminal."""
    lines = invoke("--list").strip().splitlines()[2:]
    assert [line.split()[0] for line in lines if re.match(r"  \S", line)] == [
        line.split()[0] for line in lines
    ]
    assert {line.split()[0] for line in lines} == {name for name, _ in TASKS}
    assert [line for line in lines if not re.search(r"\w[.?]$", line)] == []


@pytest.mark.parametrize(("name", "task"), TASKS, ids=[name for name, _ in TASKS])
def test_each_option_has_help(name, task):
    undocumented = [argument.name for argument in task.get_arguments() if not argument.help]
    assert undocumented == []


def test_cost_does_not_import_the_lab():
    program = "import sys, vpcache.cli.views.cost; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert [name for name in loaded.stdout.split() if name in ("vpcache.cli.lab", "vpcache.lab.client")] == []


@pytest.mark.parametrize(("name", "task"), TASKS, ids=[name for name, _ in TASKS])
def test_help_fits_a_terminal(name, task):
    assert [line for line in (task.__doc__ or "").splitlines() if len(line) > 84] == []


def test_piped_output_is_plain():
    assert "\x1b" not in invoke("--list") + invoke("--help", "apply")
