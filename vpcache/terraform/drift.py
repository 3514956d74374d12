"""Changes of resources outside Terraform, from a refresh-only plan. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_EMPTY: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True)
class Drift:
    """A resource that was changed outside Terraform in its `attributes`, or deleted (`action` is delete)."""

    address: str
    action: str
    attributes: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.address} ({', '.join(self.attributes) if self.attributes else 'deleted'})"


def drift(document: Mapping[str, Any]) -> list[Drift]:
    """Return the changed and deleted resources in the output of `terraform show -json` for a plan.

    An attribute that the state records as empty is not compared. The state has the values at the creation of
    a resource. The first refresh adds the values that other resources and the service set later: the rules of
    a security group, the routes of a route table, the association of an elastic IP.
    https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
    """
    found = []
    for item in document.get("resource_drift", []):
        before, after = item["change"].get("before") or {}, item["change"].get("after")
        if after is None:
            found.append(Drift(item["address"], "delete", ()))
        elif changed := sorted(
            name for name, value in before.items() if value not in _EMPTY and value != after.get(name)
        ):
            found.append(Drift(item["address"], "update", tuple(changed)))
    return sorted(found, key=lambda each: each.address)
