"""Signals that are for a process started here, one that has to tidy up before it ends."""

from __future__ import annotations

import signal
import subprocess
import threading
from typing import Any

_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Forwarding:
    """While in here, the first SIGINT, SIGTERM or SIGHUP goes to a process as SIGINT.

    It is kept for the process if that is not known yet, and no second one follows. Start the process with a
    session of its own, so that a terminal's Ctrl-C does not reach it too. Only the main thread can catch
    signals; in another one this does nothing.
    """

    def __init__(self) -> None:
        self.came: list[signal.Signals] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Forwarding:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._forward) for number in _FORWARDED}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def forward_to(self, process: subprocess.Popen[bytes]) -> None:
        """Send SIGINT to `process` if a signal came, or when the first comes."""
        self._process = process
        if self.came:
            process.send_signal(signal.SIGINT)

    def _forward(self, number: int, _frame: object) -> None:
        self.came.append(signal.Signals(number))
        if self._process is not None and len(self.came) == 1:
            self._process.send_signal(signal.SIGINT)
