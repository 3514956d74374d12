"""The event source mappings of one region."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from moto.awslambda.exceptions import (
    GenericResourcNotFound,
    InvalidParameterValueException,
    LambdaClientError,
)
from moto.sqs.models import sqs_backends

from vpcache.lab.aws.awslambda.config.tags import check_tags
from vpcache.lab.aws.awslambda.errors import ResourceConflictError
from vpcache.lab.aws.awslambda.event_sources.mapping import (
    CREATING,
    DELETING,
    DISABLING,
    ENABLING,
    UPDATING,
    EventSourceMapping,
    MappingSettings,
)
from vpcache.lab.aws.awslambda.event_sources.parameters import changed, check_source
from vpcache.lab.aws.awslambda.event_sources.poller import QueuePoller
from vpcache.lab.aws.awslambda.function import FunctionStore
from vpcache.lab.aws.awslambda.names import FunctionName
from vpcache.lab.aws.awslambda.roles import ExecutionRoles, may_use_queue
from vpcache.lab.aws.awslambda.version import FunctionVersion
from vpcache.lab.aws.scheduler import Scheduler
from vpcache.lab.errors import LabError

_log = logging.getLogger(__name__)

_ROLE_ACTIONS = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")


class Invoker(Protocol):
    """Runs functions, as the mappings need it."""

    def check(self, name: str, qualifier: str | None = None) -> FunctionVersion:
        """Raise an error if a function cannot be run."""
        ...

    def invoke(self, name: str, qualifier: str | None, payload: bytes) -> Any:
        """Run a function and return the execution's result. Raises ThrottledError."""
        ...


class EventSourceMappings:
    """Creates, changes and deletes the mappings, and polls for them.

    `transition_ms` is the duration of transitional states.
    """

    def __init__(
        self,
        arn_prefix: str,
        functions: FunctionStore,
        invoker: Invoker,
        roles: ExecutionRoles,
        transition_ms: Callable[[], int],
    ) -> None:
        self._arn_prefix = arn_prefix  # "arn:aws:lambda:us-east-1:123456789012"
        self._functions = functions
        self._invoker = invoker
        self._roles = roles
        self._transition_ms = transition_ms
        self._mappings: dict[str, EventSourceMapping] = {}
        self._pollers: dict[str, QueuePoller] = {}
        self._scheduler = Scheduler("event sources")

    def create(self, request: Mapping[str, Any]) -> EventSourceMapping:
        """Create a mapping by the parameters of CreateEventSourceMapping.

        Raises LambdaClientError and NotImplementedError.
        """
        check_source(request)
        tags = request.get("Tags") or {}
        check_tags(tags)
        function, arn = self._target(str(request["FunctionName"]))
        settings = changed(MappingSettings(request["EventSourceArn"], function, arn), request)
        self._check_unique(settings)
        self._check_queue(settings)
        is_enabled = request.get("Enabled") is not False
        mapping = EventSourceMapping(self._arn_prefix, settings, tags, is_enabled=is_enabled)
        self._mappings[mapping.uuid] = mapping
        invoke = partial(self._invoke, mapping)
        self._pollers[mapping.uuid] = QueuePoller(settings, invoke, self._scheduler.after)
        if is_enabled:
            self._change(mapping, CREATING)
        return mapping

    def get(self, uuid: str) -> EventSourceMapping:
        """Return a mapping. Raises GenericResourcNotFound."""
        if uuid not in self._mappings:
            raise GenericResourcNotFound()
        return self._mappings[uuid]

    def listed(self, queue_arn: str | None, function: str | None) -> list[EventSourceMapping]:
        """Return the mappings of a queue and of a function, all by default."""
        name = self._functions.parse(function) if function else None
        return [
            each
            for each in list(self._mappings.values())
            if queue_arn in (None, each.settings.queue_arn)
            and (name is None or _is_of(each.settings.function, name))
        ]

    def update(self, uuid: str, request: Mapping[str, Any]) -> EventSourceMapping:
        """Change a mapping by the parameters of UpdateEventSourceMapping."""
        mapping = self.get(uuid)
        settings = mapping.settings
        if request.get("FunctionName"):
            function, arn = self._target(request["FunctionName"])
            settings = replace(settings, function=function, function_arn=arn)
        settings = changed(settings, request)
        mapping.check_at_rest("update")
        if settings.function_arn != mapping.settings.function_arn:
            self._check_unique(settings)
        self._check_queue(settings)
        is_enabled = mapping.is_enabled if request.get("Enabled") is None else bool(request["Enabled"])
        state = UPDATING
        if is_enabled != mapping.is_enabled:
            state = ENABLING if is_enabled else DISABLING
        mapping.settings, mapping.is_enabled = settings, is_enabled
        self._change(mapping, state)
        return mapping

    def delete(self, uuid: str) -> EventSourceMapping:
        """Delete a mapping; it is described as being deleted for a limited time."""
        mapping = self.get(uuid)
        mapping.check_at_rest("delete")
        self._pollers.pop(uuid).stop()
        milliseconds = self._transition_ms()
        mapping.begin(DELETING, milliseconds)
        self._scheduler.after(milliseconds / 1000, partial(self._forget, uuid))
        return mapping

    def resume(self) -> None:
        """Continue to poll after the state was loaded from a snapshot."""
        for poller in self._pollers.values():
            poller.resume()

    def _change(self, mapping: EventSourceMapping, state: str) -> None:
        """Show a transitional state, then poll by the mapping's settings."""
        milliseconds = self._transition_ms()
        mapping.begin(state, milliseconds)
        self._scheduler.after(milliseconds / 1000, partial(self._apply, mapping))

    def _forget(self, uuid: str) -> None:
        self._mappings.pop(uuid, None)

    def _apply(self, mapping: EventSourceMapping) -> None:
        poller = self._pollers.get(mapping.uuid)
        if poller and mapping.is_enabled:
            poller.start(mapping.settings)
        elif poller:
            poller.stop()

    def _invoke(self, mapping: EventSourceMapping, payload: bytes) -> bytes | None:
        """Run the mapping's function and return its result, None if it failed or could not be run."""
        target = mapping.settings.function
        try:
            self._invoker.check(target.name, target.qualifier)
            invocation = self._invoker.invoke(target.name, target.qualifier, payload).invocation
        except (LabError, LambdaClientError, NotImplementedError) as error:
            _log.warning("%s: %s could not be invoked: %s", mapping.arn, target.name, error)
            return None
        return None if invocation.error else bytes(invocation.payload)

    def _target(self, text: str) -> tuple[FunctionName, str]:
        """Return a function's name and ARN, both with the qualifier in `text`."""
        try:
            name = self._functions.parse(text)
            arn = self._functions.resolve(text).base_arn
        except LambdaClientError as error:
            raise InvalidParameterValueException("Function does not exist") from error
        return name, f"{arn}:{name.qualifier}" if name.qualifier else arn

    def _check_unique(self, settings: MappingSettings) -> None:
        for each in list(self._mappings.values()):
            other = each.settings
            if (other.queue_arn, other.function_arn) == (settings.queue_arn, settings.function_arn):
                raise ResourceConflictError(
                    f'An event source mapping with SQS arn (" {settings.queue_arn} ") and function '
                    f'(" {settings.function.name} ") already exists. Please update or delete the existing '
                    f"mapping with UUID {each.uuid}"
                )

    def _check_queue(self, settings: MappingSettings) -> None:
        """Check the queue and the permissions for it, as Lambda does with the function's role.

        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
        """
        version = self._functions.resolve(settings.function.name, settings.function.version)
        for action in _ROLE_ACTIONS:
            if not may_use_queue(self._roles, version.role, action, settings.queue_arn):
                raise InvalidParameterValueException(
                    f"The provided execution role does not have permissions to call {action} on SQS"
                )
        _, _, _, region, account, name = settings.queue_arn.split(":")
        queue = sqs_backends[account][region].queues.get(name) if region == version.region else None
        if queue is None:
            raise InvalidParameterValueException(
                "Error occurred while ReceiveMessage. SQS Error Code: "
                "AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not "
                "exist."
            )
        visibility = int(queue.visibility_timeout)
        if visibility < version.timeout:
            raise InvalidParameterValueException(
                f"Queue visibility timeout: {visibility} seconds is less than Function timeout: "
                f"{version.timeout} seconds"
            )


def _is_of(function: FunctionName, wanted: FunctionName) -> bool:
    return function.name == wanted.name and wanted.qualifier in (None, function.qualifier)
