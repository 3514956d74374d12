"""The processes of functions: one for each concurrent invocation, kept warm for the next one, as on AWS.

A process belongs to one version of a function. When the version is changed or deleted (`forget`), its
idle processes end at once, but a busy process must first finish its invocation. It is not in any list
that `forget` could clear it from, and the version may be changed and changed back since, so equal
specs prove nothing. Therefore each version has a generation counter, which `forget` increments: `invoke`
reads it before it takes a process, `_release` compares it afterwards, and ends the process if the counter
has changed.
"""

from __future__ import annotations

import marshal
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

from vpcache.lab.addresses import FUNCTIONS_RESOLVER, resolver_address
from vpcache.lab.errors import LabError
from vpcache.lab.functions.files import FunctionFiles
from vpcache.lab.functions.image import LAYERS_ROOT, RUNTIME_DIR, TASK_ROOT
from vpcache.lab.functions.images import Images
from vpcache.lab.functions.outcome import Launch, Outcome, Phase
from vpcache.lab.functions.platform_log import platform_log
from vpcache.lab.functions.python.interpreters import host_interpreter
from vpcache.lab.functions.sandbox import Sandbox
from vpcache.lab.functions.spec import Credentials, Event, FunctionSpec, Invocation, RoleSessions
from vpcache.lab.functions.trust import Trust
from vpcache.lab.network.naming import FUNCTIONS
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.settings import LabSettings
from vpcache.lab.topology import Topology

_IDLE_SECONDS = 300.0  # after which an idle process ends
_XRAY_ADDRESS, _XRAY_PORT = "169.254.100.1", "2000"  # where AWS's daemon listens; the lab has none
_NO_INTERFACE = ""  # takes the place of an interface's ID for a function outside a VPC
_Version = tuple[str, str]  # a function's ARN and its version
_USER = 993, 990  # user and group, as on AWS
_FILES = {
    "/etc/passwd": (
        "root:x:0:0:root:/root:/bin/bash\n"
        f"sbx_user1051:x:{_USER[0]}:{_USER[1]}::/home/sbx_user1051:/sbin/nologin\n"
    ),
    "/etc/group": f"root:x:0:\nsbx_user1051:x:{_USER[1]}:\n",
    "/etc/hosts": "127.0.0.1 localhost\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


@dataclass(eq=False, slots=True)
class _FunctionProcess:
    function: FunctionSpec
    interface_id: str
    log_stream: str
    sandbox: Sandbox
    credentials: Credentials
    idle_since: float = 0.0


class FunctionRuntime:
    """Runs functions (a `FunctionRunner`) inside the namespaces of their interfaces, or a common one.

    `reconcile` must receive an interface before a function runs on it. `work` is a folder of the lab,
    `ca_file` has the certificate of the lab's authority. `usable` returns whether an interface's zone is
    available: a function uses other interfaces as long as it has some.
    """

    def __init__(
        self,
        namespaces: Namespaces,
        interface_namespace: Callable[[str], str],
        work: Path,
        ca_file: Path,
        sessions: RoleSessions,
        usable: Callable[[str], bool] = lambda _: True,
        idle_seconds: float = _IDLE_SECONDS,
        settings: Callable[[], LabSettings] = LabSettings,
    ) -> None:
        self._namespaces = namespaces
        self._interface_namespace = interface_namespace
        self._sessions = sessions
        self._usable = usable
        self._idle_seconds = idle_seconds
        self._launcher = host_interpreter().executable
        self._root = work / "function-root"  # where each process mounts its own file system
        self._root.mkdir()
        trust = Trust.create(work / "trust", ca_file)
        self._files = FunctionFiles(work, trust)
        self._images = Images(work / "runtimes", trust, lambda: settings().missing_runtime == "host")
        self._changed = threading.Condition()
        self._resolvers: dict[str, IPv4Address] = {}  # DNS resolver by interface
        self._idle: list[_FunctionProcess] = []  # the one that has been idle for longest first
        self._busy: set[_FunctionProcess] = set()
        self._processes: Counter[str] = Counter()  # number of processes by interface
        self._generations: Counter[_Version] = Counter()  # see the module's docstring
        self._is_closed = False
        self._reaper = threading.Thread(target=self._reap, name="function reaper", daemon=True)
        self._reaper.start()

    def reconcile(self, topology: Topology) -> None:
        """Remember the interfaces of `topology`, and end the idle processes on all others."""
        resolvers = {
            interface.id: resolver_address(vpc.cidr) for vpc in topology.vpcs for interface in vpc.interfaces
        }
        if topology.public_functions:
            resolvers[_NO_INTERFACE] = FUNCTIONS_RESOLVER
        with self._changed:
            self._resolvers = resolvers
            ended = self._remove_idle(lambda process: process.interface_id not in resolvers)
        self._end(ended)

    def check(self, function: FunctionSpec) -> None:
        """Raise NotImplementedError if functions of this kind are not supported."""
        self._images.check(function.runtime)

    def check_runtime(self, runtime: str) -> None:
        """Raise NotImplementedError for a Python or Node.js runtime that this machine lacks."""
        self._images.prepare(runtime)

    def notices(self) -> list[str]:
        """Return in which runtimes functions differ from AWS's on this machine, one line each."""
        return self._images.notices()

    def invoke(self, function: FunctionSpec, event: Event) -> Invocation:
        """Run the function once and wait for the result.

        Raises LabError if none of the function's interfaces exists or the runtime is closed.
        """
        with self._changed:
            generation = self._generations[_version(function)]
        process = self._take(function) or self._start(function)
        outcome = self._serve(process, event, generation)
        if outcome.has_failed_init and not self._is_closed:
            process = self._start(function, process.log_stream)
            retry = self._serve(process, event, generation)
            outcome = replace(retry, inits=outcome.inits + retry.inits)
        return Invocation(
            payload=outcome.payload,
            error="Unhandled" if outcome.is_error else None,
            log=platform_log(function, event, process.log_stream, outcome),
            log_stream=process.log_stream,
            request_id=event.request_id,
        )

    def _serve(self, process: _FunctionProcess, event: Event, generation: int) -> Outcome:
        try:
            return process.sandbox.invoke(event)
        finally:
            self._release(process, generation)

    def interfaces(self) -> set[str]:
        """Return the interfaces that have processes."""
        with self._changed:
            return {interface for interface, number in self._processes.items() if number and interface}

    def forget(self, function_arn: str, version: str) -> None:
        """End a version's processes: idle ones now, busy ones after their invocation."""
        with self._changed:
            self._generations[function_arn, version] += 1
            ended = self._remove_idle(lambda process: _version(process.function) == (function_arn, version))
        self._end(ended)

    def close(self) -> None:
        """End all processes, also busy ones, and wait for their end."""
        with self._changed:
            self._is_closed = True
            ended = self._remove_idle(lambda _: True)
            for process in self._busy:
                process.sandbox.kill()
            self._changed.notify_all()
        self._end(ended)
        self._reaper.join()
        with self._changed:
            self._changed.wait_for(lambda: not self._processes.total())

    def _take(self, function: FunctionSpec) -> _FunctionProcess | None:
        """Return the idle process that was used last, if any; end those of outdated specs."""
        with self._changed:
            ended = self._remove_idle(
                lambda process: _is_outdated(process.function, function) or not process.sandbox.is_alive
            )
            interfaces = self._choices(function)
            matches = [
                process
                for process in self._idle
                if process.function == function and process.interface_id in interfaces
            ]
            if matches:
                self._idle.remove(matches[-1])
                self._busy.add(matches[-1])
        self._end(ended)
        return matches[-1] if matches else None

    def _start(self, function: FunctionSpec, retried_stream: str | None = None) -> _FunctionProcess:
        """Start a process on the interface with the fewest processes.

        After a failed initialization, it continues the log stream `retried_stream`, and its initialization is
        a part of the invocation:
        https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
        """
        with self._changed:
            if self._is_closed:
                raise LabError(f"function {function.name} cannot run: the lab is stopping; start it again")
            interface_id = min(self._choices(function), key=self._processes.__getitem__)
            self._processes[interface_id] += 1
            resolver = self._resolvers[interface_id]
        log_stream = (
            retried_stream or f"{datetime.now(UTC):%Y/%m/%d}/[{function.version}]{secrets.token_hex(16)}"
        )
        phase: Phase = "invoke" if retried_stream else "init"
        credentials = self._sessions.begin(function.role, function.name)
        try:
            launch = self._launch(function, resolver, log_stream, credentials, phase)
            namespace = self._interface_namespace(interface_id) if interface_id else FUNCTIONS
            sandbox = Sandbox(self._namespaces, namespace, launch)
        except BaseException:
            self._sessions.end(credentials)
            with self._changed:
                self._processes[interface_id] -= 1
                self._changed.notify_all()
            raise
        process = _FunctionProcess(function, interface_id, log_stream, sandbox, credentials)
        with self._changed:
            self._busy.add(process)
            if self._is_closed:
                sandbox.kill()
        return process

    def _choices(self, function: FunctionSpec) -> list[str]:
        """Return the interfaces to run on: the usable ones, or all existing ones if none is usable."""
        wanted = function.interface_ids or (_NO_INTERFACE,)
        existing = [interface for interface in wanted if interface in self._resolvers]
        if not existing:
            raise LabError(f"function {function.name} has no network interface: update its VpcConfig")
        return [interface for interface in existing if self._usable(interface)] or existing

    def _release(self, process: _FunctionProcess, generation: int) -> None:
        """Keep a process for the next invocation, or end it if its version or its interface is gone."""
        with self._changed:
            self._busy.remove(process)
            is_current = generation == self._generations[_version(process.function)] and not self._is_closed
            if is_current and process.sandbox.is_alive and process.interface_id in self._resolvers:
                process.idle_since = time.monotonic()
                self._idle.append(process)
                self._changed.notify_all()
                return
        self._end([process])

    def _remove_idle(self, condition: Callable[[_FunctionProcess], bool]) -> list[_FunctionProcess]:
        removed = [process for process in self._idle if condition(process)]
        self._idle = [process for process in self._idle if process not in removed]
        return removed

    def _end(self, processs: list[_FunctionProcess]) -> None:
        for process in processs:
            process.sandbox.close()
            self._sessions.end(process.credentials)
        with self._changed:
            self._processes.subtract(process.interface_id for process in processs)
            self._changed.notify_all()

    def _reap(self) -> None:
        """End processes that have been idle for too long."""
        while True:
            with self._changed:
                if self._is_closed:
                    return
                ended = self._remove_idle(self._is_stale)
                if not ended:
                    self._changed.wait(self._seconds_left(self._idle[0]) if self._idle else None)
            self._end(ended)

    def _is_stale(self, process: _FunctionProcess) -> bool:
        return self._seconds_left(process) <= 0

    def _seconds_left(self, process: _FunctionProcess) -> float:
        return process.idle_since + self._idle_seconds - time.monotonic()

    def _launch(
        self,
        function: FunctionSpec,
        resolver: IPv4Address,
        log_stream: str,
        credentials: Credentials,
        phase: Phase,
    ) -> Launch:
        image = self._images.of(function.runtime)
        bundles = {TASK_ROOT: self._files.bundle(function.code_sha256, function.code, image)}
        if function.layers:
            bundles[LAYERS_ROOT] = self._files.layers(function.layers, image)
        settings = {
            "root": str(self._root),
            "mounts": self._files.mounts(bundles, image),
            "links": dict(image.links),
            "overlays": self._files.overlays(bundles, image),
            "files": _FILES | {"/etc/resolv.conf": f"nameserver {resolver}\n"},
            "tmp_megabytes": function.ephemeral_storage,
            "user": _USER,
            "environment": {**image.variables, **environment(function, log_stream, credentials)},
            "command": image.command(function.memory),
            "is_connected": image.is_connected,
        }
        # -I and -S: neither the environment nor installed packages affect the launcher
        interpreter = (self._launcher, "-I", "-S", "-X", "utf8")
        command = (*interpreter, str(self._files.launcher), marshal.dumps(settings).hex())
        return Launch(command, function.memory, function.timeout, phase)


def environment(function: FunctionSpec, log_stream: str, credentials: Credentials) -> dict[str, str]:
    """Return the environment variables of a function: AWS's and the function's own.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    region = function.arn.split(":")[3]
    settings = function.log_settings
    of_json_logs = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": settings.application_level}
    return {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "LAMBDA_TASK_ROOT": TASK_ROOT,
        "LAMBDA_RUNTIME_DIR": RUNTIME_DIR,
        "_HANDLER": function.handler,
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "LD_LIBRARY_PATH": (
            "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"
        ),
        "PWD": TASK_ROOT,
        "SHLVL": "0",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": f"{_XRAY_ADDRESS}:{_XRAY_PORT}",
        "_AWS_XRAY_DAEMON_ADDRESS": _XRAY_ADDRESS,
        "_AWS_XRAY_DAEMON_PORT": _XRAY_PORT,
        **(of_json_logs if settings.format == "JSON" else {}),
        **dict(function.environment),
    }


def _version(function: FunctionSpec) -> _Version:
    return function.arn, function.version


def _is_outdated(old: FunctionSpec, new: FunctionSpec) -> bool:
    return _version(old) == _version(new) and old != new
