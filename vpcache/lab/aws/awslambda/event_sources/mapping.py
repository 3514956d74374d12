"""An event source mapping: its settings and its states.

https://docs.aws.amazon.com/lambda/latest/api/API_EventSourceMappingConfiguration.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.utils import utcnow

from vpcache.lab.aws.awslambda.errors import ResourceInUseError
from vpcache.lab.aws.awslambda.names import FunctionName
from vpcache.lab.aws.transitions import Transition

CREATING, UPDATING, DELETING = "Creating", "Updating", "Deleting"
ENABLING, ENABLED, DISABLING, DISABLED = "Enabling", "Enabled", "Disabling", "Disabled"
REPORT_FAILURES = "ReportBatchItemFailures"


@dataclass(frozen=True, slots=True)
class MappingSettings:
    """What a mapping does, by the parameters of its creation and updates."""

    queue_arn: str
    function: FunctionName
    function_arn: str  # with the qualifier of the request, if it has one
    batch_size: int = 10
    window: int = 0  # seconds to wait for a full batch
    filters: tuple[str, ...] = ()  # patterns, as JSON
    response_types: tuple[str, ...] = ()
    max_concurrency: int | None = None  # batches at the same time

    @property
    def queue_name(self) -> str:
        """The name of the queue."""
        return self.queue_arn.rpartition(":")[2]

    @property
    def is_fifo(self) -> bool:
        """Whether the queue is a FIFO queue."""
        return self.queue_arn.endswith(".fifo")


class EventSourceMapping:
    """A mapping, with a transitional state after each change."""

    def __init__(
        self, arn_prefix: str, settings: MappingSettings, tags: Mapping[str, str], *, is_enabled: bool
    ) -> None:
        self.uuid = str(uuid.uuid4())
        self.arn = f"{arn_prefix}:event-source-mapping:{self.uuid}"
        self.settings = settings
        self.is_enabled = is_enabled
        self.tags = dict(tags)
        self._changed = utcnow()
        self._transition = Transition()

    @property
    def physical_resource_id(self) -> str:
        """The ID that CloudFormation shows."""
        return self.uuid

    def begin(self, state: str, milliseconds: int) -> None:
        """Show a transitional state for this time."""
        self._changed = utcnow()
        self._transition.begin(state, milliseconds)

    def check_at_rest(self, action: str) -> None:
        """Raise ResourceInUseError during a transition; `action` is "update" or "delete"."""
        if not self._transition.is_over:
            raise ResourceInUseError(f"Cannot {action} the event source mapping because it is in use.")

    def describe(self) -> dict[str, Any]:
        """Return the mapping as the API shows it."""
        settings = self.settings
        optional: dict[str, Any] = {}
        if settings.filters:
            optional["FilterCriteria"] = {"Filters": [{"Pattern": each} for each in settings.filters]}
        if settings.max_concurrency is not None:
            optional["ScalingConfig"] = {"MaximumConcurrency": settings.max_concurrency}
        return {
            "UUID": self.uuid,
            "BatchSize": settings.batch_size,
            "MaximumBatchingWindowInSeconds": settings.window,
            "EventSourceArn": settings.queue_arn,
            "EventSourceMappingArn": self.arn,
            "FunctionArn": settings.function_arn,
            "FunctionResponseTypes": list(settings.response_types),
            "LastModified": self._changed,
            "State": self._transition.state(ENABLED if self.is_enabled else DISABLED),
            "StateTransitionReason": "USER_INITIATED",
            **optional,
        }
