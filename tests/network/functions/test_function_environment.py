"""The environment variables, user, limits and trust of function processes."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

from tests.support.network.functions import (
    HANDLER,
    SPEC,
    RuntimeHarness,
    failure,
    log,
    zip_of,
)
from tests.support.network.isolation import isolated
from tests.support.runtimes import HOST_PYTHON
from vpcache.lab.functions.spec import FunctionSpec


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
        ["/var/task", f"/opt/python/lib/{HOST_PYTHON}/site-packages", "/opt/python"],
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
            assert f"{path}: {reason}\nINIT_REPORT " in log(answer)
