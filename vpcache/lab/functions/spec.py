"""The data that the control plane and the runtime of functions exchange."""

from __future__ import annotations

import hashlib
import secrets
import time
import uuid
from dataclasses import dataclass, field
from typing import Literal, Protocol

LATEST = "$LATEST"  # the unpublished version


@dataclass(frozen=True, slots=True)
class LogSettings:
    """A function's LoggingConfig, without the group; levels are of JSON logs only."""

    format: Literal["Text", "JSON"] = "Text"
    application_level: str = "INFO"
    system_level: str = "INFO"


@dataclass(frozen=True, slots=True)
class LayerCode:
    """The zip file of a layer; comparisons use its hash."""

    sha256: str  # base64
    code: bytes = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Temporary credentials."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)


class RoleSessions(Protocol):
    """Begins and ends sessions of execution roles, for several threads concurrently."""

    def begin(self, role_arn: str, function_name: str) -> Credentials:
        """Return new credentials for a function process."""
        ...

    def end(self, credentials: Credentials) -> None:
        """Revoke the credentials of a process that has ended."""
        ...


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One version of a function, complete enough to run it. Equal specs may share a warm process."""

    arn: str  # without version or alias
    name: str
    version: str  # "$LATEST" or a number
    code_sha256: str  # base64, as Lambda reports it
    code: bytes = field(repr=False, compare=False)  # the zip; comparisons use `code_sha256`
    handler: str
    runtime: str  # "python3.13"
    environment: tuple[tuple[str, str], ...]  # sorted by name
    timeout: int  # seconds
    memory: int  # MiB
    interface_ids: tuple[str, ...]  # one per subnet, sorted; empty outside a VPC
    log_group: str
    log_settings: LogSettings = LogSettings()
    ephemeral_storage: int = 512  # MiB of /tmp
    layers: tuple[LayerCode, ...] = ()  # extracted into /opt, the later over the earlier
    role: str = ""  # ARN of the execution role

    @property
    def runtime_version_arn(self) -> str:
        """The ARN of the runtime's version."""
        _, partition, _, region, *_ = self.arn.split(":")
        return runtime_version_arn(partition, region, self.runtime)


def runtime_version_arn(partition: str, region: str, runtime: str) -> str:
    """Return the ARN of the version of a runtime; its ID is opaque on AWS, too."""
    digest = hashlib.sha256(runtime.encode()).hexdigest()
    return f"arn:{partition}:lambda:{region}::runtime:{digest}"


def _trace_id() -> str:
    """Return an X-Ray trace header without sampling."""
    return f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0"


@dataclass(frozen=True, slots=True)
class Event:
    """One event for a function with its metadata; a retry has the same ones."""

    payload: bytes = field(repr=False)
    function_arn: str  # with the version or alias that the caller named, if any
    client_context: str | None = None  # JSON
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    trace_id: str = field(default_factory=_trace_id)


@dataclass(frozen=True, slots=True)
class LogEvent:
    """An event of a function's log stream; `timestamp` is in milliseconds since the epoch."""

    timestamp: int
    message: str  # with its line ends
    is_in_result: bool = True  # whether LogType=Tail returns it


@dataclass(frozen=True, slots=True)
class Invocation:
    """The result of one invocation."""

    payload: bytes  # the handler's answer, or the error document
    error: Literal["Unhandled"] | None  # the value of the X-Amz-Function-Error header
    log: tuple[LogEvent, ...] = field(repr=False)  # this invocation's, START, END and REPORT included
    log_stream: str  # of the process that ran it: "2025/01/31/[$LATEST]0123456789abcdef"
    request_id: str

    @property
    def log_result(self) -> str:
        """The log as LogType=Tail returns it, but complete."""
        return "".join(event.message for event in self.log if event.is_in_result)


class FunctionRunner(Protocol):
    """Runs functions, for several threads concurrently."""

    def check(self, function: FunctionSpec) -> None:
        """Raise NotImplementedError with the reason if functions of this kind are not supported."""
        ...

    def check_runtime(self, runtime: str) -> None:
        """Raise NotImplementedError with the remedy if this machine lacks the program of a runtime.

        What takes long to prepare for functions of the runtime may begin.
        """
        ...

    def invoke(self, function: FunctionSpec, event: Event) -> Invocation:
        """Run `function` once on `event` and wait for the result.

        A failure of the function (an exception, a timeout, too little memory, a crash) is an Invocation with
        an error; an exception means that the lab could not run the function.
        """
        ...

    def forget(self, function_arn: str, version: str) -> None:
        """End all processes of a deleted or changed version. Unknown functions are no error."""
        ...
