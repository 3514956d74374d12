"""A lab in the foreground: the command of a container, which ends when its first process does."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from vpcache.errors import VpcacheError
from vpcache.lab.client import Lab

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class _StopRequest(BaseException):
    """A signal asks for the end of the lab."""


@contextmanager
def stopped_by_signals(lab: Lab) -> Iterator[None]:
    """Stop `lab` and end the `with` block on SIGTERM, SIGINT and SIGHUP."""
    for number in _SIGNALS:
        signal.signal(number, _raise_stop_request)
    try:
        yield
    except _StopRequest:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        lab.stop()
        print(f"the lab at {lab.endpoint} was stopped", flush=True)


def wait_for_end(lab: Lab, pid: int) -> None:
    """Wait for the end of the lab whose first process is `pid`, and raise VpcacheError when it has ended."""
    process = os.pidfd_open(pid)
    try:
        select.select([process], [], [])
    finally:
        os.close(process)
    raise VpcacheError(f"the lab at {lab.endpoint} ended, and its stacks with it")


def _raise_stop_request(*_: object) -> None:
    raise _StopRequest
