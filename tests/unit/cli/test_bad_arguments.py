"""Messages for invalid arguments of the tasks; test_wrong_arguments.py has all options of all tasks."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest
from invoke.collection import Collection
from invoke.loader import FilesystemLoader

from tests.support.paths import ROOT
from vpcache.cli.program import TaskProgram
from vpcache.testing.run import free_port

DEV = ("--env", "dev")

Reject = Callable[..., str]


@pytest.fixture(scope="module")
def program() -> TaskProgram:
    module, _ = FilesystemLoader(start=str(ROOT)).load("tasks")
    return TaskProgram(name="inv", binary="inv", namespace=Collection.from_module(module), version="0")


@pytest.fixture
def reject(
    program: TaskProgram, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Reject:
    """A function that runs a task which must fail with one line, and returns the line. No lab is running."""
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("VPCACHE_TARGET", raising=False)
    monkeypatch.setenv("VPCACHE_LAB_PORT", str(free_port()))
    monkeypatch.setattr(sys, "stdin", io.StringIO())

    def run(*words: str, **variables: str) -> str:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as status:
            program.run(["inv", *words])
        assert status.value.code not in (0, None)
        lines = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
        assert len(lines) == 1, lines
        return lines[0]

    return run


@pytest.mark.parametrize("environment", ["staging", "../dev", "DEV", "dev prod", "/etc"])
@pytest.mark.parametrize("task", ["outputs", "verify"])
def test_unknown_environment(reject: Reject, task: str, environment: str) -> None:
    line = reject(task, "--env", environment)
    message = f"unknown environment '{environment}'; choose from dev, prod, or the path of a root module"
    assert line == f"error: {message}"


@pytest.mark.parametrize("target", ["gcp", "LAB", "aws ", "labs"])
@pytest.mark.parametrize("task", [("plan", *DEV), ("destroy", *DEV), ("sweep",)], ids=lambda task: task[0])
def test_unknown_target(reject: Reject, task: tuple[str, ...], target: str) -> None:
    line = reject(*task, "--target", target)
    assert line == f"error: unknown target '{target}': use --target lab or --target aws"


def test_unknown_target_in_variable(reject: Reject) -> None:
    assert "unknown target 'gcp'" in reject("plan", *DEV, VPCACHE_TARGET="gcp")


@pytest.mark.parametrize("name", ["Dev", "d", "1dev", "dev_1", "dev.1", "a" * 32, "dev 1", "../dev", "dév"])
def test_invalid_stack_name(reject: Reject, name: str) -> None:
    line = reject("unlock", "--name", name)
    assert line.startswith(f"error: invalid stack name '{name}': use 2 to 31 lower-case letters")


@pytest.mark.parametrize("port", ["ninety", "0", "65536", "-1", "46 00", "4600.5", ""])
def test_invalid_lab_port(reject: Reject, port: str) -> None:
    line = reject("lab.status", VPCACHE_LAB_PORT=port)
    assert line == f"error: VPCACHE_LAB_PORT is '{port}': must be a port number from 1 to 65535"


@pytest.mark.parametrize("seconds", ["x", "0", "-5", "nan", "inf"])
def test_invalid_seconds_of_a_drill(reject: Reject, seconds: str) -> None:
    line = reject("drill", *DEV, "--fault", "zone", "--seconds", seconds)
    assert line == f"error: --seconds is '{seconds}': must be a number above 0"


@pytest.mark.parametrize("minutes", ["soon", "0", "-1", "nan"])
def test_invalid_minutes_of_a_soak(reject: Reject, minutes: str) -> None:
    assert f"--minutes is '{minutes}'" in reject("drill", *DEV, "--soak", "--minutes", minutes)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "--fault or --soak is required; choose --fault from zone, zone-network, "),
        (("--zone", "us-east-1a"), "--fault or --soak is required; choose --fault from zone, "),
        (("--fault", "flood"), "unknown fault 'flood'"),
        (("--fault", "origin-down", "--zone", "us-east-1a"), "fault 'origin-down' does not affect a zone"),
        (("--fault", "zone", "--seconds", "3601"), "--seconds is '3601': must be at most 3600"),
        (("--soak", "--minutes", "1441"), "--minutes is '1441': must be at most 1440"),
    ],
)
def test_invalid_options_of_a_drill(reject: Reject, words: tuple[str, ...], message: str) -> None:
    assert message in reject("drill", *DEV, *words)


def test_unwritable_timeline(reject: Reject) -> None:
    line = reject("drill", *DEV, "--fault", "zone", "--svg", "/nonexistent/timeline.svg")
    assert line == "error: cannot write /nonexistent/timeline.svg: No such file or directory"


@pytest.mark.parametrize("task", ["cost", "diagram"])
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "use either --env, or --from with the output of `terraform show -json`"),
        (("--from", "nothing.json"), "cannot read --from nothing.json: No such file or directory"),
        (("--from", "README.md"), "README.md is not JSON (Expecting value"),
        (("--from", "-"), "error: stdin is not JSON"),  # stdin is empty
        (("--from", "bench/scenario/package.json"), "use the output of `terraform show -json`"),
    ],
)
def test_invalid_source(reject: Reject, task: str, words: tuple[str, ...], message: str) -> None:
    assert message in reject(task, *words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((*DEV, "--live"), "the lab is not running at"),
        (("--from", "x.json", "--name", "x"), "error: --name x is of a stack: omit it with --from"),
        (("--from", "x.json", "--target", "aws"), "--target aws is of a stack: omit it with --from"),
    ],
)
def test_invalid_live_diagram(reject: Reject, words: tuple[str, ...], message: str) -> None:
    assert message in reject("diagram", *words)


@pytest.mark.parametrize("path", ["nothing", "tests/nothing.py", "tests/unit/nothing.py::test_one"])
def test_missing_path_of_tests(reject: Reject, path: str) -> None:
    assert f"--paths has '{path}', which does not exist" in reject("test", "--paths", path)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--name", "x1", "--tests"),
            "--tests sweeps the stacks of all test runs: omit --name x1, or --tests",
        ),
        (("--confirm", "x1"), "--confirm is the name of a protected stack: add --name x1"),
        (("--name", "X"), "invalid stack name 'X'"),
    ],
)
def test_invalid_options_of_a_sweep(reject: Reject, words: tuple[str, ...], message: str) -> None:
    assert message in reject("sweep", *words)


def test_region_of_a_file_is_not_an_option(reject: Reject) -> None:
    line = reject("cost", "--from", "x.json", "--region", "eu-west-1")
    assert line == "error: --region eu-west-1 is of a stack: omit it with --from"


@pytest.mark.parametrize("file", ["--svg", "--png"])
@pytest.mark.parametrize("path", ["docs", "/nonexistent/x.svg"])
def test_unwritable_diagram_is_rejected_before_it_is_drawn(reject: Reject, file: str, path: str) -> None:
    assert reject("diagram", *DEV, file, path).startswith(f"error: cannot write {path}: ")


@pytest.mark.parametrize("path", ["employees", "employees/archive", "https://api.example.com/x", "/a b"])
def test_path_of_a_call_without_slash(reject: Reject, path: str) -> None:
    line = reject("call", *DEV, "--path", path)
    assert line == f"error: --path is '{path}': must begin with a slash and have no spaces, e.g. /employees"


def test_body_and_json_of_a_call_contradict(reject: Reject) -> None:
    line = reject("call", *DEV, "--body", "--json")
    assert line == "error: --body and --json exclude each other: use one of them"


@pytest.mark.parametrize("since", ["x", "10", "-5m", "0s", "400d"])
def test_invalid_since_of_logs(reject: Reject, since: str) -> None:
    assert reject("logs", *DEV, "--since", since).startswith(f"error: --since is '{since}': must be ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--env", "moon"), "unknown environment 'moon'; choose from dev, prod"),
        (("--name", "Moon"), "invalid stack name 'Moon'"),
        (("--target", "gcp"), "unknown target 'gcp'"),
    ],
)
def test_invalid_selection_of_status(reject: Reject, words: tuple[str, ...], message: str) -> None:
    assert message in reject("status", *words)


@pytest.mark.parametrize(
    "words",
    [("lab.fault", "zone", "us-east-1a"), ("lab.clear",), ("lab.show",), ("lab.shell", "--in", "x")],
)
def test_lab_is_not_running(reject: Reject, words: tuple[str, ...]) -> None:
    assert "the lab is not running" in reject(*words)
