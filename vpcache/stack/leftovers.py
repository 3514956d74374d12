"""What remains of a stack in the account, and its removal without Terraform."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from vpcache.stack.resource_types import KINDS, Say, Search, is_gone, pages
from vpcache.stack.resource_types.ec2 import FUNCTION_INTERFACE, INTERFACE
from vpcache.stack.resource_types.named import ROLE
from vpcache.stack.resource_types.resource_type import error_code
from vpcache.stack.target import Target

_PAUSE_SECONDS = 2
_GRACE_SECONDS = 60
"""How long a list may still show what is gone, and how long a deleted thing may still block another."""
# what is in use is not always free at once when its user is gone
_IN_USE = ("DependencyViolation", "InvalidIPAddress.InUse", "CacheSubnetGroupInUse", "DeleteConflict")
_TYPES = {kind.name: kind.terraform_types for kind in KINDS}


@dataclass(frozen=True, order=True)
class Leftover:
    """A resource of a stack: by its tag, or, where it bears none, by its name or its place in the VPC.

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
        """Whether this is a network interface that is only known to be in the stack's VPC."""
        return self.kind == INTERFACE.name and not self.is_tagged

    @property
    def names(self) -> frozenset[tuple[str, str]]:
        """Type and id as Terraform's state may have them."""
        return frozenset((type, self.id) for type in _TYPES.get(self.kind, ()))


def leftovers(
    target: Target, stack_name: str, vpc_id: str | None = None, *, since: datetime | None = None
) -> list[Leftover]:
    """Return all that is left of the stack in the order in which it can be deleted; given its VPC, the
    network interfaces there too, whoever made them.

    IAM is global: a role belongs to the stack if its Region tag says the target's region, or, where it bears
    none, if it was created after `since`.
    """
    left = [
        Leftover(kind.name, found.id, found.is_tagged, found.created, found.owners)
        for kind in KINDS
        for found in kind.find(target, Search(stack_name, since))
    ]
    known = {item.id for item in left}
    return left + [item for item in _interfaces(target, vpc_id) if item.id not in known]


def without_vanishing(
    look: Callable[[], list[Leftover]], vanishes: Callable[[Leftover], bool], seconds: float = _GRACE_SECONDS
) -> list[Leftover]:
    """Return what `look` finds once none of it `vanishes` any more, or after `seconds`.

    Lists of AWS show what was deleted for some seconds.
    """
    deadline = time.monotonic() + seconds
    left = look()
    while any(map(vanishes, left)) and time.monotonic() < deadline:
        time.sleep(_PAUSE_SECONDS)
        left = look()
    return left


def remove(
    target: Target,
    left: Iterable[Leftover],
    on_removal: Callable[[Leftover], None],
    say: Say = lambda _: None,
    *,
    timeout: float = _GRACE_SECONDS,
) -> dict[Leftover, str]:
    """Delete those that bear the stack's tag, each until it is gone, as long as any can be.

    `say` receives a line for each minute of a long wait. `timeout` (seconds) is how long what is in use is
    tried again though nothing else could be deleted meanwhile. Returns those that AWS would not delete, each
    with its reason. What bears no tag is not touched.
    """
    pending = [item for item in left if item.is_tagged]
    deadline = time.monotonic() + timeout
    while True:
        refused = _remove_once(target, pending, on_removal, say)
        if not refused:
            return {}
        if len(refused) < len(pending):
            deadline = time.monotonic() + timeout
        elif time.monotonic() > deadline or not any(refusal.is_in_use for refusal in refused.values()):
            return {item: refusal.reason for item, refusal in refused.items()}
        else:
            time.sleep(_PAUSE_SECONDS)
        pending = list(refused)  # what stood in their way may be gone now


@dataclass(frozen=True)
class _Refusal:
    reason: str
    is_in_use: bool = False


def _remove_once(
    target: Target, left: Iterable[Leftover], on_removal: Callable[[Leftover], None], say: Say
) -> dict[Leftover, _Refusal]:
    from botocore.exceptions import ClientError, WaiterError

    delete = {kind.name: kind.delete for kind in KINDS}
    refused: dict[Leftover, _Refusal] = {}
    for item in left:
        if first := next((other for other in refused if _goes_before(other, item)), None):
            refused[item] = _Refusal(f"{first} could not be removed")
            continue
        try:
            delete[item.kind](target, item.id, say)
        except (ClientError, WaiterError) as error:
            if not is_gone(error):
                refused[item] = _Refusal(str(error), error_code(error) in _IN_USE)
                continue
        on_removal(item)
    return refused


def _goes_before(first: Leftover, item: Leftover) -> bool:
    """Whether an item must not be deleted, or waited for, while another is there."""
    is_lambdas = item.kind == ROLE.name and first.kind == FUNCTION_INTERFACE.name
    return is_lambdas or bool(first.names & item.owners)


def _interfaces(target: Target, vpc_id: str | None) -> Iterator[Leftover]:
    if vpc_id is None:
        return
    vpc = [{"Name": "vpc-id", "Values": [vpc_id]}]
    for item in pages(target.client("ec2"), "describe_network_interfaces", "NetworkInterfaces", Filters=vpc):
        yield Leftover(INTERFACE.name, item["NetworkInterfaceId"], is_tagged=False)
