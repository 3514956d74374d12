"""Wrong arguments of every task, generated from the tasks' signatures: one line, a status, no traceback.

No lab is running and AWS is not reachable. A task that would start a lab, a test run or a download fails.
"""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from invoke.collection import Collection
from invoke.loader import FilesystemLoader
from invoke.parser.argument import Argument
from invoke.parser.context import ParserContext

from tests.support.paths import ROOT
from vpcache.cli.program import TaskProgram
from vpcache.cli.usage import option
from vpcache.lab.client import Lab
from vpcache.testing.run import free_port

Run = Callable[..., tuple[int, str]]


ALL_TASKS, _ = FilesystemLoader(start=str(ROOT)).load("tasks")
TASKS: dict[str, ParserContext] = {
    str(context.name): context for context in Collection.from_module(ALL_TASKS).to_contexts()
}


@cache
def program(task: str) -> TaskProgram:
    """Return the program with one task, or with all for an empty name. Invoke parses one faster than 30."""
    every = Collection.from_module(ALL_TASKS)
    if task:
        collection, _, name = task.rpartition(".")
        only = Collection(collection) if collection else Collection()
        only.add_task(every[task], name=name)
        every = Collection(only) if collection else only
        every.configure(Collection.from_module(ALL_TASKS).configuration())
    return TaskProgram(name="Invoke", binary="inv[oke]", binary_names=["invoke", "inv"], namespace=every)


# values for what a task requires, and for what its other options require
BASE = {
    "new-env": {"--name": "trial", "--region": "eu-west-1", "--zones": "a"},
    "cost": {"--env": "dev"},
    "diagram": {"--env": "dev"},
    "reach": {"--env": "dev"},
    "drill": {"--env": "dev", "--fault": "zone"},
    "unlock": {"--name": "vpcache-dev"},
    "lab.fault": {"--kind": "zone", "--target": "us-east-1a"},
    "lab.clear": {"--kind": "zone", "--target": "us-east-1a"},
    "lab.mend": {"--kind": "zone", "--target": "us-east-1a"},
    "lab.origin": {"--name": "api.example.com", "--status": "503"},
    "lab.shell": {"--in": "internet"},
    "lab.capture": {"--in": "internet"},
    "lab.configure": {"--name": "nat_idle_seconds", "--value": "5"},
    "lab.save": {"--file": "dev.snapshot"},
    "lab.load": {"--file": "dev.snapshot"},
}

VALUES = {
    "empty": "",
    "space": " ",
    "unknown": "nowhere",
    "upper case": "NOWHERE",
    "relative path": "../nowhere/x",
    "absolute path": "/nonexistent/x",
    "negative": "-1",
    "huge": "9" * 40,
    "unicode": "ünï-код-²",
    "option": "--json",
    "directory": str(ROOT / "docs"),
}

ANY = frozenset(VALUES) - {"empty", "space"}
FILES = frozenset({"unknown", "upper case", "negative", "huge", "unicode", "option"})
PATHS = frozenset({"absolute path", "directory"})
# the values that are valid: any other is wrong
VALID = {
    ("call", "--path"): PATHS,
    ("verify", "--path"): PATHS,
    ("new-env", "--name"): {"unknown"},
    ("lab.clear", "--target"): ANY,  # what has no fault
    ("lab.mend", "--target"): ANY,
    ("lab.fault", "--target"): ANY,  # the lab knows the targets
    ("lab.origin", "--serve"): {"directory"},
    ("lab.shell", "--command"): ANY,
    ("lab.start", "--persist"): ANY,  # any folder, which is created
    ("reach", "--from"): ANY,  # the stack knows its ends
    ("reach", "--to"): ANY,
    ("test", "--select"): ANY,  # an expression of pytest
    ("test", "--paths"): {"directory"},
} | {(task, "--name"): {"unknown"} for task, context in TASKS.items() if "env" in context.args}
FREE = {"--principal", "--in", "--zone", "--function", "--filter"}  # names that only the lab or a stack knows
OUTPUT_FILES = {"--svg", "--png", "--figure", "--file", "--markdown", "--sarif"}


def is_wrong(task: str, argument: str, kind: str) -> bool:
    if argument in FREE:
        return kind not in ANY
    if argument in OUTPUT_FILES:
        return kind not in FILES
    if argument == "--name" and task in ("sweep", "unlock"):
        return kind != "unknown"
    return kind not in VALID.get((task, argument), ())


def base(task: str, without: str = "") -> list[str]:
    """Return a task and its required options, except one."""
    required = {option(each): "dev" for each in TASKS[task].positional_args}
    options = required | BASE.get(task, {})
    return [task, *(word for name, value in options.items() if name != without for word in (name, value))]


def arguments(task: str) -> Iterator[Argument]:
    """Yield the options of a task that take a value."""
    yield from (each for each in TASKS[task].args.values() if each.takes_value)


def replaced(task: str, argument: str) -> list[str]:
    """Return a task and its required options for a value of one option, which may exclude others."""
    words = base(task, without=argument)
    excluded = {
        ("lab.origin", "--serve"): ["--status", "503"],
        ("lab.origin", "--proxy"): ["--status", "503"],
        ("cost", "--from"): ["--env", "dev"],
        ("diagram", "--from"): ["--env", "dev"],
        ("reach", "--from-plan"): ["--env", "dev"],
        ("reach", "--against"): ["--env", "dev"],
    }.get((task, argument), [])
    required = {
        ("drill", "--minutes"): ["--soak"],
        ("reach", "--against"): ["--from-plan", "README.md"],
        ("sweep", "--confirm"): ["--name", "vpcache-dev"],
        ("lab.fault", "--seconds"): ["--mode", "slow"],
    }.get((task, argument), [])
    if task == "drill" and argument == "--minutes":
        excluded = ["--fault", "zone"]
    if task == "lab.fault" and argument == "--seconds":
        words[words.index("--kind") + 1] = "origin"
    return [word for word in words if word not in excluded] + required


CASES = {
    (task, argument): [value for kind, value in VALUES.items() if is_wrong(task, argument, kind)]
    for task in TASKS
    for argument in map(option, arguments(task))
}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """A function that runs a command line and returns its exit status and its errors."""

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("the task acts on a wrong argument")

    monkeypatch.chdir(ROOT)
    for name in ("VPCACHE_TARGET", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VPCACHE_LAB_PORT", str(free_port()))
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setattr(Lab, "start", refuse)
    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)

    def run(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            program(words[0] if words[0] in TASKS else "").run(["inv", *words])
        return int(ended.value.code or 0), capfd.readouterr().err

    return run


def one_line(run: Run, *words: str) -> str:
    """Run a command line that must fail with one line, and return the line.

    The status is 1; `reach` has 2 for invalid input, as 1 is a violated policy.
    """
    status, errors = run(*words)
    lines = [line for line in errors.splitlines() if not line.startswith("note: lab.mend is deprecated")]
    assert status in ((1, 2) if words[0] == "reach" else (1,)), (words, status, errors)
    assert len(lines) == 1, (words, errors)
    assert "_'" not in lines[0] and "Argument" not in lines[0] and "None" not in lines[0], lines[0]
    return lines[0]


@pytest.mark.parametrize(("task", "argument"), CASES)
def test_wrong_values_are_named(run: Run, task: str, argument: str) -> None:
    for value in CASES[task, argument]:
        line = one_line(run, *replaced(task, argument), argument, value)
        names = (argument, argument.removeprefix("--"), value.strip() or argument)
        assert any(name in line for name in names), (value, line)


@pytest.mark.parametrize("task", TASKS)
def test_unknown_option_is_named(run: Run, task: str) -> None:
    assert one_line(run, *base(task), "--nosuch").startswith(f"error: unknown option --nosuch of {task}")


@pytest.mark.parametrize("task", TASKS)
def test_extra_word_is_named(run: Run, task: str) -> None:
    line = one_line(run, *base(task), "extra")
    assert line.startswith((f"error: unexpected 'extra' after {task}", "error: "))
    assert "extra" in line


@pytest.mark.parametrize("task", TASKS)
def test_missing_options_are_named(run: Run, task: str) -> None:
    for argument in map(option, TASKS[task].positional_args):
        line = one_line(run, *base(task, without=argument))
        assert line == f"error: {task} requires {argument}; see `./inv --help {task}`"


@pytest.mark.parametrize("task", TASKS)
def test_missing_values_are_named(run: Run, task: str) -> None:
    for argument in map(option, arguments(task)):
        line = one_line(run, *base(task, without=argument), argument)
        assert line == f"error: {argument} requires a value; see `./inv --help {task}`"


@pytest.mark.parametrize("task", TASKS)
def test_value_of_a_switch_is_refused(run: Run, task: str) -> None:
    for argument in (option(each) for each in TASKS[task].args.values() if not each.takes_value):
        assert f"unexpected 'perhaps' after {task}" in one_line(run, *base(task), f"{argument}=perhaps")


CONTRADICTIONS = {
    "apply --env dev --confirm vpcache-prod": "--confirm is 'vpcache-prod', but the stack is vpcache-dev",
    "destroy --env dev --name two --confirm vpcache-dev": "--confirm is 'vpcache-dev', but the stack is two",
    "cost --env dev --from x.json": "use either --env, or --from",
    "cost --from README.md --region eu-west-1": "--region eu-west-1 is of a stack: omit it",
    "diagram --from README.md --name two --target aws": "--target aws is of a stack: omit it",
    "diagram --from README.md --live": "--live probes a running stack",
    "diagram --from README.md --plan": "--plan plans an environment: use --env instead of --from",
    "diagram --env dev --plan --live": "--live probes a running stack: omit --plan",
    "diagram --env dev --svg x.svg --png ./x.svg": "--svg and --png are both x.svg",
    "drill --env dev --fault zone --minutes 3": "--minutes 3 requires --soak",
    "drill --env dev --fault zone --confirm x": "--confirm is 'x', but the stack is vpcache-dev",
    "drill --env dev --soak --fault zone": "omit --fault zone",
    "drill --env dev --soak --zone us-east-1a": "omit --zone us-east-1a",
    "drill --env dev --soak --seconds 5": "omit --seconds 5",
    "drill --env dev --soak --svg x.svg": "omit --svg x.svg",
    "drill --env dev --soak --target aws": "use --target lab",
    "drill --env dev --fault all-nodes --zone us-east-1a": "omit --zone us-east-1a",
    "reach --env dev --from-plan README.md": "use either --env, or --from-plan",
    "reach --from-plan README.md --target aws": "--target aws is of a stack: omit it with --from-plan",
    "reach --from-plan README.md --plan": "--plan plans an environment: use --env instead",
    "reach --env dev --against README.md": "--against README.md compares files: use it with --from-plan",
    "reach --env dev --markdown x.md --sarif ./x.md": "--markdown and --sarif are both x.md",
    "reach --env dev --plan --live": "omit --plan and --from-plan",
    "reach --env dev --live --target aws": "--live sends packets in the lab: use it with --target lab",
    "reach --env dev --from internet --policy README.md": "omit --from and --to",
    "sweep --confirm vpcache-dev": "add --name vpcache-dev",
    "sweep --name vpcache-dev --tests": "omit --name vpcache-dev, or --tests",
    "sweep --name vpcache-dev --confirm vpcache-prod": "--confirm is 'vpcache-prod'",
    "lab.clear --kind zone": "use both --kind and --target",
    "lab.clear --target us-east-1a": "use both --kind and --target",
    "lab.fault zone us-east-1a --seconds 3": "invalid seconds 3.0: mode out takes none",
    "lab.fault zone us-east-1a --mode dead": "unknown mode 'dead' of zone faults",
    "lab.origin api.example.com": "use one of --serve DIR",
    "lab.origin api.example.com --status 503 --serve docs": "--serve and --status exclude each other",
    "lab.origin api.example.com --remove --delay 1": "--delay and --remove exclude each other",
    "lab.configure iam perhaps": "must be off or enforce",
    "new-env trial --region eu-west-1 --zones us-east-1a": "which is not a zone of eu-west-1",
    "new-env trial --region eu-west-1 --zones a,a": "which repeats a",
    "test --fast --long": "--fast runs tests/unit only",
    "test --fast --paths docs": "--fast runs tests/unit only",
    "test --fast --target aws": "--fast runs tests/unit only",
}


@pytest.mark.parametrize("words", CONTRADICTIONS)
def test_contradictory_options_are_named(run: Run, words: str) -> None:
    assert CONTRADICTIONS[words] in one_line(run, *words.split())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("aply --env dev", "error: unknown task 'aply', did you mean apply?; `./inv --list` shows all tasks"),
        ("apply --evn dev", "error: unknown option --evn of apply, did you mean --env?; see"),
        ("lab.clear zone us-east-1b", "error: unexpected 'zone' after lab.clear"),
        ("--help aply", "error: unknown task 'aply', did you mean apply?"),
    ],
)
def test_misspelt_word_gets_the_close_one(run: Run, words: str, message: str) -> None:
    assert one_line(run, *words.split()).startswith(message)


def test_generator_covers_every_option() -> None:
    assert [case for case, values in CASES.items() if not values] == []
    assert sum(map(len, CASES.values())) > 500


def test_nothing_was_created() -> None:
    assert [path for path in (ROOT / "envs/trial", ROOT / "nowhere") if path.exists()] == []
