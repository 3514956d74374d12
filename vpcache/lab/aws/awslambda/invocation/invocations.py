"""Invocations of functions: synchronous ones return the result, asynchronous ones are queued."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

from vpcache.lab.aws.awslambda.config.event_config import EventConfig
from vpcache.lab.aws.awslambda.errors import ThrottledError
from vpcache.lab.aws.awslambda.function import Function, FunctionStore
from vpcache.lab.aws.awslambda.interfaces import FunctionInterfaces
from vpcache.lab.aws.awslambda.invocation.concurrency import Concurrency, Running
from vpcache.lab.aws.awslambda.invocation.events import EventQueue
from vpcache.lab.aws.awslambda.invocation.logs import FunctionLogs
from vpcache.lab.aws.awslambda.invocation.metrics import FunctionMetrics
from vpcache.lab.aws.awslambda.invocation.records import ExecutionResult
from vpcache.lab.aws.awslambda.names import FunctionName
from vpcache.lab.aws.awslambda.roles import ExecutionRoles, may_send
from vpcache.lab.aws.awslambda.version import FunctionVersion
from vpcache.lab.functions.spec import Event, FunctionRunner, FunctionSpec
from vpcache.lab.settings import LabSettings


class Invocations:
    """Invokes the functions of one region. All methods may raise UnknownFunctionException."""

    def __init__(
        self,
        functions: FunctionStore,
        interfaces: FunctionInterfaces,
        logs: FunctionLogs,
        runner: FunctionRunner,
        settings: Callable[[], LabSettings],
        roles: ExecutionRoles,
    ) -> None:
        self._functions = functions
        self._interfaces = interfaces
        self._logs = logs
        self._runner = runner
        self._settings = settings
        self._roles = roles
        self.metrics = FunctionMetrics()
        self._concurrency = Concurrency()
        self._events = EventQueue(self, lambda: settings().async_minute_ms)

    def check(self, name: str, qualifier: str | None = None) -> FunctionVersion:
        """Return the version to invoke.

        Raises ResourceConflictError while it is being created, NotImplementedError if the lab cannot run it.
        """
        version = self._functions.resolve(name, self._functions.parse(name, qualifier).version)
        version.check_active()
        self._runner.check(self._spec(version))
        return version

    def invoke(
        self, name: str, qualifier: str | None, payload: bytes, client_context: str | None = None
    ) -> ExecutionResult:
        """Run a function and wait for its result. Raises ThrottledError."""
        target = self._functions.parse(name, qualifier)
        return self.run(name, qualifier, Event(payload, self._arn(target, target.qualifier), client_context))

    def run(self, name: str, qualifier: str | None, event: Event) -> ExecutionResult:
        """Run a function on an event and wait for its result. Raises ThrottledError."""
        return self.begin(self._functions.parse(name, qualifier), event)()

    def put_event(self, name: str, payload: bytes, qualifier: str | None = None) -> Event:
        """Queue an event and return it. Raises NotImplementedError if the lab cannot run the function."""
        self.check(name, qualifier)
        target = self._functions.parse(name, qualifier)
        event = Event(payload, self._arn(target, target.qualifier))
        self.metrics.event_received(target.name, target.qualifier)
        self._events.put(target, self._arn(target, target.version), event)
        return event

    # called by the queue of events

    def begin(self, name: FunctionName, event: Event) -> Callable[[], ExecutionResult]:
        """Reserve a slot of the concurrency limits and return a callable that runs the function, once.

        Raises ThrottledError.
        """
        function = self._functions.find(name.name)
        version = function.routed(name.version)
        with ExitStack() as stack:
            try:
                running = stack.enter_context(self._slot(function))
            except ThrottledError:
                self.metrics.throttled(name.name, name.qualifier)
                raise
            self.metrics.running(name.name, running)
            slot = stack.pop_all()

        def run() -> ExecutionResult:
            with slot:
                began = time.perf_counter()
                invocation = self._runner.invoke(self._spec(version), event)
                milliseconds = (time.perf_counter() - began) * 1000
            failed = invocation.error is not None
            self.metrics.ended(name.name, name.qualifier, milliseconds, failed=failed)
            self._logs.keep(version.logs_group_name, version.role, invocation)
            return ExecutionResult(str(version.version), invocation)

        return run

    def reserved(self, name: FunctionName) -> int | None:
        """Return a function's reserved concurrency."""
        return self._functions.find(name.name).reserved

    def may_send(self, name: FunctionName, target: str) -> bool:
        """Return whether a function's role may send to a target."""
        version = self._functions.find(name.name).version(name.version)
        return may_send(self._roles, version.role, version.region, target)

    def event_config(self, name: FunctionName) -> EventConfig:
        """Return the configuration for events of this qualifier."""
        return self._functions.find(name.name).event_configs.get(name.version) or EventConfig()

    def dropped(self, name: FunctionName) -> None:
        """Record an event that was discarded."""
        self.metrics.event_dropped(name.name, name.qualifier)

    def dead_letter_target(self, name: FunctionName) -> str | None:
        """Return the ARN of the target for discarded events."""
        return self._functions.find(name.name).version(name.version).dead_letter_target

    def _slot(self, function: Function) -> AbstractContextManager[Running]:
        reserved = {each.arn: each.reserved for each in self._functions if each.reserved is not None}
        return self._concurrency.slot(function.arn, reserved, self._settings().concurrent_executions)

    def _arn(self, name: FunctionName, qualifier: str | None) -> str:
        arn = self._functions.find(name.name).arn
        return f"{arn}:{qualifier}" if qualifier else arn

    def _spec(self, version: FunctionVersion) -> FunctionSpec:
        return FunctionSpec(
            arn=version.base_arn,
            name=version.function_name,
            version=str(version.version),
            code_sha256=version.code_sha_256,
            code=version.code_bytes,
            handler=version.handler,
            runtime=version.run_time,
            environment=tuple(sorted(version.environment_vars.items())),
            timeout=version.timeout,
            memory=version.memory_size,
            interface_ids=tuple(sorted(self._interfaces.of(version))),
            log_group=version.logs_group_name,
            log_settings=version.log_settings,
            ephemeral_storage=version.ephemeral_storage,
            layers=tuple(each.code for each in version.layer_versions),
            role=version.role,
        )
