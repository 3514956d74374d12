"""The Lambda platform's events in a function's log of the format JSON, each with its level.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from vpcache.lab.functions.outcome import TIMED_OUT, Init, Outcome
from vpcache.lab.functions.process_log import LogLevel
from vpcache.lab.functions.spec import Event, FunctionSpec, LogEvent

Leveled = tuple[LogLevel, LogEvent]

_ON_DEMAND = {"initializationType": "on-demand"}


def init_start(function: FunctionSpec, log_stream: str, init: Init) -> Leveled:
    """Return the event at the start of a process."""
    day, _, instance = log_stream.rpartition("/")
    record = {
        **_ON_DEMAND,
        "phase": init.phase,
        "runtimeVersion": runtime_version(function),
        "runtimeVersionArn": function.runtime_version_arn,
        "functionName": function.name,
        "functionVersion": function.version,
        "instanceId": f"{day}/{function.name}{instance}",
        "instanceMaxMemory": function.memory << 20,
    }
    return LogLevel.INFO, _event(init.launched, "initStart", record, is_in_result=False)


def init_done(init: Init) -> Iterator[Leveled]:
    """Return the events at the end of a process's initialization."""
    level = LogLevel.DEBUG if init.is_successful else LogLevel.WARN
    record = {**_ON_DEMAND, "phase": init.phase, **_status(init.failure, has_failed=not init.is_successful)}
    yield level, _event(init.ended, "initRuntimeDone", record)
    metrics = {"durationMs": _milliseconds(init.duration)}
    yield level, _event(init.ended, "initReport", {**record, "metrics": metrics})


def start(function: FunctionSpec, event: Event, outcome: Outcome) -> Leveled:
    """Return the event at the start of an invocation."""
    record = {
        "requestId": event.request_id,
        "functionArn": event.function_arn,
        "version": function.version,
    }
    return LogLevel.INFO, _event(outcome.sent, "start", record)


def done(function: FunctionSpec, event: Event, outcome: Outcome) -> Iterator[Leveled]:
    """Return the events at the end of an invocation."""
    has_failed = outcome.is_error
    status = _status(outcome.failure, has_failed=has_failed)
    duration = _milliseconds(outcome.duration)
    record = {
        "requestId": event.request_id,
        **status,
        "metrics": {"durationMs": duration, "producedBytes": len(outcome.payload)},
    }
    level = LogLevel.WARN if has_failed else LogLevel.DEBUG
    yield level, _event(outcome.ended, "runtimeDone", record)
    metrics: dict[str, float] = {
        "durationMs": duration,
        "billedDurationMs": billed_ms(outcome),
        "memorySizeMB": function.memory,
        "maxMemoryUsedMB": outcome.memory,
    }
    if outcome.init_duration is not None:
        metrics["initDurationMs"] = _milliseconds(outcome.init_duration)
    record = {"requestId": event.request_id, "metrics": metrics, **status}
    level = LogLevel.WARN if has_failed else LogLevel.INFO
    yield level, _event(outcome.ended, "report", record)


def runtime_version(function: FunctionSpec) -> str:
    """Return the version of the function's runtime, as "python:3.13.v1": the lab has one of each runtime."""
    name = function.runtime.rstrip("0123456789.x")
    return f"{name}:{function.runtime.removeprefix(name)}.v1"


def billed_ms(outcome: Outcome) -> int:
    """Return the milliseconds that AWS bills, rounded up; since August 2025 they include the init phase."""
    return math.ceil((outcome.duration + (outcome.init_duration or 0)) * 1000)


def _status(failure: str | None, *, has_failed: bool) -> dict[str, str]:
    if failure == TIMED_OUT:
        return {"status": "timeout"}
    if failure:
        return {"status": "error", "errorType": failure}
    return {"status": "error" if has_failed else "success"}


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _event(moment: float, name: str, record: dict[str, Any], is_in_result: bool = True) -> LogEvent:
    time = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    document = {"time": time, "type": f"platform.{name}", "record": record}
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return LogEvent(int(moment * 1000), text + "\n", is_in_result)
