"""Stacks, their resources, their events and their change sets."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from vpcache.lab.aws.cloudformation.templates.template import Template

STACK_TYPE = "AWS::CloudFormation::Stack"
_IN_PROGRESS, _CLEANUP = "_IN_PROGRESS", "_COMPLETE_CLEANUP_IN_PROGRESS"  # how statuses end
REVIEW = "REVIEW_IN_PROGRESS"  # of a stack that has only a change set


@dataclass(frozen=True)
class Made:
    """What a kind made: the physical ID, and the attributes for Fn::GetAtt."""

    id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class StackResource:
    """A resource of a stack, from the begin of its creation on."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]  # resolved
    made: Made | None = None
    status: str = "CREATE_IN_PROGRESS"
    reason: str | None = None
    is_retained: bool = False  # when the stack is deleted
    is_replaced_retained: bool = False  # when the resource is replaced
    changed: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def id(self) -> str:
        """The physical ID, empty before there is one."""
        return self.made.id if self.made else ""


@dataclass(frozen=True)
class StackEvent:
    """An event of a stack or of one of its resources."""

    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str | None
    token: str | None  # of the request that caused it
    time: datetime
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True)
class Output:
    """An output of a stack."""

    key: str
    value: str
    description: str | None
    export: str | None


@dataclass(frozen=True)
class Plan:
    """What a stack shall become."""

    template: Template
    parameters: Mapping[str, str]  # as text
    tags: Mapping[str, str]
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True)
class Caller:
    """Who changes a stack: all calls for its resources have these credentials."""

    key_id: str
    token: str = field(default="", repr=False)


@dataclass
class ChangeSet:
    """A change set; `status` and `execution_status` are the API's."""

    id: str
    name: str
    description: str | None
    type: str
    plan: Plan
    changes: list[dict[str, Any]]
    on_failure: str | None = None
    status: str = "CREATE_COMPLETE"
    execution_status: str = "AVAILABLE"
    reason: str | None = None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class Stack:
    """A stack with all that CloudFormation remembers of it."""

    id: str
    name: str
    plan: Plan
    status: str
    on_failure: str = "ROLLBACK"
    is_protected: bool = False
    timeout: int | None = None  # seconds for the creation
    token: str | None = None  # ClientRequestToken of the last operation
    reason: str | None = None
    resources: dict[str, StackResource] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)
    events: list[StackEvent] = field(default_factory=list)  # oldest first
    change_sets: dict[str, ChangeSet] = field(default_factory=dict)  # by name
    imports: set[str] = field(default_factory=set)  # names of exports that it uses
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated: datetime | None = None
    deleted: datetime | None = None

    @property
    def tags(self) -> Mapping[str, str]:
        """The stack's tags; moto's tagging API reads them."""
        return self.plan.tags

    @property
    def stack_id(self) -> str:
        """The ARN; moto's tagging API reads it."""
        return self.id

    @property
    def is_busy(self) -> bool:
        """Whether an operation is in progress."""
        return self.status.endswith(_IN_PROGRESS) and self.status != REVIEW

    def set_status(self, status: str, reason: str | None = None) -> None:
        """Change the stack's own status, with an event."""
        self._add_event(self.name, self.id, STACK_TYPE, status, reason)
        self.status, self.reason = status, reason

    def set_resource_status(self, resource: StackResource, status: str, reason: str | None = None) -> None:
        """Change the status of a resource, with an event."""
        self._add_event(resource.logical_id, resource.id, resource.type, status, reason)
        resource.status, resource.reason, resource.changed = status, reason, datetime.now(UTC)

    def fail(self, reason: str) -> None:
        """Let the operation in progress fail, and the resources that it was changing."""
        for resource in self.resources.values():
            if resource.status.endswith(_IN_PROGRESS):
                failed = resource.status.removesuffix(_IN_PROGRESS) + "_FAILED"
                self.set_resource_status(resource, failed, reason)
        is_cleanup = self.status.endswith(_CLEANUP)
        end = "_COMPLETE" if is_cleanup else "_FAILED"
        self.set_status(self.status.removesuffix(_CLEANUP if is_cleanup else _IN_PROGRESS) + end, reason)

    def _add_event(
        self, logical_id: str, physical_id: str, kind: str, status: str, reason: str | None
    ) -> None:
        now = datetime.now(UTC)
        self.events.append(StackEvent(logical_id, physical_id, kind, status, reason, self.token, now))
