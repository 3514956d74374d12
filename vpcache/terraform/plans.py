"""The effects of a plan on resources with data, and on resources that cannot be replaced in use. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_STATEFUL = ("aws_eip", "aws_elasticache_cluster", "aws_nat_gateway", "aws_subnet", "aws_vpc")
_FIXED = ("aws_subnet", "aws_vpc")
_REMOVALS = ("delete", "replace")
_SHOWN = 8  # addresses in one line


@dataclass(frozen=True)
class PlannedChange:
    """The planned action on one resource: create, update, delete or replace."""

    address: str
    type: str
    action: str

    def __str__(self) -> str:
        return f"{self.action} {self.address}"


def planned_change(event: Mapping[str, Any]) -> PlannedChange | None:
    """Return the change in an event of `terraform plan -json`, None if it is another type of event.

    https://developer.hashicorp.com/terraform/internals/machine-readable-ui#planned-change
    """
    if event.get("type") != "planned_change":
        return None
    change = event["change"]
    return PlannedChange(change["resource"]["addr"], change["resource"]["resource_type"], change["action"])


def replaced(changes: Iterable[PlannedChange]) -> list[PlannedChange]:
    """Return the VPCs and subnets that are replaced, e.g. because their CIDR block changes.

    Terraform changes the resources in them only after their deletion, which AWS rejects while they are in
    use. Such an apply deletes the NAT gateways, waits for an hour, and fails.
    """
    return [change for change in changes if change.type in _FIXED and change.action == "replace"]


def stateful_losses(changes: Iterable[PlannedChange]) -> list[PlannedChange]:
    """Return the changes that delete or replace clusters, NAT gateways, elastic IPs, subnets or VPCs."""
    return [change for change in changes if change.type in _STATEFUL and change.action in _REMOVALS]


def losses(changes: Iterable[PlannedChange]) -> dict[str, list[str]]:
    """Return the addresses that a plan replaces, and those that it destroys without a replacement, sorted."""
    all_changes = list(changes)  # Terraform reports them in no fixed order
    return {
        name: sorted(change.address for change in all_changes if change.action == action)
        for name, action in (("replaces", "replace"), ("destroys", "delete"))
    }


def losses_line(changes: Iterable[PlannedChange]) -> str:
    """Return `losses` in one line with the first addresses of each kind, empty if there are none."""
    return "; ".join(
        f"{name} {len(addresses)}: {', '.join(addresses[:_SHOWN])}"
        + (f" and {len(addresses) - _SHOWN} more" if len(addresses) > _SHOWN else "")
        for name, addresses in losses(changes).items()
        if addresses
    )


def what_to_confirm(
    stack_name: str,
    changes: Sequence[PlannedChange],
    outside: Sequence[object] = (),
    *,
    is_protected: bool,
    is_destroy: bool,
) -> str:
    """Return a text about the changes that require the stack's name to be typed, empty if there are none.

    `outside` are the resources outside the state that are deleted too.
    """
    if is_protected and is_destroy and (changes or outside):
        return f"destroy {stack_name}, which is protected"
    if in_place := [] if is_destroy else replaced(changes):
        return (
            f"{', '.join(map(str, in_place))}: AWS cannot replace {in_place[0].address} while functions, "
            "caches and gateways are in it: the apply would delete the NAT gateways and fail after an hour; "
            "remove the zone from the environment, apply, and add it again with its new CIDR block"
        )
    lost = [*stateful_losses(changes), *(f"delete {item}" for item in outside)] if is_protected else []
    return f"{', '.join(map(str, lost))}: {stack_name} is protected" if lost else ""
