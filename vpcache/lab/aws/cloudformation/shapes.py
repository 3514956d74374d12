"""Stacks, resources, events and change sets as CloudFormation's API shows them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vpcache.lab.aws.cloudformation.model import ChangeSet, Stack, StackEvent, StackResource
from vpcache.lab.aws.cloudformation.parameters import shown_parameters

Shape = dict[str, Any]


def stack_shape(stack: Stack) -> Shape:
    """Return a stack as DescribeStacks shows it."""
    plan = stack.plan
    outputs = [
        _present(
            {
                "OutputKey": each.key,
                "OutputValue": each.value,
                "Description": each.description,
                "ExportName": each.export,
            }
        )
        for each in stack.outputs
    ]
    return _common(stack) | _present(
        {
            "Capabilities": list(plan.capabilities) or None,
            "DisableRollback": stack.on_failure == "DO_NOTHING",
            "Description": plan.template.description,
            "EnableTerminationProtection": stack.is_protected,
            "NotificationARNs": [],
            "Outputs": outputs or None,
            "Parameters": shown_parameters(plan.template, plan.parameters) or None,
            "RollbackConfiguration": {},
            "Tags": tag_shapes(plan.tags),
            "TimeoutInMinutes": stack.timeout // 60 if stack.timeout else None,
        }
    )


def summary_shape(stack: Stack) -> Shape:
    """Return a stack as ListStacks shows it."""
    return _common(stack) | _present({"TemplateDescription": stack.plan.template.description})


def _common(stack: Stack) -> Shape:
    return _present(
        {
            "StackId": stack.id,
            "StackName": stack.name,
            "StackStatus": stack.status,
            "StackStatusReason": stack.reason,
            "CreationTime": stack.created,
            "LastUpdatedTime": stack.updated,
            "DeletionTime": stack.deleted,
            "DriftInformation": _NO_DRIFT,
        }
    )


_NO_DRIFT = {"StackDriftStatus": "NOT_CHECKED"}
_NO_RESOURCE_DRIFT = {"StackResourceDriftStatus": "NOT_CHECKED"}


def event_shape(stack: Stack, event: StackEvent) -> Shape:
    """Return an event as DescribeStackEvents shows it."""
    return _present(
        {
            "StackId": stack.id,
            "StackName": stack.name,
            "EventId": event.id,
            "LogicalResourceId": event.logical_id,
            "PhysicalResourceId": event.physical_id,
            "ResourceType": event.type,
            "ResourceStatus": event.status,
            "ResourceStatusReason": event.reason,
            "ClientRequestToken": event.token,
            "Timestamp": event.time,
        }
    )


def resource_shape(stack: Stack, resource: StackResource, time_name: str) -> Shape:
    """Return a resource; the operations differ in the name of its time."""
    return _present(
        {
            "StackId": stack.id,
            "StackName": stack.name,
            "LogicalResourceId": resource.logical_id,
            "PhysicalResourceId": resource.id or None,
            "ResourceType": resource.type,
            "ResourceStatus": resource.status,
            "ResourceStatusReason": resource.reason,
            "DriftInformation": _NO_RESOURCE_DRIFT,
            time_name: resource.changed,
        }
    )


def changes_shape(stack: Stack, changes: ChangeSet) -> Shape:
    """Return a change set as DescribeChangeSet shows it."""
    plan = changes.plan
    return changes_summary_shape(stack, changes) | _present(
        {
            "Capabilities": list(plan.capabilities) or None,
            "Changes": changes.changes,
            "NotificationARNs": [],
            "OnStackFailure": changes.on_failure,
            "Parameters": shown_parameters(plan.template, plan.parameters) or None,
            "RollbackConfiguration": {},
            "Tags": tag_shapes(plan.tags) or None,
        }
    )


def changes_summary_shape(stack: Stack, changes: ChangeSet) -> Shape:
    """Return a change set as ListChangeSets shows it."""
    return _present(
        {
            "ChangeSetId": changes.id,
            "ChangeSetName": changes.name,
            "CreationTime": changes.created,
            "Description": changes.description,
            "ExecutionStatus": changes.execution_status,
            "IncludeNestedStacks": False,
            "StackId": stack.id,
            "StackName": stack.name,
            "Status": changes.status,
            "StatusReason": changes.reason,
        }
    )


def tag_shapes(tags: Mapping[str, str]) -> list[Shape]:
    """Return tags as a list."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _present(shape: Shape) -> Shape:
    return {name: value for name, value in shape.items() if value is not None}
