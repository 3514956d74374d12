"""What a change set would change, as far as this is known before its execution. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vpcache.lab.aws.cloudformation.model import Plan, StackResource
from vpcache.lab.aws.cloudformation.templates.dependencies import dependencies
from vpcache.lab.aws.cloudformation.templates.template import ResourceDefinition


def has_changes(before: Plan, after: Plan) -> bool:
    """Return whether a plan differs from another one in what CloudFormation calls an update."""
    return (
        _content(before) != _content(after)
        or before.parameters != after.parameters
        or before.tags != after.tags
    )


def resource_changes(
    before: Plan | None, after: Plan, resources: Mapping[str, StackResource], made: list[str]
) -> list[dict[str, Any]]:
    """Return the changes of resources as DescribeChangeSet shows them.

    `resources` are the stack's, and `made` those of the new template whose conditions are met.
    """
    old = before.template.resources if before else {}
    changed_parameters = {
        name for name, value in after.parameters.items() if before and before.parameters.get(name) != value
    }
    changes = []
    for name in made:
        definition = after.template.resources[name]
        if name not in resources:
            changes.append(_change("Add", definition.type, name))
        elif name not in old or _differs(old[name], definition, changed_parameters):
            physical = {"PhysicalResourceId": resources[name].id, "Replacement": "Conditional"}
            changes.append(_change("Modify", definition.type, name, physical))
    for name, resource in resources.items():
        if name not in made:
            changes.append(_change("Remove", resource.type, name, {"PhysicalResourceId": resource.id}))
    return changes


def _content(plan: Plan) -> tuple[Any, ...]:
    template = plan.template
    return (
        template.description,
        template.parameters,
        template.mappings,
        template.conditions,
        template.resources,
        template.outputs,
    )


def _differs(old: ResourceDefinition, new: ResourceDefinition, parameters: set[str]) -> bool:
    return old != new or bool(dependencies(new) & parameters)


def _change(action: str, kind: str, logical_id: str, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    change = {"Action": action, "LogicalResourceId": logical_id, "ResourceType": kind, **(more or {})}
    return {"Type": "Resource", "ResourceChange": {**change, "Scope": [], "Details": []}}
