"""Signals that are deferred until the changes of a run are restored."""

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
    """The signals that a handler of SIGTERM receives."""
    signals = []
    previous = signal.signal(signal.SIGTERM, lambda number, _: signals.append(number))
    yield signals
    signal.signal(signal.SIGTERM, previous)


def test_pause_without_signal_lasts_its_time():
    with Deferred() as signals:
        started = time.monotonic()
        signals.pause(0.2)
        assert time.monotonic() - started >= 0.2
        signals.pause(-1)


def test_signal_ends_pause_and_is_raised_on_exit(caught):
    pid = os.getpid()
    with pytest.raises(InterruptedRunError, match="interrupted by SIGTERM"), Deferred() as signals:
        threading.Timer(0.1, os.kill, (pid, signal.SIGTERM)).start()
        try:
            signals.pause(60)
        finally:
            assert caught == []
            os.kill(pid, signal.SIGTERM)  # a second signal does not interrupt the restore
    assert caught == [signal.SIGTERM]


def test_signal_before_a_pause_is_not_lost(caught):
    with pytest.raises(InterruptedRunError), Deferred() as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        signals.pause(60)
    assert caught == [signal.SIGTERM]


def test_block_without_pause_completes(caught):
    with Deferred() as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        assert signals.received == [signal.SIGTERM]
    assert caught == [signal.SIGTERM]


@pytest.mark.parametrize("manager", ["Deferred", "Forwarding"])
def test_ignored_hangup_stays_ignored(manager):
    """A process under nohup survives the end of its terminal."""
    code = f"""
import os, signal
from vpcache.terraform.signals import {manager}
signal.signal(signal.SIGHUP, signal.SIG_IGN)
with {manager}() as signals:
    os.kill(os.getpid(), signal.SIGHUP)
print(signals.received)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
