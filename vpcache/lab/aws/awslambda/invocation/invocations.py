"""Functions at work: who waits for an answer gets it, what nobody waits for is queued."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

from vpcache.lab.aws.awslambda.function import Function, FunctionStore
from vpcache.lab.aws.awslambda.interfaces import FunctionInterfaces
from vpcache.lab.aws.awslambda.invocation.concurrency import Concurrency
from vpcache.lab.aws.awslambda.invocation.event_config import EventConfig
from vpcache.lab.aws.awslambda.invocation.events import EventQueue
from vpcache.lab.aws.awslambda.invocation.logs import FunctionLogs
from vpcache.lab.aws.awslambda.invocation.records import ExecutionResult
from vpcache.lab.aws.awslambda.names import FunctionName
from vpcache.lab.aws.awslambda.version import FunctionVersion
from vpcache.lab.functions.spec import Event, FunctionRunner, FunctionSpec
from vpcache.lab.settings import Settings


class Invocations:
    """Invokes one region's functions. All methods raise UnknownFunctionException."""

    def __init__(
        self,
        functions: FunctionStore,
        interfaces: FunctionInterfaces,
        logs: FunctionLogs,
        runner: FunctionRunner,
        settings: Callable[[], Settings],
    ) -> None:
        self._functions = functions
        self._interfaces = interfaces
        self._logs = logs
        self._runner = runner
        self._settings = settings
        self._concurrency = Concurrency()
        self._events = EventQueue(self, lambda: settings().async_minute_ms)

    def check(self, name: str, qualifier: str | None = None) -> FunctionVersion:
        """Return the version that is meant.

        Raises ResourceConflictError if it is still being made, NotImplementedError if it cannot be run here.
        """
        version = self._functions.resolve(name, qualifier)
        version.check_active()
        self._runner.check(self._spec(version))
        return version

    def invoke(
        self, name: str, qualifier: str | None, payload: bytes, client_context: str | None = None
    ) -> ExecutionResult:
        """Run a function and wait for its answer. Raises ThrottledError."""
        meant = self._functions.parse(name, qualifier)
        return self.run(name, qualifier, Event(payload, self._arn(meant, meant.qualifier), client_context))

    def run(self, name: str, qualifier: str | None, event: Event) -> ExecutionResult:
        """Run a function on an event and wait for its answer. Raises ThrottledError."""
        return self.begin(self._functions.parse(name, qualifier), event)()

    def put_event(self, name: str, payload: bytes, qualifier: str | None = None) -> Event:
        """Queue an event and return it. Raises NotImplementedError if the function cannot be run."""
        self.check(name, qualifier)
        meant = self._functions.parse(name, qualifier)
        event = Event(payload, self._arn(meant, meant.qualifier))
        self._events.put(meant, self._arn(meant, meant.version), event)
        return event

    # what the queue of events asks

    def begin(self, name: FunctionName, event: Event) -> Callable[[], ExecutionResult]:
        """Take a place among the concurrent invocations and return what runs the function in it, once.

        Raises ThrottledError.
        """
        function = self._functions.find(name.name)
        version = function.version(name.version)
        with ExitStack() as stack:
            stack.enter_context(self._slot(function))
            place = stack.pop_all()

        def run() -> ExecutionResult:
            with place:
                done = self._runner.invoke(self._spec(version), event)
            self._logs.keep(version.logs_group_name, done)
            return ExecutionResult(str(version.version), done)

        return run

    def reserved(self, name: FunctionName) -> int | None:
        """Return how many concurrent invocations are reserved for a function."""
        return self._functions.find(name.name).reserved

    def event_config(self, name: FunctionName) -> EventConfig:
        """Return what holds for events of this qualifier."""
        return self._functions.find(name.name).event_configs.get(name.version) or EventConfig()

    def dead_letter_target(self, name: FunctionName) -> str | None:
        """Return where the payloads of events that are given up go."""
        return self._functions.find(name.name).version(name.version).dead_letter_target

    def _slot(self, function: Function) -> AbstractContextManager[None]:
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
        )
