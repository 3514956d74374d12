"""What a user might get wrong in words alone: refused before anything is asked or touched."""

import pytest

from tests.support.commands import Commands
from vpcache.testing.run import free_port

DEV = ("--env", "dev")


@pytest.fixture(scope="module")
def nowhere():
    """Commands for a lab that nobody starts."""
    return Commands(free_port())


@pytest.mark.parametrize("environment", ["staging", "", "../dev", "dev/", "DEV", "dev prod", "/etc"])
@pytest.mark.parametrize("task", ["apply", "verify"])
def test_environment(nowhere, task, environment):
    line = nowhere.refuse(task, "--env", environment)
    assert line == (
        f"error: unknown environment '{environment}': "
        "give a folder of envs/ (dev, prod) or the path of a root module"
    )


@pytest.mark.parametrize("target", ["gcp", "LAB", "aws ", "labs"])
@pytest.mark.parametrize("task", [("plan", *DEV), ("destroy", *DEV), ("sweep",)], ids=lambda task: task[0])
def test_target(nowhere, task, target):
    line = nowhere.refuse(*task, "--target", target)
    assert line == f"error: unknown target '{target}': use --target lab or --target aws"


def test_target_by_variable(nowhere):
    assert "unknown target 'gcp'" in nowhere.refuse("plan", *DEV, VPCACHE_TARGET="gcp")


@pytest.mark.parametrize("name", ["Dev", "d", "1dev", "dev_1", "dev.1", "a" * 32, "dev 1", "../dev", "dév"])
def test_stack_name(nowhere, name):
    line = nowhere.refuse("unlock", "--name", name)
    assert line.startswith(f"error: stack name '{name}': use 2 to 31 lower-case letters")


@pytest.mark.parametrize("port", ["ninety", "0", "65536", "-1", "46 00", "4600.5", ""])
def test_lab_port(nowhere, port):
    line = nowhere.refuse("lab.status", VPCACHE_LAB_PORT=port)
    assert line == f"error: VPCACHE_LAB_PORT is '{port}': give a port number from 1 to 65535"


@pytest.mark.parametrize("seconds", ["x", "0", "-5", "nan", "inf", ""])
def test_seconds_of_a_drill(nowhere, seconds):
    line = nowhere.refuse("drill", *DEV, "--fault", "zone", "--seconds", seconds)
    assert line == f"error: --seconds is '{seconds}': give a number above 0"


@pytest.mark.parametrize("minutes", ["soon", "0", "-1", "nan", ""])
def test_minutes_of_a_soak(nowhere, minutes):
    assert f"--minutes is '{minutes}'" in nowhere.refuse("drill", *DEV, "--soak", "--minutes", minutes)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "give --fault with one of zone, zone-network, "),
        (("--zone", "us-east-1a"), "give --fault with one of zone, zone-network, "),
        (("--fault", "flood"), "unknown fault 'flood'; choose from zone, zone-network, "),
        (("--fault", "zone", "--minutes", "3"), "--minutes 3 is for --soak: give --seconds instead"),
        (("--fault", "all-nodes", "--zone", "us-east-1a"), "fault 'all-nodes' is in no zone: leave --zone"),
        (("--fault", "origin-down", "--zone", "us-east-1a"), "fault 'origin-down' is in no zone"),
        (("--fault", "zone", "--seconds", "3601"), "--seconds is '3601': give at most 3600"),
        (("--soak", "--fault", "zone"), "leave --fault zone out"),
        (("--soak", "--zone", "us-east-1a"), "--soak visits each zone in turn: leave --zone us-east-1a out"),
        (("--soak", "--seconds", "5"), "--soak has a fault every two minutes: leave --seconds 5 out"),
        (("--soak", "--svg", "soak.svg"), "--soak draws no timeline: leave --svg soak.svg out"),
        (("--soak", "--minutes", "1441"), "--minutes is '1441': give at most 1440"),
    ],
)
def test_options_of_a_drill(nowhere, words, said):
    assert said in nowhere.refuse("drill", *DEV, *words)


def test_a_soak_is_the_labs(nowhere):
    credentials = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
    line = nowhere.refuse("drill", *DEV, "--soak", "--target", "aws", **credentials)
    assert line.startswith("error: --soak looks at the lab's daemon")


def test_picture_that_cannot_be_written(nowhere):
    line = nowhere.refuse("drill", *DEV, "--fault", "zone", "--svg", "/nonexistent/timeline.svg")
    assert line == "error: cannot write /nonexistent/timeline.svg: No such file or directory"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "give either --env, or --from with what `terraform show -json` printed"),
        ((*DEV, "--from", "x.json"), "give either --env, or --from"),
        (("--from", "x.json", "--live"), "--live probes a running stack: give --env instead of --from"),
        (("--from", "nothing.json"), "cannot read nothing.json: No such file or directory"),
        (("--from", "README.md"), "README.md is not JSON (Expecting value"),
        (("--from", "-"), "- is not JSON"),  # stdin is empty
        (
            ("--from", "bench/package.json"),
            "give what `terraform show -json` prints of an applied root module",
        ),
        ((*DEV, "--live"), "the lab is not running at"),
    ],
)
def test_subject_of_a_diagram(nowhere, words, said):
    assert said in nowhere.refuse("diagram", *words)


@pytest.mark.parametrize("number", ["x", "-1", "2.5", ""])
def test_number_of_processes(nowhere, number):
    assert f"--numprocesses is '{number}'" in nowhere.refuse("test", "--numprocesses", number)


@pytest.mark.parametrize("path", ["nothing", "tests/nothing.py", "tests/unit/nothing.py::test_one"])
def test_path_of_tests(nowhere, path):
    assert f"--paths has '{path}', which does not exist" in nowhere.refuse("test", "--paths", path)


@pytest.mark.parametrize("task", ["apply", "plan", "outputs", "call", "verify", "destroy"])
def test_no_environment(nowhere, task):
    assert f"'{task}' did not receive required positional arguments: 'env'" in nowhere.refuse(task)


def test_unknown_task(nowhere):
    assert "No idea what 'aply' is!" in nowhere.refuse("aply")


@pytest.mark.parametrize(
    "words",
    [("lab.fault", "zone", "us-east-1a"), ("lab.clear",), ("lab.show",), ("lab.shell", "--in", "x")],
)
def test_lab_that_does_not_run(nowhere, words):
    assert "the lab is not running" in nowhere.refuse(*words)
