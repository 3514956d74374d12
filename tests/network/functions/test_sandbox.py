"""What a function process sees, and what the platform does with its failures."""

from __future__ import annotations

import json
import re
import sys
import time
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

from tests.support.network.functions import (
    ARN,
    SPEC,
    RuntimeHarness,
    bundle,
    event_of,
    failure,
    function_processes,
    log,
    wait_until,
)
from tests.support.network.isolation import command_lines, isolated
from vpcache.lab.services.dns import Resolver


@isolated
def test_handler_receives_event_and_returns_result(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    event = {"value": "event['nested']", "nested": {"text": "ü", "large": "x" * 5_000_000, "none": None}}
    answer = harness.runtime.invoke(SPEC, event_of(event))
    assert answer.error is None
    assert json.loads(answer.payload) == event["nested"]


@isolated
def test_context_describes_the_invocation(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    value = (
        "[context.aws_request_id, context.invoked_function_arn, context.get_remaining_time_in_millis(),"
        " os.environ['_X_AMZN_TRACE_ID'], context.memory_limit_in_mb, context.log_stream_name]"
    )
    answer = harness.call(value=value)
    request_id, arn, left, trace, memory, stream = json.loads(answer.payload)
    assert (request_id, arn, memory, stream) == (answer.request_id, ARN, "128", answer.log_stream)
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)
    numbered = replace(SPEC, version="3")
    value = "[context.function_version, context.invoked_function_arn, context.client_context.custom]"
    event = event_of({"value": value}, function_arn=f"{ARN}:live", client_context='{"custom": {"a": "b"}}')
    assert json.loads(harness.runtime.invoke(numbered, event).payload) == ["3", f"{ARN}:live", {"a": "b"}]
    assert len(function_processes()) == 2  # a version is no later state of $LATEST
    assert 9_000 < left <= 10_000
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0", trace)


@isolated
def test_function_uses_the_resolver_of_its_vpc(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    resolver = Resolver(harness.namespaces, "eni-1", IPv4Address("10.0.0.2"))
    resolver.update({"kv.example": (IPv4Address("10.0.0.77"),)}.get)
    assert harness.value("socket.gethostbyname('kv.example')") == "10.0.0.77"
    assert harness.value("socket.gethostbyname('localhost')") == "127.0.0.1"
    assert failure(harness.call(value="socket.gethostbyname('none.example')"))[0] == "gaierror"


@isolated
def test_function_file_system_is_awss_and_isolated(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    assert harness.value("open('/etc/resolv.conf').read()") == "nameserver 10.0.0.2\n"
    assert harness.value("os.getcwd(), sorted(os.listdir()), __file__") == [
        "/var/task",
        ["__pycache__", "app.py"],
        "/var/task/app.py",
    ]
    assert harness.value(
        "os.path.exists('/work'), os.path.exists('/run')", run=f"assert not os.path.exists('{tmp_path}')"
    )
    for path in ("/var/task/x", "/etc/x", "/usr/x", "/x"):
        assert failure(harness.call(run=f"open({path!r}, 'w')")) == (
            "OSError",
            f"[Errno 30] Read-only file system: {path!r}",
        )
    harness.call(run="open('/tmp/kept', 'w').write('yes')")
    assert harness.value("open('/tmp/kept').read()") == "yes"
    assert not Path("/tmp/kept").exists()
    assert harness.value("os.path.exists('/tmp/kept')", replace(SPEC, memory=129)) is False
    size = "(lambda each: each.f_frsize * each.f_blocks >> 20)(os.statvfs('/tmp'))"
    assert harness.value(size) == 512
    assert harness.value(size, replace(SPEC, ephemeral_storage=1024)) == 1024


@isolated
def test_function_has_no_privileges(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    status = dict(
        line.split(":\t", 1) for line in harness.value("open('/proc/self/status').read()").splitlines()
    )
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"
    assert harness.value("os.getsid(0) == os.getpid()") is True


@isolated
def test_function_imports_only_runtime_and_bundle_packages(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    for name in ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3", "simplejson"):
        assert harness.value(f"__import__('{name}').__name__") == name
    assert harness.value("[each for each in sys.path if 'packages' in each and os.path.exists(each)]") == []
    assert "pymemcache" in {entry.name for path in sys.path if path for entry in _entries(path)}
    broken = replace(SPEC, code_sha256="broken", code=bundle(app="import pymemcache"))
    answer = harness.call(broken)
    assert failure(answer) == (
        "Runtime.ImportModuleError",
        "Unable to import module 'app': No module named 'pymemcache'",
    )
    assert "[ERROR] Runtime.ImportModuleError" in log(answer)
    assert "Status: error\tError Type: Runtime.ImportModuleError" in log(answer)
    assert failure(harness.call(broken)) == failure(answer)
    assert function_processes() == set()


def _entries(path: str) -> list[Path]:
    return list(Path(path).iterdir()) if Path(path).is_dir() else []


@isolated
def test_process_survives_a_raised_exception(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    answer = harness.call(run="raise ValueError('no')")
    assert failure(answer) == ("ValueError", "no")
    assert "[ERROR] ValueError: no\nTraceback" in log(answer) and "Status:" not in log(answer)
    assert harness.value("served") == 2


@isolated
def test_function_is_killed_at_its_timeout(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    spec = replace(SPEC, timeout=1)
    harness.call(spec)
    before = function_processes()
    started = time.monotonic()
    answer = harness.call(spec, run="print('begun'); os.system('sleep 1000 & sleep 1000')")
    assert 1 <= time.monotonic() - started < 2
    assert failure(answer) == (
        "Sandbox.Timedout",
        f"RequestId: {answer.request_id} Error: Task timed out after 1.00 seconds",
    )
    assert re.search(rf"begun\n\S+Z {answer.request_id} Task timed out after 1\.00 seconds\n", log(answer))
    assert "Duration: 1000.00 ms\tBilled Duration: 1000 ms\t" in log(answer)
    assert log(answer).endswith("\tStatus: timeout\t\n")
    assert function_processes() == set() and before
    wait_until(lambda: not [line for line in command_lines().values() if b"sleep" in line])
    assert harness.value("served", spec) == 1


@isolated
def test_function_is_killed_above_its_memory_limit(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    harness.call()
    started = time.monotonic()
    answer = harness.call(run="b = bytearray(1 << 28); b[::4096] = b'x' * (1 << 16); time.sleep(5)")
    assert time.monotonic() - started < 3
    assert failure(answer) == (
        "Runtime.OutOfMemory",
        f"RequestId: {answer.request_id} Error: Runtime exited with error: signal: killed",
    )
    assert (
        "Memory Size: 128 MB\tMax Memory Used: 128 MB\tStatus: error\tError Type: Runtime.OutOfMemory"
        in log(answer)
    )
    assert function_processes() == set()
    assert harness.value("len(bytearray(1 << 26))") == 1 << 26


@isolated
def test_crash_has_awss_error_and_log(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    for run, reason in (
        ("os._exit(3)", "Runtime exited with error: exit status 3"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault"),
    ):
        answer = harness.call(run=f"print('last output', flush=True); {run}")
        message = f"RequestId: {answer.request_id} Error: {reason}"
        assert failure(answer) == ("Runtime.ExitError", message)
        assert f"last output\n{message}\nRuntime.ExitError\nEND RequestId: {answer.request_id}\n" in log(
            answer
        )
        assert "Status: error\tError Type: Runtime.ExitError\t" in log(answer)
    exits = replace(SPEC, code_sha256="exits", code=bundle(app="import os; os._exit(4)"))
    assert failure(harness.call(exits))[1].endswith("exit status 4")


@isolated
def test_log_has_awss_format_and_one_invocation(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    noise = "print('out'); print('err', file=sys.stderr); logging.getLogger().warning('warned');"
    noise += "print('x' * 200000)"  # more than a pipe holds
    cold, warm = harness.call(run=noise), harness.call(run="print('second')")
    number = r"\d+\.\d\d"
    assert re.fullmatch(
        rf"loading\nSTART RequestId: {cold.request_id} Version: \$LATEST\nout\nerr\n"
        rf"\[WARNING\]\t\S+Z\t{cold.request_id}\twarned\nx{{200000}}\nEND RequestId: {cold.request_id}\n"
        rf"REPORT RequestId: {cold.request_id}\tDuration: {number} ms\tBilled Duration: \d+ ms\t"
        rf"Memory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: {number} ms\t\n",
        log(cold),
    )
    assert re.fullmatch(
        rf"START .*\nsecond\nEND .*\nREPORT RequestId: {warm.request_id}\tDuration: {number} ms\t"
        rf"Billed Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\t\n",
        log(warm),
    )
    duration, billed, initial = (
        float(re.search(rf"{name}: (\S+) ms", log(cold))[1])  # type: ignore[index]
        for name in ("\tDuration", "Billed Duration", "Init Duration")
    )
    assert initial > 1 and abs(billed - duration - initial) <= 1.01


@isolated
def test_oversized_result_is_an_error_and_the_next_event_is_served(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    for _ in range(2):
        kind, message = failure(harness.call(value="'x' * (6 << 20) + 'y' * 200"))
        assert kind == "Function.ResponseSizeTooLarge" and "6291556 bytes" in message
        assert function_processes() == set()  # AWS's client ends when its answer is refused
    assert harness.value("served") == 1
