"""A lab in the foreground: the command of a container, which ends when its first process does."""

from __future__ import annotations

import os
import select
import signal

from vpcache.errors import VpcacheError
from vpcache.lab.client import Lab

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class _StopRequest(BaseException):
    """A signal asks for the end of the lab."""


def stay(lab: Lab, pid: int) -> None:
    """Wait for the end of the lab whose first process is `pid`. Stop it on SIGTERM, SIGINT and SIGHUP.

    Raises VpcacheError if the lab ends without a signal to this process.
    """
    process = os.pidfd_open(pid)
    try:
        for number in _SIGNALS:
            signal.signal(number, _raise_stop_request)
        select.select([process], [], [])
    except _StopRequest:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        lab.stop()
        print(f"the lab at {lab.endpoint} was stopped", flush=True)
        return
    finally:
        os.close(process)
    raise VpcacheError(f"the lab at {lab.endpoint} ended, and its stacks with it")


def _raise_stop_request(*_: object) -> None:
    raise _StopRequest
