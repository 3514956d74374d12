"""A test run that is killed leaves nothing for long: the next one ends its lab."""

import os
import re
import signal
import subprocess
import sys

import pytest
from commands import inhabitants, machine, wait_until_gone

from vpcache.lab.client import Lab

pytestmark = pytest.mark.lab

SUITE = """
import sys, time

def test_holds_a_lab(lab):
    print("lab", lab.port, file=sys.stderr, flush=True)  # stdout is xdist's in a worker
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
        process.kill()
        process.communicate()


def _lab_of(process) -> Lab:
    line = next(line for line in process.stdout if line.startswith("lab "))
    return Lab(int(line.split()[1]))


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signalled_run_ends_its_lab_itself(start_pytest, tmp_path, number, workers):
    before = machine()
    run = start_pytest(*workers)
    lab = _lab_of(run)
    processes = inhabitants(lab.status().pid)
    run.send_signal(number)
    run.communicate(timeout=60)
    wait_until_gone(processes)
    assert list((tmp_path / "runs").glob("*vpcache*")) == []
    assert machine() == before


def test_the_next_run_ends_a_killed_ones_lab_and_not_a_living_ones(start_pytest, tmp_path):
    killed, living = start_pytest(), start_pytest()
    killed_lab, living_lab = _lab_of(killed), _lab_of(living)
    processes = inhabitants(killed_lab.status().pid)
    try:
        killed.kill()
        killed.wait()
        assert killed_lab.status().running

        said, _ = start_pytest("-k", "joins").communicate(timeout=60)
        assert re.search("note: ended what the dead run vpcache-test-[0-9a-f]+ left here\n", said)
        wait_until_gone(processes)
        assert living_lab.status().running
        assert len(list((tmp_path / "runs").glob("vpcache-test-*"))) == 1
    finally:
        living.send_signal(signal.SIGINT)
        living.communicate(timeout=60)
        killed_lab.stop()
    assert not living_lab.status().running
