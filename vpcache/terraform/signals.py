"""Termination signals of a run: forwarded to a subprocess, or deferred until its changes are restored."""

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
    """A context that forwards the first SIGINT, SIGTERM or SIGHUP to a subprocess as SIGINT.

    A signal before `forward_to` is forwarded later; further signals are not forwarded. Start the subprocess
    in its own session, so that a terminal's Ctrl-C does not reach it directly. Only the main thread can
    handle signals: in other threads this does nothing.
    """

    def __init__(self) -> None:
        self.received: list[signal.Signals] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Forwarding:
        self._before = _handle_with(self._forward)
        return self

    def __exit__(self, *_: object) -> None:
        _reset(self._before)

    def forward_to(self, process: subprocess.Popen[bytes]) -> None:
        """Send SIGINT to `process` on the first signal, or now if a signal was received before."""
        self._process = process
        if self.received:
            process.send_signal(signal.SIGINT)

    def _forward(self, number: int, _frame: object) -> None:
        self.received.append(signal.Signals(number))
        if self._process is not None and len(self.received) == 1:
            self._process.send_signal(signal.SIGINT)


class Deferred:
    """A context in which SIGINT, SIGTERM and SIGHUP only interrupt `pause`; the first is raised on exit.

    A block that changes and restores something always completes, and the process then ends as expected for
    that signal. Only the main thread can handle signals: in other threads this does nothing.
    """

    def __init__(self) -> None:
        self.received: list[signal.Signals] = []
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
        if self.received:
            signal.raise_signal(self.received[0])

    def pause(self, seconds: float) -> None:
        """Wait. Raises InterruptedRunError as soon as a signal arrives, or if one arrived before."""
        select.select([self._reader], [], [], max(0.0, seconds))
        if self.received:
            raise InterruptedRunError(f"interrupted by {self.received[0].name}")

    def _defer(self, number: int, _frame: object) -> None:
        if not self.received:
            os.write(self._writer, b".")
        self.received.append(signal.Signals(number))


def _handle_with(handler: Callable[[int, object], None]) -> dict[signal.Signals, Any]:
    """Install a handler for the termination signals and return the previous handlers.

    Signals that are ignored, e.g. under nohup, stay ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}
    ending = [number for number in _ENDING if signal.getsignal(number) is not signal.SIG_IGN]
    return {number: signal.signal(number, handler) for number in ending}


def _reset(handlers: dict[signal.Signals, Any]) -> None:
    for number, handler in handlers.items():
        signal.signal(number, handler)
