"""Functions in JavaScript: real processes of the host's Node.js under the client of the Runtime API."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.network.functions import SPEC, RuntimeHarness, event_of, log, zip_of
from tests.support.network.isolation import isolated
from vpcache.lab.functions.node.installation import installed_node
from vpcache.lab.functions.spec import FunctionSpec, Invocation, LogSettings

NODE = installed_node()
pytestmark = pytest.mark.skipif(NODE is None, reason="Node.js is not installed")
RUNTIME = f"nodejs{NODE.major if NODE else 22}.x"
HAS_CALLBACKS = NODE is not None and NODE.major < 24
with_callbacks = pytest.mark.skipif(not HAS_CALLBACKS, reason="Node.js 24 has no callbacks")

EVALUATED = """
let served = 0;
console.log("loading");
exports.handler = async (event, context) => {
  served += 1;
  return eval(event.value);
};
"""


def javascript(
    code: str, name: str = "index.js", handler: str = "index.handler", **changes: Any
) -> FunctionSpec:
    spec = replace(SPEC, runtime=RUNTIME, handler=handler, memory=256, **changes)
    return replace(spec, code=zip_of({name: code}), code_sha256=str(hash(code)))


def call(work: Path, spec: FunctionSpec, event: Any = None) -> Invocation:
    return RuntimeHarness(work).runtime.invoke(spec, event_of(event))


def error(answer: Invocation) -> tuple[str, str]:
    assert answer.error == "Unhandled"
    document = json.loads(answer.payload)
    return document["errorType"], document["errorMessage"]


@isolated
def test_javascript_process_is_warm_and_has_awss_context(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    spec = javascript(EVALUATED)
    assert [harness.value("served", spec) for _ in range(3)] == [1, 2, 3]
    context = harness.value("({...context, left: context.getRemainingTimeInMillis()})", spec)
    assert 9000 < context.pop("left") <= 10000
    assert context.pop("awsRequestId") and context.pop("logStreamName")
    assert context.pop("callbackWaitsForEmptyEventLoop", True)
    assert context == {
        "functionName": "probe",
        "functionVersion": "$LATEST",
        "memoryLimitInMB": "256",
        "logGroupName": "/aws/lambda/probe",
        "invokedFunctionArn": SPEC.arn,
    }


@isolated
def test_javascript_process_has_the_sandbox_of_all_runtimes(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    spec = javascript(EVALUATED)
    variables = harness.value("process.env", spec)
    assert variables["AWS_EXECUTION_ENV"] == f"AWS_Lambda_{RUNTIME}"
    assert variables["NODE_PATH"].startswith("/opt/nodejs/node") and "PYTHONPATH" not in variables
    assert not {"_LAB_RUNTIME_API_FD", "_LAMBDA_TELEMETRY_LOG_FD"} & variables.keys()
    assert variables["COLOUR"] == "green" and variables["_X_AMZN_TRACE_ID"].startswith("Root=1-")
    assert harness.value("[process.getuid(), process.cwd(), process.execPath]", spec)[:2] == [
        993,
        "/var/task",
    ]
    assert harness.value("require('fs').readFileSync(process.env.NODE_EXTRA_CA_CERTS, 'utf8')", spec) == (
        "the lab's certificate"
    )
    readonly = (
        "(() => { try { require('fs').writeFileSync('/var/task/a', '') } catch (e) { return e.code } })()"
    )
    assert harness.value(readonly, spec) == "EROFS"


@isolated
def test_console_has_awss_formats_and_levels(tmp_path: Path) -> None:
    code = """
    exports.handler = async () => {
      console.log("one %s", "two\\nthree", {a: 1});
      console.debug("four");
      console.error(new TypeError("no"));
      process.stdout.write("raw\\n");
    };"""
    answer = call(tmp_path, javascript(code))
    lines = [line.message.split("\t") for line in answer.log if "\t" in line.message][1:-1]
    assert [(each[1] == answer.request_id, each[2]) for each in lines] == [
        (True, "INFO"),
        (True, "DEBUG"),
        (True, "ERROR"),
    ]
    assert lines[0][3] == "one two\nthree { a: 1 }\n" and lines[2][3].startswith("TypeError: no\n    at ")
    assert "raw\n" in log(answer)


@isolated
def test_console_writes_json_logs_of_the_level(tmp_path: Path) -> None:
    code = """
    exports.handler = async () => {
      console.debug("hidden");
      console.info({a: 1});
      console.warn("failed:", new TypeError("no"));
    };"""
    answer = call(tmp_path, javascript(code, log_settings=LogSettings("JSON", "INFO", "WARN")))
    first, second = (json.loads(event.message) for event in answer.log)
    assert first.items() >= {"level": "INFO", "requestId": answer.request_id, "message": {"a": 1}}.items()
    assert second["level"] == "WARN" and second["message"].startswith("failed: TypeError: no")
    assert (second["errorType"], second["errorMessage"]) == ("TypeError", "no")


@isolated
@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("exports.handler = async () => { throw new RangeError('no') }", "RangeError", "no"),
        ("exports.handler = () => { throw new RangeError('no') }", "RangeError", "no"),
        ("exports.handler = async () => { throw 'text' }", "string", "text"),
        ("exports.handler = async () => ({a: 1n})", "Runtime.JSONStringifyError", "Unable to stringify"),
        ("exports.other = 1", "Runtime.HandlerNotFound", "index.handler is undefined or not exported"),
        ("exports.handler = 1", "Runtime.HandlerNotFound", "index.handler is not a function"),
        ("exports.handler = (", "Runtime.UserCodeSyntaxError", "SyntaxError: "),
        ("require('absent')", "Runtime.ImportModuleError", "Error: Cannot find module 'absent'"),
        ("throw new TypeError('init')", "TypeError", "init"),
        ("exports.handler = async () => { process.exit(3) }", "Runtime.ExitError", "exit status 3"),
    ],
)
def test_failure_of_javascript_has_awss_type_and_message(
    tmp_path: Path, code: str, kind: str, message: str
) -> None:
    answer = call(tmp_path, javascript(code))
    actual = error(answer)
    assert actual[0] == kind and message in actual[1]


@isolated
def test_unhandled_rejection_fails_the_event_and_the_process(tmp_path: Path) -> None:
    code = """
    exports.handler = async () => {
      Promise.reject(new Error("no"));
      await new Promise((resolve) => setTimeout(resolve, 5000));
    };"""
    if not HAS_CALLBACKS:
        assert error(call(tmp_path, javascript(code)))[0] == "Runtime.ExitError"
        return
    answer = call(tmp_path, javascript(code))
    assert error(answer) == ("Runtime.UnhandledPromiseRejection", "Error: no")
    assert "\tERROR\tUnhandled Promise Rejection \t{" in log(answer)


@isolated
@with_callbacks
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("exports.handler = (event, context, callback) => callback(null, 1)", 1),
        ("exports.handler = (event, context) => context.succeed(2)", 2),
        ("exports.handler = (event, context) => context.done(null, 3)", 3),
        ("exports.handler = () => 4", None),
        (
            "let n = 0; exports.handler = (e, c, callback) => { setTimeout(() => { n = 5 }, 50);"
            " callback(null, {get n() { return n }, toJSON() { return n }}) }",
            5,
        ),
        (
            "exports.handler = (e, context, callback) => { context.callbackWaitsForEmptyEventLoop = false;"
            " setTimeout(() => {}, 60000); callback(null, 6) }",
            6,
        ),
        ("exports.handler = () => new Promise(() => {})", None),
    ],
)
def test_callback_handler_answers_when_its_event_loop_is_empty(
    tmp_path: Path, code: str, expected: Any
) -> None:
    harness = RuntimeHarness(tmp_path)
    spec = javascript(code)
    for _ in range(2):  # in a warm process too
        answer = harness.runtime.invoke(spec, event_of({}))
        assert (answer.error, json.loads(answer.payload)) == (None, expected)


@isolated
@with_callbacks
@pytest.mark.parametrize("code", ["callback(new Error('no'))", "context.fail(new Error('no'))"])
def test_error_of_a_callback_is_the_functions_error(tmp_path: Path, code: str) -> None:
    answer = call(tmp_path, javascript(f"exports.handler = (event, context, callback) => {{ {code} }}"))
    assert error(answer) == ("Error", "no")


@isolated
def test_es_module_in_a_folder_is_loaded(tmp_path: Path) -> None:
    code = "import 'node:fs'; const two = await Promise.resolve(2); export const run = async () => two;"
    spec = javascript(code, name="src/index.mjs", handler="src/index.run")
    assert json.loads(call(tmp_path, spec).payload) == 2


@isolated
def test_javascript_waits_for_events_without_running(tmp_path: Path) -> None:
    code = """
    let ticks = 0;
    exports.handler = async () => {
      const before = ticks;
      setInterval(() => { ticks += 1 }, 1).unref();
      return before;
    };"""
    harness = RuntimeHarness(tmp_path)
    spec = javascript(code)
    harness.runtime.invoke(spec, event_of({}))
    answer = harness.runtime.invoke(spec, event_of({}))
    assert json.loads(answer.payload) <= 1


@isolated
def test_large_events_and_answers_of_javascript_are_whole(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    text = "é" * 2_000_000
    spec = javascript(
        "exports.handler = async (event) => { console.log(event.slice(0, 300000)); return event }"
    )
    answer = harness.runtime.invoke(replace(spec, memory=512), event_of(text))
    assert json.loads(answer.payload) == text
    assert "é" * 300000 in log(answer)


@isolated
def test_large_heap_of_javascript_exceeds_the_memory(tmp_path: Path) -> None:
    code = "exports.handler = async () => { const kept = []; for (;;) kept.push(Buffer.alloc(1 << 20, 1)) }"
    assert error(call(tmp_path, javascript(code)))[0] == "Runtime.OutOfMemory"
