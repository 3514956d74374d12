"""Leftovers of a stack in the account, and their removal without Terraform."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from vpcache.stack.resource_types import RESOURCE_TYPES, Notify, Search, is_gone, pages
from vpcache.stack.resource_types.ec2 import FUNCTION_INTERFACE, INTERFACE
from vpcache.stack.resource_types.named import ROLE
from vpcache.stack.resource_types.resource_type import error_code
from vpcache.stack.target import Target

_PAUSE_SECONDS = 2
_GRACE_SECONDS = 60
"""How long listings may show a deleted resource, and how long a deleted resource may block another one."""
# a resource may remain in use for a moment after its user was deleted
_IN_USE = ("DependencyViolation", "InvalidIPAddress.InUse", "CacheSubnetGroupInUse", "DeleteConflict")
_TYPES = {type.name: type.terraform_types for type in RESOURCE_TYPES}


@dataclass(frozen=True, order=True)
class Leftover:
    """A resource of a stack, found by its tag or, without a tag, by its name or its VPC.

    `created` and `owners` are those of `vpcache.stack.resource_types.FoundResource`.
    """

    kind: str
    id: str
    is_tagged: bool
    created: datetime | None = field(default=None, compare=False)
    owners: frozenset[tuple[str, str]] = field(default=frozenset(), compare=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def is_others_interface(self) -> bool:
        """Whether this is a network interface in the stack's VPC without the stack's tag."""
        return self.kind == INTERFACE.name and not self.is_tagged

    @property
    def names(self) -> frozenset[tuple[str, str]]:
        """The pairs of type and ID that Terraform's state may have for this resource."""
        return frozenset((type, self.id) for type in _TYPES.get(self.kind, ()))


def leftovers(
    target: Target, stack_name: str, vpc_id: str | None = None, *, since: datetime | None = None
) -> list[Leftover]:
    """Return the leftovers of the stack, in the order in which they can be deleted.

    With `vpc_id`, all network interfaces in that VPC are included. IAM is global: a role belongs to the stack
    if its Region tag is the target's region or, without that tag, if it was created after `since`.
    """
    left = [
        Leftover(type.name, found.id, found.is_tagged, found.created, found.owners)
        for type in RESOURCE_TYPES
        for found in type.find(target, Search(stack_name, since))
    ]
    known = {item.id for item in left}
    return left + [item for item in _interfaces(target, vpc_id) if item.id not in known]


def settled_leftovers(
    find: Callable[[], list[Leftover]],
    is_vanishing: Callable[[Leftover], bool],
    seconds: float = _GRACE_SECONDS,
) -> list[Leftover]:
    """Return the result of `find` as soon as no item `is_vanishing`, or after `seconds`.

    AWS lists deleted resources for some seconds.
    """
    deadline = time.monotonic() + seconds
    left = find()
    while any(map(is_vanishing, left)) and time.monotonic() < deadline:
        time.sleep(_PAUSE_SECONDS)
        left = find()
    return left


def remove(
    target: Target,
    left: Iterable[Leftover],
    on_removal: Callable[[Leftover], None],
    notify: Notify = lambda _: None,
    *,
    timeout: float = _GRACE_SECONDS,
) -> dict[Leftover, str]:
    """Delete the leftovers that have the stack's tag, and wait for each deletion.

    `notify` receives one line for each minute of a long wait. A resource in use is retried for `timeout`
    seconds after the last successful deletion. Returns the resources that AWS did not delete, each with its
    reason. Resources without the tag are not deleted.
    """
    pending = [item for item in left if item.is_tagged]
    deadline = time.monotonic() + timeout
    while True:
        refused = _remove_once(target, pending, on_removal, notify)
        if not refused:
            return {}
        if len(refused) < len(pending):
            deadline = time.monotonic() + timeout
        elif time.monotonic() > deadline or not any(refusal.is_in_use for refusal in refused.values()):
            return {item: refusal.reason for item, refusal in refused.items()}
        else:
            time.sleep(_PAUSE_SECONDS)
        pending = list(refused)  # the resources that blocked them may be deleted by now


@dataclass(frozen=True)
class _Refusal:
    reason: str
    is_in_use: bool = False


def _remove_once(
    target: Target, left: Iterable[Leftover], on_removal: Callable[[Leftover], None], notify: Notify
) -> dict[Leftover, _Refusal]:
    from botocore.exceptions import ClientError, WaiterError

    delete = {type.name: type.delete for type in RESOURCE_TYPES}
    refused: dict[Leftover, _Refusal] = {}
    for item in left:
        if first := next((other for other in refused if _blocks(other, item)), None):
            refused[item] = _Refusal(f"{first} could not be removed")
            continue
        try:
            delete[item.kind](target, item.id, notify)
        except (ClientError, WaiterError) as error:
            if not is_gone(error):
                refused[item] = _Refusal(str(error), error_code(error) in _IN_USE)
                continue
        on_removal(item)
    return refused


def _blocks(first: Leftover, item: Leftover) -> bool:
    """Return whether `item` must not be deleted, or awaited, while `first` exists."""
    is_function_role = item.kind == ROLE.name and first.kind == FUNCTION_INTERFACE.name
    return is_function_role or bool(first.names & item.owners)


def _interfaces(target: Target, vpc_id: str | None) -> Iterator[Leftover]:
    if vpc_id is None:
        return
    vpc = [{"Name": "vpc-id", "Values": [vpc_id]}]
    for item in pages(target.client("ec2"), "describe_network_interfaces", "NetworkInterfaces", Filters=vpc):
        yield Leftover(INTERFACE.name, item["NetworkInterfaceId"], is_tagged=False)
