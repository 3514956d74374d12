"""Signals that wait until what a run changed is restored."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from vpcache.errors import InterruptedRunError
from vpcache.terraform.signals import Deferred


@pytest.fixture
def caught():
    """Catch SIGTERM as the process's own handler would."""
    signals = []
    before = signal.signal(signal.SIGTERM, lambda number, _: signals.append(number))
    yield signals
    signal.signal(signal.SIGTERM, before)


def test_pause_lasts_as_long_as_no_signal_comes():
    with Deferred() as signals:
        started = time.monotonic()
        signals.pause(0.2)
        assert time.monotonic() - started >= 0.2
        signals.pause(-1)


def test_signal_ends_a_pause_and_is_raised_again_after_the_block(caught):
    me = os.getpid()
    with pytest.raises(InterruptedRunError, match="interrupted by SIGTERM"), Deferred() as signals:
        threading.Timer(0.1, os.kill, (me, signal.SIGTERM)).start()
        try:
            signals.pause(60)
        finally:
            assert caught == []
            os.kill(me, signal.SIGTERM)  # an impatient user's second one does not end the restore
    assert caught == [signal.SIGTERM]


def test_signal_before_a_pause_is_not_lost(caught):
    with pytest.raises(InterruptedRunError), Deferred() as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        signals.pause(60)
    assert caught == [signal.SIGTERM]


def test_block_without_a_pause_runs_to_its_end(caught):
    with Deferred() as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        assert signals.came == [signal.SIGTERM]
    assert caught == [signal.SIGTERM]


@pytest.mark.parametrize("manager", ["Deferred", "Forwarding"])
def test_ignored_hangup_stays_ignored(manager):
    """What runs under nohup survives its terminal."""
    code = f"""
import os, signal
from vpcache.terraform.signals import {manager}
signal.signal(signal.SIGHUP, signal.SIG_IGN)
with {manager}() as signals:
    os.kill(os.getpid(), signal.SIGHUP)
print(signals.came)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
