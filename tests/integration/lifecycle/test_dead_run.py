"""Labs of test runs that are interrupted or killed."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.support.commands import Commands, host_state, namespace_processes, wait_until_gone
from tests.support.small_project import make_small_project
from vpcache.lab.client import Lab

pytestmark = pytest.mark.lab

SUITE = """
import sys, time

def test_holds_labs(lab, vpcache_run):
    with vpcache_run.own_lab() as own:
        own.start(vpcache_run.folder / "own.log")
        for one in (lab, own):
            print("lab", one.port, file=sys.stderr, flush=True)  # stdout is xdist's in a worker
        time.sleep(300)

def test_joins(vpcache_run):
    pass
"""


@pytest.fixture
def start_pytest(tmp_path):
    """Start pytest with SUITE; all runs share one folder for temporary files."""
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
        process.terminate()  # a run that still exists after a failed test stops its own labs
        try:
            process.communicate(timeout=60)
        finally:
            process.kill()


def _labs_of(process) -> list[Lab]:
    """Return the lab of the run and the dedicated lab of its test."""
    lines = (line for line in process.stdout if line.startswith("lab "))
    return [Lab(int(next(lines).split()[1])) for _ in range(2)]


def _labs_listed_in(file) -> list[Lab]:
    """Wait until a file lists both labs, and return them."""
    deadline = time.monotonic() + 60
    while not file.exists() or len(lines := file.read_text().splitlines()) < 2:
        assert time.monotonic() < deadline, "no labs"
        time.sleep(0.05)
    return [Lab(int(line.split()[1])) for line in lines]


def _processes_of(labs) -> set[int]:
    return {process for lab in labs for process in namespace_processes(lab.status().pid)}


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_stops_its_labs(start_pytest, tmp_path, number, workers):
    before = host_state()
    run = start_pytest(*workers)
    processes = _processes_of(_labs_of(run))
    run.send_signal(number)
    run.communicate(timeout=60)
    wait_until_gone(processes)
    assert list((tmp_path / "runs").glob("*vpcache*")) == []
    assert host_state() == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_run_stops_its_labs_when_the_task_ends(tmp_path, number):
    before = host_state()
    project = make_small_project(tmp_path / "project")
    for folder in ("project/tests", "runs"):
        (tmp_path / folder).mkdir()
    ports = tmp_path / "ports"  # pytest prints the output of a test only at its end
    (project / "tests/test_suite.py").write_text(SUITE.replace("sys.stderr", f"open({str(ports)!r}, 'a')"))
    with Commands(0, project).start("test", "-n", "1", TMPDIR=str(tmp_path / "runs")) as task:
        labs = _labs_listed_in(ports)
        processes = _processes_of(labs)
        task.send_signal(number)
        try:
            task.communicate(timeout=60)  # until the end of pytest, which writes to the same pipe
            wait_until_gone(processes)
        finally:
            for lab in labs:
                lab.stop()
    assert list((tmp_path / "runs").glob("*vpcache*")) == []
    assert host_state() == before


def test_next_run_stops_labs_of_killed_runs_only(start_pytest, tmp_path):
    killed, living = start_pytest(), start_pytest()
    killed_labs, living_labs = _labs_of(killed), _labs_of(living)
    processes = _processes_of(killed_labs)
    try:
        killed.kill()
        killed.wait()
        assert all(lab.status().running for lab in killed_labs)

        output, _ = start_pytest("-k", "joins").communicate(timeout=60)
        assert re.search("note: cleaned up after the dead test run vpcache-ci-[0-9a-f]+\n", output)
        wait_until_gone(processes)
        assert all(lab.status().running for lab in living_labs)
        assert len(list((tmp_path / "runs").glob("vpcache-ci-*"))) == 1
    finally:
        living.send_signal(signal.SIGINT)
        living.communicate(timeout=60)
        for lab in killed_labs:
            lab.stop()
    assert not any(lab.status().running for lab in living_labs)
