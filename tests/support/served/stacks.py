"""Stacks in a served region, for tests of CloudFormation."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.support.served.region import unique

TIMEOUT = 60.0  # seconds, enough for a busy machine


class Stacks:
    """A client of a region's CloudFormation, which waits for stacks."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def create(
        self, resources: dict[str, Any], expected: str = "CREATE_COMPLETE", **options: Any
    ) -> dict[str, Any]:
        """Create a stack with a new name, wait for a status, and return the stack."""
        sections = {name: options.pop(name) for name in list(options) if name in SECTIONS}
        body = json.dumps({"Resources": resources, **sections})
        arguments = {"StackName": unique("stack"), "TemplateBody": body, "Capabilities": CAPABILITIES}
        stack = self.client.create_stack(**arguments | options)["StackId"]
        return self.wait(stack, expected)

    def update(
        self, stack: str, resources: dict[str, Any], expected: str = "UPDATE_COMPLETE", **options: Any
    ) -> dict[str, Any]:
        """Update a stack, wait for a status, and return the stack."""
        sections = {name: options.pop(name) for name in list(options) if name in SECTIONS}
        body = json.dumps({"Resources": resources, **sections})
        arguments = {"StackName": stack, "TemplateBody": body, "Capabilities": CAPABILITIES}
        self.client.update_stack(**arguments | options)
        return self.wait(stack, expected)

    def delete(self, stack: str, expected: str = "DELETE_COMPLETE") -> dict[str, Any]:
        """Delete a stack by its ID, wait for a status, and return the stack."""
        self.client.delete_stack(StackName=stack)
        return self.wait(stack, expected)

    def wait(self, stack: str, expected: str) -> dict[str, Any]:
        """Wait until no operation is in progress; fail with the reasons if the status is another one."""
        deadline = time.monotonic() + TIMEOUT
        while True:
            (found,) = self.client.describe_stacks(StackName=stack)["Stacks"]
            if not found["StackStatus"].endswith("_IN_PROGRESS") or time.monotonic() > deadline:
                break
            time.sleep(0.02)
        assert found["StackStatus"] == expected, self.reasons(stack)
        return dict(found)

    def reasons(self, stack: str) -> list[str]:
        """Return the reasons of the failures of a stack, oldest first."""
        events = reversed(self.client.describe_stack_events(StackName=stack)["StackEvents"])
        return [
            f"{each['LogicalResourceId']}: {each['ResourceStatusReason']}"
            for each in events
            if each["ResourceStatus"].endswith("FAILED")
        ]

    def ids(self, stack: str) -> dict[str, str]:
        """Return the physical ID of each resource by its logical ID."""
        resources = self.client.describe_stack_resources(StackName=stack)["StackResources"]
        return {each["LogicalResourceId"]: each.get("PhysicalResourceId", "") for each in resources}

    def statuses(self, stack: str, logical_id: str) -> list[str]:
        """Return the statuses of one resource's events, oldest first."""
        events = reversed(self.client.describe_stack_events(StackName=stack)["StackEvents"])
        return [each["ResourceStatus"] for each in events if each["LogicalResourceId"] == logical_id]


SECTIONS = ("Parameters", "Mappings", "Conditions", "Outputs", "Description")
CAPABILITIES = ["CAPABILITY_NAMED_IAM"]


def outputs(stack: dict[str, Any]) -> dict[str, str]:
    """Return the outputs of a stack."""
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", ())}


def ref(name: str) -> dict[str, str]:
    """Return a reference to a parameter or resource."""
    return {"Ref": name}


def att(name: str, attribute: str) -> dict[str, list[str]]:
    """Return a reference to an attribute of a resource."""
    return {"Fn::GetAtt": [name, attribute]}


def resource(kind: str, depends_on: str | None = None, **properties: Any) -> dict[str, Any]:
    """Return a resource of a template."""
    more = {"DependsOn": depends_on} if depends_on else {}
    return {"Type": f"AWS::{kind}", "Properties": properties, **more}
