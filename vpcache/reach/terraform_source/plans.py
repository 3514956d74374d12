"""The networks before and after a plan. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vpcache.lab.topology import Topology
from vpcache.reach.network import Network
from vpcache.reach.terraform_source.network import network

NO_NETWORK = Network(Topology(), {})
"""The network before the first apply, and after a destroy."""


def is_plan(document: Mapping[str, Any]) -> bool:
    """Return whether a document is a plan; otherwise it is a state."""
    return "resource_changes" in document


def after(document: Mapping[str, Any], evaluated: Mapping[str, Any] | None = None) -> Network:
    """Return the network after a plan, or that of a state. It is empty after a destroy.

    `evaluated` is as in `vpcache.terraform.references.resolution`.
    """
    changes = _managed(document) if is_plan(document) else []
    if changes and all(each["change"]["actions"] == ["delete"] for each in changes):
        return NO_NETWORK
    return network(document, evaluated)


def before(plan: Mapping[str, Any]) -> Network:
    """Return the network that a plan changes: that of the state after its refresh, empty without one."""
    return network(plan["prior_state"]) if has_before(plan) else NO_NETWORK


def has_before(document: Mapping[str, Any]) -> bool:
    """Return whether a document is the plan of a change to a network that exists."""
    return is_plan(document) and _has_subnets(document.get("prior_state") or {})


def _managed(plan: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [each for each in plan["resource_changes"] if each.get("mode") == "managed"]


def _has_subnets(state: Mapping[str, Any]) -> bool:
    root = state.get("values", {}).get("root_module", {})
    return _has_subnets_in(root)


def _has_subnets_in(module: Mapping[str, Any]) -> bool:
    found = any(
        item.get("type") in ("aws_subnet", "aws_default_subnet") for item in module.get("resources", ())
    )
    return found or any(map(_has_subnets_in, module.get("child_modules", ())))
