"""Signals that end a run: passed on to a process, or kept until what the run changed is restored."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
from collections.abc import Callable
from typing import Any

from vpcache.errors import InterruptedRunError

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


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
        self._before = _handle_with(self._forward)
        return self

    def __exit__(self, *_: object) -> None:
        _reset(self._before)

    def forward_to(self, process: subprocess.Popen[bytes]) -> None:
        """Send SIGINT to `process` if a signal came, or when the first comes."""
        self._process = process
        if self.came:
            process.send_signal(signal.SIGINT)

    def _forward(self, number: int, _frame: object) -> None:
        self.came.append(signal.Signals(number))
        if self._process is not None and len(self.came) == 1:
            self._process.send_signal(signal.SIGINT)


class Deferred:
    """While in here, SIGINT, SIGTERM and SIGHUP interrupt `pause` only; at the end the first is raised again.

    So a block that changes something and restores it is never left in between, and the process ends as its
    caller expects of that signal. Only the main thread can catch signals; in another one this does nothing.
    """

    def __init__(self) -> None:
        self.came: list[signal.Signals] = []
        self._before: dict[signal.Signals, Any] = {}
        self._reader, self._writer = -1, -1

    def __enter__(self) -> Deferred:
        self._reader, self._writer = os.pipe()
        self._before = _handle_with(self._defer)
        return self

    def __exit__(self, *_: object) -> None:
        _reset(self._before)
        os.close(self._reader)
        os.close(self._writer)
        if self.came:
            signal.raise_signal(self.came[0])

    def pause(self, seconds: float) -> None:
        """Wait. Raises InterruptedRunError as soon as a signal comes, or if one came before."""
        select.select([self._reader], [], [], max(0.0, seconds))
        if self.came:
            raise InterruptedRunError(f"interrupted by {self.came[0].name}")

    def _defer(self, number: int, _frame: object) -> None:
        if not self.came:
            os.write(self._writer, b".")
        self.came.append(signal.Signals(number))


def _handle_with(handler: Callable[[int, object], None]) -> dict[signal.Signals, Any]:
    """Handle the signals that end a process; return their handlers before. nohup's stay ignored."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    ending = [number for number in _ENDING if signal.getsignal(number) is not signal.SIG_IGN]
    return {number: signal.signal(number, handler) for number in ending}


def _reset(handlers: dict[signal.Signals, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)
