"""Functions run on the Python that their runtime names."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.network.functions import HANDLER, SPEC, RuntimeHarness, failure, zip_of
from tests.support.network.isolation import isolated
from vpcache.lab.functions.python.interpreters import Interpreter, find_interpreter, host_interpreter
from vpcache.lab.settings import LabSettings

HOST = host_interpreter()
_FOUND = [find_interpreter((3, minor), os.environ) for minor in range(8, 15)]
OTHERS = [each for each in _FOUND if each and each.version != HOST.version]
NONE = pytest.mark.skip(reason=f"this machine has no other Python than {HOST.name}")
MISSING = "python3.99"

other_pythons = pytest.mark.parametrize(
    "python",
    [*OTHERS[:1], *OTHERS[1:][-1:]] or [pytest.param(None, marks=NONE)],
    ids=lambda python: python.name if python else "none",
)


@other_pythons
def test_function_runs_on_the_python_of_its_runtime(tmp_path: Path, python: Interpreter) -> None:
    @isolated
    def body() -> None:
        harness = RuntimeHarness(tmp_path)
        spec = replace(SPEC, runtime=python.name)
        harness.runtime.check_runtime(python.name)
        value = "[list(sys.version_info[:2]), sys.executable, sys.path, os.environ['AWS_EXECUTION_ENV']]"
        version, executable, path, environment = harness.value(value, spec)
        assert version == list(python.version)
        assert executable == f"/var/lang/bin/{python.name}"
        assert path[:2] == ["/var/task", f"/opt/python/lib/{python.name}/site-packages"]
        assert {each for each in path if "site-packages" in each} == {path[1]}
        assert environment == f"AWS_Lambda_{python.name}"
        assert harness.value("[served, sys.modules['app'].__cached__ is None]", spec)[0] == 2
        compiled = "os.path.exists(sys.modules['app'].__cached__) and sys.modules['awslambdaric'].__cached__"
        assert harness.value(compiled, spec).startswith("/var/runtime/")
        authorities = "__import__('ssl').get_default_verify_paths().openssl_cafile"
        assert harness.value(f"open({authorities}).read()", spec) == "the lab's certificate"

    body()


@other_pythons
def test_other_python_answers_and_fails_as_the_labs(tmp_path: Path, python: Interpreter) -> None:
    @isolated
    def body() -> None:
        harness = RuntimeHarness(tmp_path)
        on_host, on_other = (replace(SPEC, runtime=each.name, memory=512) for each in (HOST, python))
        for value in ("'x' * 5_000_000", "'é' * 10", "event", "[1, {'a': None}]"):
            answers = {harness.call(each, value=value).payload.decode() for each in (on_host, on_other)}
            assert len({json.dumps(json.loads(each)) for each in answers}) == 1
        for run in ("1/0", "sys.exit(3)", "raise KeyError('é' * 20000)", "event['x'] = 'a' * (7 << 20)"):
            kinds = {failure(harness.call(each, run=run, value="event"))[0] for each in (on_host, on_other)}
            assert len(kinds) == 1
        assert 0 < harness.value("context.get_remaining_time_in_millis()", on_other) <= 10_000
        broken = replace(on_other, code_sha256="broken", code=zip_of({"app.py": "import nothing_here"}))
        assert failure(harness.call(broken))[0] == "Runtime.ImportModuleError"

    body()


@other_pythons
def test_boto3_is_there_or_its_absence_is_explained(tmp_path: Path, python: Interpreter) -> None:
    @isolated
    def body() -> None:
        harness = RuntimeHarness(tmp_path)
        spec = replace(SPEC, runtime=python.name, memory=512)
        value = "len(__import__('boto3').client('lambda', 'us-east-1').meta.method_to_api_mapping) > 50"
        if python.version >= (3, 10):
            assert harness.value(value, spec) is True
            ca = "open('/var/runtime/botocore/cacert.pem').read()"
            assert harness.value(ca, spec) == "the lab's certificate"
        else:
            kind, message = failure(harness.call(spec, value=value))
            assert kind == "ImportError" and "boto3 requires Python 3.10" in message
            bundled = {"app.py": HANDLER, "boto3.py": "client = None"}
            own = replace(spec, code_sha256="own", code=zip_of(bundled))
            assert harness.value("__import__('boto3').__file__", own) == "/var/task/boto3.py"

    body()


@isolated
def test_missing_runtime_is_refused_with_the_remedy(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    for refused in (
        lambda: harness.runtime.check_runtime(MISSING),
        lambda: harness.runtime.check(replace(SPEC, runtime=MISSING)),
    ):
        with pytest.raises(NotImplementedError) as error:
            refused()
        assert "python3.99" in str(error.value) and "`uv python install 3.99`" in str(error.value)
        assert "`lab.configure missing_runtime host`" in str(error.value)
    assert harness.runtime.notices() == []


@isolated
def test_missing_runtime_is_the_hosts_if_set_and_noticed(tmp_path: Path) -> None:
    settings = LabSettings(missing_runtime="host")
    harness = RuntimeHarness(tmp_path, settings=lambda: settings)
    for runtime in (HOST.name, MISSING):
        harness.runtime.check_runtime(runtime)
    value = "[list(sys.version_info[:2]), os.environ['AWS_EXECUTION_ENV']]"
    assert harness.value(value, replace(SPEC, runtime=MISSING)) == [
        list(HOST.version),
        "AWS_Lambda_python3.99",
    ]
    assert harness.runtime.notices() == [
        f"functions with the runtime python3.99 run on this machine's {HOST.name}: "
        "`uv python install 3.99` installs theirs"
    ]


@isolated
def test_python_installed_later_is_found_by_the_next_function(tmp_path: Path) -> None:
    os.environ["PATH"] += f":{tmp_path}/bin"
    harness = RuntimeHarness(tmp_path)
    with pytest.raises(NotImplementedError):
        harness.runtime.check_runtime(MISSING)
    answer = json.dumps(["cpython", [3, 99], HOST.executable, HOST.prefix, HOST.authorities])
    program = tmp_path / "bin/python3.99"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho '{answer}'\n")
    program.chmod(0o755)
    harness.runtime.check_runtime(MISSING)
    assert harness.value("sys.executable", replace(SPEC, runtime=MISSING)) == "/var/lang/bin/python3.99"
