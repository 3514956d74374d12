"""A function with its runtime in the namespaces of two interfaces, and inspection of its processes."""

from __future__ import annotations

import json
import os
import time
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from tests.support.network.isolation import add_namespace, command_lines
from tests.support.runtimes import HOST_PYTHON
from vpcache.lab.functions.runtime import FunctionRuntime
from vpcache.lab.functions.spec import Credentials, Event, FunctionRunner, FunctionSpec, Invocation
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.topology import Interface, InterfaceKind, Topology, Vpc

ARN = "arn:aws:lambda:us-east-1:123456789012:function:probe"


HANDLER = """
import logging, os, socket, sys, time
print("loading")
served = 0

def handler(event, context):
    global served
    served += 1
    scope = {"event": event, "context": context, "served": served, **globals()}
    exec(event.get("run", ""), scope)
    return eval(event.get("value", "None"), scope)
"""


def bundle(**files: str) -> bytes:
    return zip_of({f"{name}.py": text for name, text in files.items()})


def zip_of(files: Mapping[str, str | bytes], modes: Mapping[str, int] | None = None) -> bytes:
    """Return a zip file; files without a mode in `modes` have that of a regular file, 0644."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (modes or {}).get(name, 0o100644) << 16
            archive.writestr(entry, content)
    return stream.getvalue()


SPEC = FunctionSpec(
    arn=ARN,
    name="probe",
    version="$LATEST",
    runtime=HOST_PYTHON,
    handler="app.handler",
    code_sha256="a/b+c=",
    code=bundle(app=HANDLER),
    environment=(("COLOUR", "green"),),
    memory=128,
    timeout=10,
    interface_ids=("eni-1",),
    log_group="/aws/lambda/probe",
    role="arn:aws:iam::123456789012:role/probe",
)


def topology(*interface_ids: str) -> Topology:
    interfaces = tuple(
        Interface(each, InterfaceKind.FUNCTION, "subnet-1", "us-east-1a", IPv4Address("10.0.0.9"))
        for each in interface_ids
    )
    return Topology(
        (Vpc("vpc-1", "us-east-1", IPv4Network("10.0.0.0/24"), None, (), (), (), interfaces, (), ()),)
    )


class CountedSessions:
    """Credentials that name the role and the function, and those that were not revoked."""

    def __init__(self) -> None:
        self.begun = 0
        self.open: set[Credentials] = set()

    def begin(self, role_arn: str, function_name: str) -> Credentials:
        self.begun += 1
        credentials = Credentials(f"ASIA{self.begun}", f"{role_arn} {function_name}", f"token {self.begun}")
        self.open.add(credentials)
        return credentials

    def end(self, credentials: Credentials) -> None:
        self.open.remove(credentials)


class RuntimeHarness:
    """The namespaces of two interfaces, and a runtime that uses them."""

    def __init__(self, work: Path, **options: Any) -> None:
        for name in ("eni-1", "eni-2"):
            add_namespace(name, "10.0.0.2")
        self.namespaces = Namespaces()
        self.ca_file = work / "ca.pem"
        self.ca_file.write_text("the lab's certificate")
        self.down: set[str] = set()
        self.sessions = CountedSessions()
        self.runtime = FunctionRuntime(
            self.namespaces,
            str,
            work,
            self.ca_file,
            self.sessions,
            lambda interface: interface not in self.down,
            **options,
        )
        self.runtime.reconcile(topology("eni-1", "eni-2"))

    def call(self, spec: FunctionSpec = SPEC, **event: str) -> Invocation:
        runner: FunctionRunner = self.runtime
        return runner.invoke(spec, event_of(event))

    def value(self, expression: str, spec: FunctionSpec = SPEC, run: str = "") -> Any:
        answer = self.call(spec, value=expression, run=run)
        assert answer.error is None, answer
        return json.loads(answer.payload)


def event_of(content: Any, **options: Any) -> Event:
    return Event(json.dumps(content).encode(), **{"function_arn": ARN} | options)


def function_processes() -> set[int]:
    """Return the running function processes of this PID namespace."""
    return {pid for pid, line in command_lines().items() if b"bootstrap.py" in line}


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        os.sched_yield()


def log(answer: Invocation) -> str:
    return answer.log_result


def failure(answer: Invocation) -> tuple[str, str]:
    assert answer.error == "Unhandled"
    content = json.loads(answer.payload)
    return content["errorType"], content["errorMessage"]
