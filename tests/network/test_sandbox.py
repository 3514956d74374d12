"""What a function process sees, and what the platform does with its failures."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

from tests.support.network.functions import (
    ARN,
    HANDLER,
    SPEC,
    RuntimeHarness,
    bundle,
    event_of,
    failure,
    function_processes,
    log,
    wait_until,
    zip_of,
)
from tests.support.network.isolation import command_lines, isolated
from vpcache.lab.functions.spec import FunctionSpec
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
def test_function_environment_is_awss_and_its_own(tmp_path: Path) -> None:
    os.environ["HOST_SECRET"] = "x"
    os.environ["PYTHONPATH"] = str(tmp_path)
    harness = RuntimeHarness(tmp_path)
    variables = harness.value(
        "dict(os.environ)", replace(SPEC, environment=(("COLOUR", "green"), ("TZ", ":CET")))
    )
    assert variables["AWS_LAMBDA_RUNTIME_API"].startswith("127.0.0.1:")
    expected = {
        "AWS_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "probe",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:"
        "/var/task/lib:/opt/lib",
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "PWD": "/var/task",
        "PYTHONPATH": "/var/runtime",
        "SHLVL": "0",
        "_HANDLER": "app.handler",
        "COLOUR": "green",
        "TZ": ":CET",
    }
    assert expected.items() <= variables.items()
    assert {name for name in variables if not name.startswith("AWS_")} == {
        *(name for name in expected if not name.startswith("AWS_")),
        "_X_AMZN_TRACE_ID",
        *({"LC_CTYPE"} & variables.keys()),  # set by an interpreter without the locale of LANG
    }


@isolated
def test_function_extends_the_paths_of_modules_and_libraries(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    folders = (Path(each) for each in sys.path if each.endswith("lib-dynload"))
    library = next(file for each in folders for file in each.glob("_*.so")).read_bytes()
    files: dict[str, str | bytes] = {
        "app.py": HANDLER,
        "lib/own.py": "x = 1",
        "lib/libown.so": library,
        "more/libmore.so": library,
    }
    spec = replace(SPEC, code_sha256="paths", code=zip_of(files))
    assert harness.value("bool(__import__('ctypes').CDLL('libown.so'))", spec) is True
    assert failure(harness.call(spec, run="import own"))[0] == "ModuleNotFoundError"
    paths = (
        ("LD_LIBRARY_PATH", "/var/task/more"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
        ("PYTHONPATH", "/var/task/lib"),
    )
    spec = replace(spec, environment=paths)
    assert harness.value("__import__('own').x", spec) == 1
    assert harness.value("bool(__import__('ctypes').CDLL('libmore.so'))", spec) is True
    assert harness.value("[sys.flags.dont_write_bytecode, sys.path[:3]]", spec) == [
        1,
        ["/var/task", "/opt/python/lib/python3.11/site-packages", "/opt/python"],
    ]
    assert harness.value("__import__('boto3').__file__", spec).startswith("/var/runtime/")


@isolated
def test_function_trusts_the_labs_authority_everywhere(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    bundled = {"certifi/cacert.pem": "public", "vendor/botocore/cacert.pem": "public", "cacert.pem": "own"}
    spec = replace(SPEC, code_sha256="trust", code=zip_of({"app.py": HANDLER, **bundled}))
    paths = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/var/task/certifi/cacert.pem",
        "/var/task/vendor/botocore/cacert.pem",
        "/var/runtime/botocore/cacert.pem",
    ]
    assert set(harness.value(f"[open(each).read() for each in {paths}]", spec)) == {"the lab's certificate"}
    assert harness.value("open('/var/task/cacert.pem').read()", spec) == "own"
    default = "__import__('ssl').get_default_verify_paths().openssl_cafile"
    assert harness.value(f"open({default}).read()", spec) == "the lab's certificate"


@isolated
def test_function_runs_as_awss_user_with_awss_limits(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    user = "[os.getuid(), os.geteuid(), os.getgid(), __import__('pwd').getpwuid(os.getuid()).pw_name]"
    assert harness.value(user) == [993, 993, 990, "sbx_user1051"]
    limits = "[list(getrlimit(each)) for each in (RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_MEMLOCK)]"
    run = "from resource import *; event['limits'] = " + limits
    assert harness.value("event['limits']", run=run) == [[1024, 1024], [742, 742], [65536, 65536]]
    assert harness.value("[os.listdir('/opt'), os.stat('/tmp').st_uid, os.access('/opt', os.W_OK)]") == [
        [],
        993,
        False,
    ]


@isolated
def test_wrapper_runs_the_runtime_with_its_environment(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    script = "#!/bin/sh\nexport WRAPPED=yes\nexec \"$@\" with 'an argument'\n"
    files = {"app.py": HANDLER, "wrap": script, "bare": script.partition("\n")[2], "plain": script}
    modes = {"wrap": 0o100755, "bare": 0o100755}
    spec = replace(SPEC, code_sha256="wrapper", code=zip_of(files, modes))

    def wrapped(path: str) -> FunctionSpec:
        return replace(spec, environment=(("AWS_LAMBDA_EXEC_WRAPPER", path),))

    value = "[os.environ.get('WRAPPED'), sys.orig_argv]"
    for name in ("wrap", "bare"):
        environment, arguments = harness.value(value, wrapped(f"/var/task/{name}"))
        assert environment == "yes"
        assert arguments[0].startswith("/var/lang/bin/python3.") and arguments[-1] == "an argument"
    for path, status, reason in (
        ("/idontexist.sh", 127, "does not exist"),
        ("/var/task/plain", 126, "is not an executable"),
    ):
        for _ in range(2):
            answer = harness.call(wrapped(path))
            kind, message = failure(answer)
            assert kind == "Runtime.ExitError" and message.endswith(
                f"exited with error: exit status {status}"
            )
            assert f"{path}: {reason}\nSTART " in log(answer)


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
