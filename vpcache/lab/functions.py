"""What passes between the control plane, which knows functions, and the runtime, which runs them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol


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


@dataclass(frozen=True, slots=True)
class Invocation:
    """What one invocation came to."""

    payload: bytes  # the handler's answer, or the error document
    error: Literal["Unhandled"] | None  # the value of the X-Amz-Function-Error header
    log: bytes = field(repr=False)  # this invocation's lines, START, END and REPORT included
    log_stream: str  # of the worker that ran it: "2025/01/31/[$LATEST]0123456789abcdef"
    request_id: str
    duration_ms: float
    billed_ms: int
    max_memory_mib: int


class FunctionRunner(Protocol):
    """Runs functions. Called from many threads at once."""

    def invoke(self, function: FunctionSpec, payload: bytes) -> Invocation:
        """Run `function` once on `payload` and wait for it.

        Whatever the function does (raise, time out, run out of memory, die) is an Invocation with an
        error; an exception means that the lab could not run it, and the caller gets a 500.
        """
        ...

    def forget(self, function_arn: str) -> None:
        """End every worker of this function: it was deleted or changed. Unknown functions are no error."""
        ...
