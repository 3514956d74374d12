"""What a plan does to resources that hold something or cannot be replaced while they are in use. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_STATEFUL = ("aws_eip", "aws_elasticache_cluster", "aws_nat_gateway", "aws_subnet", "aws_vpc")
_FIXED = ("aws_subnet", "aws_vpc")
_REMOVALS = ("delete", "replace")


@dataclass(frozen=True)
class Change:
    """What a plan does to one resource: create, update, delete or replace."""

    address: str
    type: str
    action: str

    def __str__(self) -> str:
        return f"{self.action} {self.address}"


def planned_change(event: Mapping[str, Any]) -> Change | None:
    """Return the change that an event of `terraform plan -json` announces, None if it is another event.

    https://developer.hashicorp.com/terraform/internals/machine-readable-ui#planned-change
    """
    if event.get("type") != "planned_change":
        return None
    change = event["change"]
    return Change(change["resource"]["addr"], change["resource"]["resource_type"], change["action"])


def replaced(changes: Iterable[Change]) -> list[Change]:
    """Return the VPCs and subnets that are replaced, as they are when their range changes.

    What stands in them is only changed after their destruction, which AWS refuses until then: an apply waits
    for an hour, with the NAT gateways gone, and fails.
    """
    return [change for change in changes if change.type in _FIXED and change.action == "replace"]


def stateful_losses(changes: Iterable[Change]) -> list[Change]:
    """Return the changes that destroy or replace clusters, NAT gateways, addresses, subnets or VPCs."""
    return [change for change in changes if change.type in _STATEFUL and change.action in _REMOVALS]


def what_to_confirm(
    stack_name: str,
    changes: Sequence[Change],
    outside: Sequence[object] = (),
    *,
    is_protected: bool,
    is_destroy: bool,
) -> str:
    """Return what needs the stack's name typed, empty if nothing does.

    `outside` is what is deleted besides, of what is outside the state.
    """
    if is_protected and is_destroy and (changes or outside):
        return f"destroy {stack_name}, which is protected"
    if in_place := [] if is_destroy else replaced(changes):
        return (
            f"{', '.join(map(str, in_place))}: AWS cannot replace {in_place[0].address} while functions, "
            "caches and gateways are in it, and such an apply fails after an hour, the NAT gateways gone; "
            "take the zone out of the environment, apply, and add it again with its new range"
        )
    lost = [*stateful_losses(changes), *(f"delete {item}" for item in outside)] if is_protected else []
    return f"{', '.join(map(str, lost))}: {stack_name} is protected" if lost else ""
