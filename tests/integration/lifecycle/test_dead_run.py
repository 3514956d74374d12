"""A test run that is killed leaves nothing for long: the next one ends its lab."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.support.commands import Commands, inhabitants, machine, wait_until_gone
from tests.support.small_project import make_small_project
from vpcache.lab.client import Lab

pytestmark = pytest.mark.lab

SUITE = """
import sys, time

def test_holds_labs(lab, vpcache_run):
    with vpcache_run.own_lab() as own:
        own.start(vpcache_run.folder / "own.log")
        for each in (lab, own):
            print("lab", each.port, file=sys.stderr, flush=True)  # stdout is xdist's in a worker
        time.sleep(300)

def test_joins(vpcache_run):
    pass
"""


@pytest.fixture
def start_pytest(tmp_path):
    """Start pytest in a suite of the test's own; every start has the same folder for its runs."""
    (tmp_path / "test_suite.py").write_text(SUITE)
    (tmp_path / "runs").mkdir()
    started = []

    def start(*words):
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", *words],
            cwd=tmp_path,
            env={**os.environ, "TMPDIR": str(tmp_path / "runs")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()  # what a test that failed left alive ends its own labs
        try:
            process.communicate(timeout=60)
        finally:
            process.kill()


def _labs_of(process) -> list[Lab]:
    """Return the run's lab and the one of a test's own."""
    lines = (line for line in process.stdout if line.startswith("lab "))
    return [Lab(int(next(lines).split()[1])) for _ in range(2)]


def _labs_named_in(file) -> list[Lab]:
    """Wait until both labs are named in a file."""
    deadline = time.monotonic() + 60
    while not file.exists() or len(lines := file.read_text().splitlines()) < 2:
        assert time.monotonic() < deadline, "no labs"
        time.sleep(0.05)
    return [Lab(int(line.split()[1])) for line in lines]


def _processes_of(labs) -> set[int]:
    return {process for lab in labs for process in inhabitants(lab.status().pid)}


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signalled_run_ends_its_labs_itself(start_pytest, tmp_path, number, workers):
    before = machine()
    run = start_pytest(*workers)
    processes = _processes_of(_labs_of(run))
    run.send_signal(number)
    run.communicate(timeout=60)
    wait_until_gone(processes)
    assert list((tmp_path / "runs").glob("*vpcache*")) == []
    assert machine() == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_the_task_has_the_run_end_its_labs(tmp_path, number):
    before = machine()
    project = make_small_project(tmp_path / "project")
    for folder in ("project/tests", "runs"):
        (tmp_path / folder).mkdir()
    ports = tmp_path / "ports"  # the task's pytest shows what a test prints when that has ended
    (project / "tests/test_suite.py").write_text(SUITE.replace("sys.stderr", f"open({str(ports)!r}, 'a')"))
    with Commands(0, project).start("test", "-n", "1", TMPDIR=str(tmp_path / "runs")) as task:
        labs = _labs_named_in(ports)
        processes = _processes_of(labs)
        task.send_signal(number)
        try:
            task.communicate(timeout=60)  # to the end of pytest, which writes there too
            wait_until_gone(processes)
        finally:
            for lab in labs:
                lab.stop()
    assert list((tmp_path / "runs").glob("*vpcache*")) == []
    assert machine() == before


def test_the_next_run_ends_a_killed_ones_labs_and_not_a_living_ones(start_pytest, tmp_path):
    killed, living = start_pytest(), start_pytest()
    killed_labs, living_labs = _labs_of(killed), _labs_of(living)
    processes = _processes_of(killed_labs)
    try:
        killed.kill()
        killed.wait()
        assert all(lab.status().running for lab in killed_labs)

        said, _ = start_pytest("-k", "joins").communicate(timeout=60)
        assert re.search("note: ended what the dead run vpcache-ci-[0-9a-f]+ left here\n", said)
        wait_until_gone(processes)
        assert all(lab.status().running for lab in living_labs)
        assert len(list((tmp_path / "runs").glob("vpcache-ci-*"))) == 1
    finally:
        living.send_signal(signal.SIGINT)
        living.communicate(timeout=60)
        for lab in killed_labs:
            lab.stop()
    assert not any(lab.status().running for lab in living_labs)
