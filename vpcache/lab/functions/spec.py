"""What passes between the control plane, which knows functions, and the runtime, which runs them."""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass, field
from typing import Literal, Protocol

LATEST = "$LATEST"  # the version that can still change


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One version of a function, all that is needed to run it; equal specs may share a warm worker."""

    arn: str  # without version or alias
    name: str
    version: str  # "$LATEST" or a number
    code_sha256: str  # base64, as Lambda reports it
    code: bytes = field(repr=False, compare=False)  # the zip; `code_sha256` stands for it in comparisons
    handler: str
    runtime: str  # "python3.13"
    environment: tuple[tuple[str, str], ...]  # sorted by name
    timeout: int  # seconds
    memory: int  # MiB
    interface_ids: tuple[str, ...]  # one per subnet, sorted; empty outside a VPC
    log_group: str


def _trace_id() -> str:
    """Return an X-Ray header that asks for no sampling."""
    return f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0"


@dataclass(frozen=True, slots=True)
class Event:
    """One event for a function and what goes with it, the same whenever it is tried again."""

    payload: bytes = field(repr=False)
    function_arn: str  # with the version or alias that the caller named, if any
    client_context: str | None = None  # JSON
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    trace_id: str = field(default_factory=_trace_id)


@dataclass(frozen=True, slots=True)
class Invocation:
    """What one invocation came to."""

    payload: bytes  # the handler's answer, or the error document
    error: Literal["Unhandled"] | None  # the value of the X-Amz-Function-Error header
    log: bytes = field(repr=False)  # this invocation's lines, START, END and REPORT included
    log_stream: str  # of the worker that ran it: "2025/01/31/[$LATEST]0123456789abcdef"
    request_id: str


class FunctionRunner(Protocol):
    """Runs functions. Called from many threads at once."""

    def check(self, function: FunctionSpec) -> None:
        """Raise NotImplementedError, which says why, if functions of this kind cannot be run."""
        ...

    def invoke(self, function: FunctionSpec, event: Event) -> Invocation:
        """Run `function` once on `event` and wait for it.

        Whatever the function does (raise, time out, run out of memory, die) is an Invocation with an
        error; an exception means that the lab could not run it.
        """
        ...

    def forget(self, function_arn: str, version: str) -> None:
        """End every worker of this version: it was deleted or changed. Unknown functions are no error."""
        ...
