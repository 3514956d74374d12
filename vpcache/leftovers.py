"""What of a stack is still in the account, and its removal where Terraform no longer knows of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from vpcache.kinds import KINDS, pages
from vpcache.target import Target


@dataclass(frozen=True, order=True)
class Leftover:
    """A resource of a stack: by its tag, or, where it bears none, by its name or its place in the VPC."""

    kind: str
    id: str
    is_tagged: bool

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


def leftovers(target: Target, stack_name: str, vpc_id: str | None = None) -> list[Leftover]:
    """Return all that is left of the stack in the order in which it can be deleted; given its VPC, the
    network interfaces there too, whoever made them.
    """
    left = [
        Leftover(kind.name, found.id, found.is_tagged)
        for kind in KINDS
        for found in kind.find(target, stack_name)
    ]
    known = {item.id for item in left}
    return left + [item for item in _interfaces(target, vpc_id) if item.id not in known]


def remove(
    target: Target, left: Iterable[Leftover], on_removal: Callable[[Leftover], None]
) -> dict[Leftover, str]:
    """Delete those that bear the stack's tag, each until it is gone, as long as any can be.

    Returns those that the account would not delete, each with its reason. What bears no tag is not touched.
    """
    pending = [item for item in left if item.is_tagged]
    while True:
        refused = _remove_once(target, pending, on_removal)
        if not refused or len(refused) == len(pending):
            return refused
        pending = list(refused)  # what stood in their way may be gone now


def _remove_once(
    target: Target, left: Iterable[Leftover], on_removal: Callable[[Leftover], None]
) -> dict[Leftover, str]:
    from botocore.exceptions import ClientError, WaiterError

    delete = {kind.name: kind.delete for kind in KINDS}
    refused = {}
    for item in left:
        try:
            delete[item.kind](target, item.id)
        except (ClientError, WaiterError) as error:
            refused[item] = str(error)
        else:
            on_removal(item)
    return refused


def _interfaces(target: Target, vpc_id: str | None) -> Iterator[Leftover]:
    if vpc_id is None:
        return
    vpc = [{"Name": "vpc-id", "Values": [vpc_id]}]
    for item in pages(target.client("ec2"), "describe_network_interfaces", "NetworkInterfaces", Filters=vpc):
        yield Leftover("network interface", item["NetworkInterfaceId"], is_tagged=False)
