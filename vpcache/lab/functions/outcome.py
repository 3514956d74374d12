"""How a function process is started, and what comes of an event that it served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vpcache.lab.functions.process_log import LogRecord

TIMED_OUT = "Sandbox.Timedout"
EXITED = "Runtime.ExitError"
Phase = Literal["init", "invoke"]


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a function process; `memory` is in MB, `timeout` in seconds.

    `phase` is that of the initialization: "invoke" repeats one that failed, as a part of the invocation.

    The environment of the command has AWS_LAMBDA_RUNTIME_API and nothing else.
    """

    command: tuple[str, ...]
    memory: int
    timeout: float
    phase: Phase = "init"


@dataclass(frozen=True, slots=True)
class Init:
    """The initialization of a process: what it logged, how long it took, and its error type if it failed.

    `launched` and `ended` are in seconds since the epoch, `duration` is in seconds.
    """

    phase: Phase
    launched: float
    ended: float
    log: tuple[LogRecord, ...]
    duration: float
    failure: str | None

    @property
    def is_successful(self) -> bool:
        """Whether the process was ready for an event."""
        return self.failure is None


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
    inits: tuple[Init, ...] = ()  # none if the process had served before; two if the first one failed

    @property
    def has_failed_init(self) -> bool:
        """Whether the process was not ready for the event."""
        return bool(self.inits) and not self.inits[-1].is_successful

    @property
    def init_duration(self) -> float | None:
        """The duration of the init phase in seconds, if this event waited for it."""
        return self.inits[0].duration if self.inits and self.inits[0].is_successful else None
