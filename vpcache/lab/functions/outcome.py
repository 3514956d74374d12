"""How a function process is started, and what comes of an event that it served."""

from __future__ import annotations

from dataclasses import dataclass

from vpcache.lab.functions.process_log import LogRecord

TIMED_OUT = "Sandbox.Timedout"
EXITED = "Runtime.ExitError"


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a function process; `memory` is in MB, `timeout` in seconds.

    The environment of the command has AWS_LAMBDA_RUNTIME_API and nothing else.
    """

    command: tuple[str, ...]
    memory: int
    timeout: float


@dataclass(frozen=True, slots=True)
class Init:
    """The initialization of a process: what it logged, and how long it took if it ended."""

    launched: float  # in seconds since the epoch
    log: tuple[LogRecord, ...]
    duration: float | None  # in seconds
    is_successful: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an event. `duration` is in seconds, `memory` is the process's peak in MB.

    `failure` is the error type if the handler could not answer; an exception that it raised is an answer.
    `sent` and `ended` are when the event and the answer came, in seconds since the epoch.
    """

    payload: bytes
    is_error: bool
    failure: str | None
    log: tuple[LogRecord, ...]  # since `sent`
    sent: float
    ended: float
    duration: float
    memory: int
    init: Init | None  # None if the process had served before

    @property
    def init_duration(self) -> float | None:
        """The duration of the initialization in seconds, if this event waited for it."""
        return self.init.duration if self.init else None
