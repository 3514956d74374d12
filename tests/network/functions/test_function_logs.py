"""The log events of real function processes, in both formats."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.support.network.functions import ARN, SPEC, RuntimeHarness, bundle, log
from tests.support.network.isolation import isolated
from vpcache.lab.functions.spec import Invocation, LogSettings

JSON_SPEC = replace(SPEC, log_settings=LogSettings("JSON"))


def messages(answer: Invocation) -> list[str]:
    """Return the events' messages, without numbers that change."""
    return [re.sub(r"\d+\.\d+|[0-9a-f]{64}|[0-9a-f-]{36}", "#", event.message) for event in answer.log]


@isolated
def test_events_have_line_ends_and_begin_with_init_start(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    run = "print('one'); print('two\\rthree'); print('no end', end='')"
    first, second = (harness.call(run=run) for _ in range(2))
    arn = "arn:aws:lambda:us-east-1::runtime:#"
    lines = ["START RequestId: # Version: $LATEST\n", "one\n", "two\rthree\n", "no end", "END RequestId: #\n"]
    assert messages(first)[:-1] == [
        f"INIT_START Runtime Version: python:#.v1\tRuntime Version ARN: {arn}\n",
        "loading\n",
        *lines,
    ]
    assert messages(second)[:-1] == lines
    assert messages(second)[-1].startswith("REPORT RequestId: #\tDuration: # ms\t")
    assert messages(second)[-1].endswith(" MB\t\n")
    times = [event.timestamp for event in first.log]
    assert times == sorted(times)
    assert log(first).startswith("loading\nSTART ")  # as LogType=Tail returns it


@isolated
def test_record_of_logging_is_one_event(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    run = "try: 1/0\nexcept Exception: logging.exception('boom')\nprint('{\"metric\": 1}')\n"
    run += "logging.warning('a\\nb', stack_info=True)\nprint('last')\nraise ValueError('no\\nway')"
    answer = harness.call(run=run)
    *_, boom, metric, warning, last, raised, end, _ = messages(answer)
    assert boom.startswith("[ERROR]\t") and "\tboom\nTraceback (most recent call last):\n" in boom
    assert boom.endswith("ZeroDivisionError: division by zero")
    assert metric == '{"metric": 1}\n' and last == "last\n"
    assert "\ta\nb\n" in warning and "Stack (most recent call last):" in warning
    assert raised.startswith("[ERROR] ValueError: no\nway\nTraceback (most recent call last):\n")
    assert end == "END RequestId: #\n"
    assert "division by zero" in log(answer) and "_LAMBDA_TELEMETRY_LOG_FD" not in harness.value(
        "list(os.environ)"
    )


@isolated
def test_failed_initialization_is_logged_before_start(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    exits = replace(
        SPEC, code_sha256="exits", code=bundle(app="import os; print('x', flush=True); os._exit(4)")
    )
    init, *log, end, report = messages(harness.call(exits))
    assert init.startswith("INIT_START ") and end.startswith("END ")
    report_of_init = "INIT_REPORT Init Duration: # ms\tPhase: {}\tStatus: error\tError Type: {}\n"
    assert log == [
        "x\n",
        report_of_init.format("init", "Runtime.ExitError"),
        "x\n",
        report_of_init.format("invoke", "Runtime.ExitError"),
        "START RequestId: # Version: $LATEST\n",
        "RequestId: # Error: Runtime exited with error: exit status 4\nRuntime.ExitError\n",
    ]
    assert "Init Duration" not in report and report.endswith("\tError Type: Runtime.ExitError\t\n")
    unknown = replace(SPEC, code_sha256="unknown", code=bundle(app="import unknown"))
    failed = messages(harness.call(unknown))
    error = "Runtime.ImportModuleError"
    reports = [each for each in failed if each.startswith("INIT_REPORT")]
    assert reports == [report_of_init.format(phase, error) for phase in ("init", "invoke")]
    assert sum(each.startswith(f"[ERROR] {error}") for each in failed) == 2


@isolated
def test_initialization_is_repeated_in_the_invocation(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    ready = time.time() + 3
    code = f"""
import os, time
print("loading")
if time.time() < {ready}:
    time.sleep({ready} - time.time())
    os._exit(1)
def handler(event, context):
    return "ran"
"""
    answer = harness.call(replace(SPEC, code_sha256="late", code=bundle(app=code)))
    assert answer.payload == b'"ran"' and answer.error is None
    assert [each.partition(" ")[0].strip() for each in messages(answer)] == [
        "INIT_START",
        "loading",
        "INIT_REPORT",
        "loading",
        "START",
        "END",
        "REPORT",
    ]
    assert "Init Duration" not in messages(answer)[-1]


@isolated
def test_initialization_has_ten_seconds_and_then_those_of_the_function(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    slow = replace(SPEC, code_sha256="slow", timeout=1, code=bundle(app="import time; time.sleep(60)"))
    answer = harness.call(slow)
    _, *log, _, report = messages(answer)
    assert log[:3] == [
        "INIT_REPORT Init Duration: # ms\tPhase: init\tStatus: timeout\n",
        "INIT_REPORT Init Duration: # ms\tPhase: invoke\tStatus: timeout\n",
        "START RequestId: # Version: $LATEST\n",
    ]
    assert re.fullmatch(r".*Z # Task timed out after # seconds\n\n", log[3])
    assert "Init Duration" not in report and "Duration: # ms" in report and report.endswith("timeout\t\n")
    durations = re.findall(r"Init Duration: (\d+)", "".join(event.message for event in answer.log))
    assert [round(int(each) / 1000) for each in durations] == [10, 1]


@isolated
def test_failed_initialization_has_documents_in_json_logs(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    unknown = replace(JSON_SPEC, code_sha256="unknown", code=bundle(app="import unknown"))
    events = [_parsed(event.message) for event in harness.call(unknown).log]
    initial = [each for each in events if str(each.get("type")).startswith("platform.init")]
    error = {"status": "error", "errorType": "Runtime.ImportModuleError"}
    types = ["platform.initStart", *["platform.initRuntimeDone", "platform.initReport"] * 2]
    assert [each["type"] for each in initial] == types
    assert [each["record"]["phase"] for each in initial] == ["init"] * 3 + ["invoke"] * 2
    assert all(error.items() <= each["record"].items() for each in initial[1:])
    assert "initDurationMs" not in events[-1]["record"]["metrics"]


@isolated
def test_json_format_has_documents_of_platform_and_code(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    run = "logging.getLogger().info('a\\nb'); logging.debug('no'); print('text')"
    run += '; print(\'{"level": "DEBUG"}\')'
    answer = harness.call(JSON_SPEC, run=run)
    init, loading, start, info, text, report = (event.message for event in answer.log)
    assert loading == "loading\n" and text == "text\n"
    day, _, instance = answer.log_stream.rpartition("/")
    record = document(init, "platform.initStart")
    assert record.pop("runtimeVersionArn").startswith("arn:aws:lambda:us-east-1::runtime:")
    assert record == {
        "initializationType": "on-demand",
        "phase": "init",
        "runtimeVersion": "python:3.11.v1",
        "functionName": "probe",
        "functionVersion": "$LATEST",
        "instanceId": f"{day}/probe{instance}",
        "instanceMaxMemory": 128 << 20,
    }
    request = {"requestId": answer.request_id}
    assert document(start, "platform.start") == request | {"functionArn": ARN, "version": "$LATEST"}
    logged = json.loads(info)
    assert {"level": "INFO", "message": "a\nb", **request}.items() <= logged.items()
    record = document(report, "platform.report")
    assert record["status"] == "success" and record["requestId"] == answer.request_id
    assert set(record["metrics"]) == {
        "durationMs", "billedDurationMs", "memorySizeMB", "maxMemoryUsedMB", "initDurationMs"
    }  # fmt: skip
    settings = "[os.environ[f'AWS_LAMBDA_LOG_{name}'] for name in ('FORMAT', 'LEVEL')]"
    assert harness.value(settings, JSON_SPEC) == ["JSON", "INFO"]
    assert harness.value("[name for name in os.environ if 'LAMBDA_LOG_FORMAT' in name]") == []


@isolated
def test_levels_of_json_logs_are_heeded(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    run = "logging.debug('debug'); logging.info('info'); logging.warning('warn'); print('text')"

    def types(spec_levels: tuple[str, str], failing: bool = False) -> list[str]:
        spec = replace(SPEC, log_settings=LogSettings("JSON", *spec_levels))
        raised = "; raise ValueError('no')" if failing else ""
        documents = (_parsed(event.message) for event in harness.call(spec, run=run + raised).log)
        return [each.get("type") or each.get("message") or each["errorType"] for each in documents]

    assert types(("WARN", "WARN")) == ["warn"]
    assert types(("ERROR", "WARN"), failing=True) == ["ValueError", "platform.runtimeDone", "platform.report"]
    assert types(("DEBUG", "DEBUG")) == [
        "platform.initStart",
        "loading",
        "platform.initRuntimeDone",
        "platform.initReport",
        "platform.start",
        "debug",
        "info",
        "warn",
        "text",
        "platform.runtimeDone",
        "platform.report",
    ]


@isolated
def test_failures_have_a_status_in_json_logs(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    quick = replace(JSON_SPEC, timeout=1)
    statuses = {}
    for run, spec in (("time.sleep(9)", quick), ("os._exit(3)", JSON_SPEC), ("1/0", JSON_SPEC)):
        record = document(harness.call(spec, run=run).log[-1].message, "platform.report")
        statuses[run] = record["status"], record.get("errorType")
    assert statuses == {
        "time.sleep(9)": ("timeout", None),
        "os._exit(3)": ("error", "Runtime.ExitError"),
        "1/0": ("error", None),
    }


def document(message: str, kind: str) -> dict[str, Any]:
    """Return the record of a platform event."""
    content = json.loads(message)
    assert content["type"] == kind
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", content["time"])
    return dict(content["record"])


def _parsed(message: str) -> dict[str, Any]:
    try:
        return dict(json.loads(message))
    except ValueError:
        return {"message": message.strip()}
