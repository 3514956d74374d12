"""The log of one invocation: a process's records, and the events that the Lambda platform adds to them.

In the format Text, the platform's are the lines INIT_START, INIT_REPORT (of a failed initialization), START,
END and REPORT. In JSON they are documents, and both kinds of levels apply.

https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from vpcache.lab.functions.outcome import EXITED, TIMED_OUT, Init, Outcome
from vpcache.lab.functions.process_log import LogLevel, LogRecord, level_of
from vpcache.lab.functions.spec import Event, FunctionSpec, LogEvent
from vpcache.lab.functions.system_log import (
    Leveled,
    billed_ms,
    done,
    init_done,
    init_start,
    runtime_version,
    start,
)


def platform_log(
    function: FunctionSpec, event: Event, log_stream: str, outcome: Outcome
) -> tuple[LogEvent, ...]:
    """Return the log of one invocation in the format and with the levels of the function."""
    if function.log_settings.format == "Text":
        return tuple(_text_log(function, event.request_id, outcome))
    return tuple(_json_log(function, event, log_stream, outcome))


def _text_log(function: FunctionSpec, request_id: str, outcome: Outcome) -> Iterator[LogEvent]:
    for init in outcome.inits:
        if init.phase == "init":
            version = f"{runtime_version(function)}\tRuntime Version ARN: {function.runtime_version_arn}"
            yield _event(init.launched, f"INIT_START Runtime Version: {version}\n", is_in_result=False)
        yield from _events(init.log)
        if not init.is_successful:
            yield _event(init.ended, _init_report(init))
    yield _event(outcome.sent, f"START RequestId: {request_id} Version: {function.version}\n")
    yield from _events(outcome.log)
    yield from _failure(request_id, outcome)
    yield _event(outcome.ended, f"END RequestId: {request_id}\n")
    yield _event(outcome.ended, _report(request_id, function.memory, outcome))


def _json_log(function: FunctionSpec, event: Event, log_stream: str, outcome: Outcome) -> Iterator[LogEvent]:
    lowest = LogLevel[function.log_settings.system_level]

    def system(*events: Leveled) -> Iterator[LogEvent]:
        return (each for level, each in events if level >= lowest)

    for init in outcome.inits:
        if init.phase == "init":
            yield from system(init_start(function, log_stream, init))
        yield from _events(init.log, function)
        yield from system(*init_done(init))
    yield from system(start(function, event, outcome))
    yield from _events(outcome.log, function)
    yield from system(*done(function, event, outcome))


def _events(records: Iterable[LogRecord], function: FunctionSpec | None = None) -> Iterator[LogEvent]:
    """Return the records as events, only those of the level of `function`, if set."""
    lowest = LogLevel[function.log_settings.application_level] if function else None
    for record in records:
        if lowest is None or level_of(record) >= lowest:
            yield _event(record.time, record.message)


def _failure(request_id: str, outcome: Outcome) -> Iterator[LogEvent]:
    if outcome.failure == TIMED_OUT:
        ended = datetime.fromtimestamp(outcome.ended, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        message = f"{ended}Z {request_id} Task timed out after {outcome.duration:.2f} seconds\n\n"
        yield _event(outcome.ended, message)
    elif outcome.failure == EXITED:
        message = json.loads(outcome.payload)["errorMessage"]
        yield _event(outcome.ended, f"{message}\n{outcome.failure}\n")


def _event(moment: float, message: str, is_in_result: bool = True) -> LogEvent:
    return LogEvent(int(moment * 1000), message, is_in_result)


def _init_report(init: Init) -> str:
    fields = [f"INIT_REPORT Init Duration: {init.duration * 1000:.2f} ms", f"Phase: {init.phase}"]
    return "\t".join([*fields, *_status(init.failure)]) + "\n"


def _status(failure: str | None) -> list[str]:
    if failure == TIMED_OUT:
        return ["Status: timeout"]
    return ["Status: error", f"Error Type: {failure}"] if failure else []


def _report(request_id: str, memory: int, outcome: Outcome) -> str:
    fields = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {outcome.duration * 1000:.2f} ms",
        f"Billed Duration: {billed_ms(outcome)} ms",
        f"Memory Size: {memory} MB",
        f"Max Memory Used: {outcome.memory} MB",
    ]
    if outcome.init_duration is not None:
        fields.append(f"Init Duration: {outcome.init_duration * 1000:.2f} ms")
    return "\t".join([*fields, *_status(outcome.failure), "\n"])
