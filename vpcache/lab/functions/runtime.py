"""The functions' processes: one for each concurrent invocation, kept warm for the next, as on AWS."""

from __future__ import annotations

import json
import os
import secrets
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

from vpcache.lab.addresses import resolver_address
from vpcache.lab.errors import LabError
from vpcache.lab.functions.files import FunctionFiles
from vpcache.lab.functions.platform_log import platform_log
from vpcache.lab.functions.sandbox import Launch, Sandbox
from vpcache.lab.functions.spec import Event, FunctionSpec, Invocation
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.topology import Topology

_TMP_MEGABYTES = 512  # that AWS gives unless asked for more
_IDLE_SECONDS = 300.0  # that a process is kept for the next invocation
_LAUNCHER = Path(__file__).with_name("launcher.py")
_TASK_ROOT = "/var/task"
_RUNTIME_DIR = "/var/runtime"
_CA_FILE = "/etc/lab-ca.pem"
_Version = tuple[str, str]  # a function's ARN and which version of it
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "AWS_CA_BUNDLE")
_FILES = {
    "/etc/passwd": "sbx_user:x:0:0::/tmp:/sbin/nologin\n",
    "/etc/group": "sbx_user:x:0:\n",
    "/etc/hosts": "127.0.0.1 localhost\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


@dataclass(eq=False, slots=True)
class _Worker:
    function: FunctionSpec
    interface_id: str
    log_stream: str
    sandbox: Sandbox
    idle_since: float = 0.0


class FunctionRuntime:
    """Runs functions (a `FunctionRunner`) inside the namespaces of their interfaces.

    `reconcile` must know an interface before a function runs on it. `work` is a directory of the lab's
    own, `ca_file` vouches for the lab's internet. `usable` tells whether an interface's zone is there: a
    function avoids those of which it is not, while it has others.
    """

    def __init__(
        self,
        namespaces: Namespaces,
        interface_namespace: Callable[[str], str],
        work: Path,
        ca_file: Path,
        usable: Callable[[str], bool] = lambda _: True,
        idle_seconds: float = _IDLE_SECONDS,
    ) -> None:
        self._namespaces = namespaces
        self._interface_namespace = interface_namespace
        self._usable = usable
        self._idle_seconds = idle_seconds
        self._ca = ca_file.read_text()
        self._root = work / "function-root"  # where each process mounts a file system of its own
        self._root.mkdir()
        self._files = FunctionFiles(work)
        self._changed = threading.Condition()
        self._resolvers: dict[str, IPv4Address] = {}  # interface -> DNS server of its VPC
        self._idle: list[_Worker] = []  # the longest idle first
        self._at_work: set[_Worker] = set()
        self._places: Counter[str] = Counter()  # interface -> its processes
        self._forgotten: Counter[_Version] = Counter()  # how often; a busy process learns of it so
        self._is_closed = False
        self._reaper = threading.Thread(target=self._reap, name="function reaper", daemon=True)
        self._reaper.start()

    def reconcile(self, topology: Topology) -> None:
        """Take note of the interfaces that stand, and end the idle processes on those that are gone."""
        resolvers = {
            interface.id: resolver_address(vpc.cidr) for vpc in topology.vpcs for interface in vpc.interfaces
        }
        with self._changed:
            self._resolvers = resolvers
            ended = self._remove_idle(lambda worker: worker.interface_id not in resolvers)
        self._end(ended)

    def check(self, function: FunctionSpec) -> None:
        """Raise NotImplementedError if functions of this kind cannot be run."""
        if not function.interface_ids:
            raise NotImplementedError(
                f"Function {function.name} is in no VPC: give it subnets and security groups in a VpcConfig."
            )
        if not function.runtime.startswith("python"):
            raise NotImplementedError(
                f"Function {function.name} has the runtime {function.runtime}: use one of Python's."
            )

    def invoke(self, function: FunctionSpec, event: Event) -> Invocation:
        """Run the function once and wait for its answer.

        Raises LabError if none of the function's interfaces stands or the runtime is closed.
        """
        with self._changed:
            generation = self._forgotten[_version(function)]
        worker = self._take(function) or self._start(function)
        try:
            outcome = worker.sandbox.invoke(event)
        finally:
            self._give_back(worker, generation)
        return Invocation(
            payload=outcome.payload,
            error="Unhandled" if outcome.is_error else None,
            log=platform_log(event.request_id, function.version, function.memory, outcome).encode(),
            log_stream=worker.log_stream,
            request_id=event.request_id,
        )

    def interfaces(self) -> set[str]:
        """Return the interfaces on which processes are."""
        with self._changed:
            return {interface for interface, processes in self._places.items() if processes}

    def forget(self, function_arn: str, version: str) -> None:
        """End a version's processes: the idle ones now, those at work when they have answered."""
        with self._changed:
            self._forgotten[function_arn, version] += 1
            ended = self._remove_idle(lambda worker: _version(worker.function) == (function_arn, version))
        self._end(ended)

    def close(self) -> None:
        """End every process, those at work too, and wait for their end."""
        with self._changed:
            self._is_closed = True
            ended = self._remove_idle(lambda _: True)
            for worker in self._at_work:
                worker.sandbox.kill()
            self._changed.notify_all()
        self._end(ended)
        self._reaper.join()
        with self._changed:
            self._changed.wait_for(lambda: not self._places.total())

    def _take(self, function: FunctionSpec) -> _Worker | None:
        """Return the idle process that served last, if any; end those of an earlier state of the function."""
        with self._changed:
            ended = self._remove_idle(
                lambda worker: _is_outdated(worker.function, function) or not worker.sandbox.is_alive
            )
            places = self._choices(function)
            fitting = [
                each for each in self._idle if each.function == function and each.interface_id in places
            ]
            if fitting:
                self._idle.remove(fitting[-1])
                self._at_work.add(fitting[-1])
        self._end(ended)
        return fitting[-1] if fitting else None

    def _start(self, function: FunctionSpec) -> _Worker:
        """Start a process on the interface with the fewest."""
        with self._changed:
            if self._is_closed:
                raise LabError(f"function {function.name} cannot run: the lab is stopping; start it again")
            place = min(self._choices(function), key=self._places.__getitem__)
            self._places[place] += 1
            resolver = self._resolvers[place]
        log_stream = f"{datetime.now(UTC):%Y/%m/%d}/[{function.version}]{secrets.token_hex(16)}"
        try:
            launch = self._launch(function, resolver, log_stream)
            sandbox = Sandbox(self._namespaces, self._interface_namespace(place), launch)
        except BaseException:
            with self._changed:
                self._places[place] -= 1
                self._changed.notify_all()
            raise
        worker = _Worker(function, place, log_stream, sandbox)
        with self._changed:
            self._at_work.add(worker)
            if self._is_closed:
                sandbox.kill()
        return worker

    def _choices(self, function: FunctionSpec) -> list[str]:
        """Return the interfaces to run on: the usable ones, or all where none is."""
        standing = [each for each in function.interface_ids if each in self._resolvers]
        if not standing:
            raise LabError(f"function {function.name} has no network interface that stands")
        return [each for each in standing if self._usable(each)] or standing

    def _give_back(self, worker: _Worker, generation: int) -> None:
        with self._changed:
            self._at_work.remove(worker)
            is_current = generation == self._forgotten[_version(worker.function)] and not self._is_closed
            if is_current and worker.sandbox.is_alive and worker.interface_id in self._resolvers:
                worker.idle_since = time.monotonic()
                self._idle.append(worker)
                self._changed.notify_all()
                return
        self._end([worker])

    def _remove_idle(self, condition: Callable[[_Worker], bool]) -> list[_Worker]:
        removed = [worker for worker in self._idle if condition(worker)]
        self._idle = [worker for worker in self._idle if worker not in removed]
        return removed

    def _end(self, workers: list[_Worker]) -> None:
        for worker in workers:
            worker.sandbox.close()
        with self._changed:
            self._places.subtract(worker.interface_id for worker in workers)
            self._changed.notify_all()

    def _reap(self) -> None:
        """End processes that nobody has needed for a while."""
        while True:
            with self._changed:
                if self._is_closed:
                    return
                ended = self._remove_idle(self._is_stale)
                if not ended:
                    self._changed.wait(self._left(self._idle[0]) if self._idle else None)
            self._end(ended)

    def _is_stale(self, worker: _Worker) -> bool:
        return self._left(worker) <= 0

    def _left(self, worker: _Worker) -> float:
        return worker.idle_since + self._idle_seconds - time.monotonic()

    def _launch(self, function: FunctionSpec, resolver: IPv4Address, log_stream: str) -> Launch:
        settings = {
            "root": str(self._root),
            "mounts": {
                _TASK_ROOT: str(self._files.bundle(function.code_sha256, function.code)),
                _RUNTIME_DIR: str(self._files.runtime),
                **{str(site): str(site) for site in self._files.sites},
            },
            "files": _FILES | {"/etc/resolv.conf": f"nameserver {resolver}\n", _CA_FILE: self._ca},
            "tmp_megabytes": _TMP_MEGABYTES,
        }
        # -I and -S: neither the environment nor installed packages change what the interpreter imports
        interpreter = (os.path.realpath(sys.executable), "-I", "-S", "-X", "utf8")
        command = (*interpreter, str(_LAUNCHER), json.dumps(settings))
        variables = tuple(environment(function, log_stream).items())
        return Launch(command, variables, function.memory, function.timeout)


def environment(function: FunctionSpec, log_stream: str) -> dict[str, str]:
    """Return the variables that a function finds: AWS's, the lab's authority and its own, which win.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    region = function.arn.split(":")[3]
    return {
        "AWS_ACCESS_KEY_ID": "lab",
        "AWS_SECRET_ACCESS_KEY": "lab",
        "AWS_SESSION_TOKEN": "lab",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "LAMBDA_TASK_ROOT": _TASK_ROOT,
        "LAMBDA_RUNTIME_DIR": _RUNTIME_DIR,
        "_HANDLER": function.handler,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        **dict.fromkeys(_CA_VARIABLES, _CA_FILE),
        **dict(function.environment),
    }


def _version(function: FunctionSpec) -> _Version:
    return function.arn, function.version


def _is_outdated(old: FunctionSpec, new: FunctionSpec) -> bool:
    return _version(old) == _version(new) and old != new
