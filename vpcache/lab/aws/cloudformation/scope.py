"""What the intrinsic functions of a stack's template refer to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from vpcache.lab.aws.cloudformation.calls import Calls
from vpcache.lab.aws.cloudformation.errors import ResourceError, TemplateError
from vpcache.lab.aws.cloudformation.model import Plan, Stack
from vpcache.lab.aws.cloudformation.parameters import resolved_parameters
from vpcache.lab.aws.cloudformation.templates.intrinsics import NO_VALUE, evaluate
from vpcache.lab.aws.cloudformation.templates.template import ResourceDefinition

_SUFFIX = "amazonaws.com"


class StackScope:
    """The parameters, conditions and resources of a stack with a plan (a `Scope`).

    `exports` returns the values of the region's exports by name.
    """

    def __init__(
        self, stack: Stack, plan: Plan, calls: Calls, account: str, exports: Callable[[], Mapping[str, str]]
    ) -> None:
        self._stack = stack
        self._plan = plan
        self._calls = calls
        self._exports = exports
        self._parameters = resolved_parameters(plan.template, plan.parameters, self._stored)
        self._conditions: dict[str, bool] = {}
        self._pseudo: dict[str, Any] = {
            "AWS::AccountId": account,
            "AWS::NoValue": NO_VALUE,
            "AWS::NotificationARNs": [],
            "AWS::Partition": "aws",
            "AWS::Region": calls.region,
            "AWS::StackId": stack.id,
            "AWS::StackName": stack.name,
            "AWS::URLSuffix": _SUFFIX,
        }
        self.imports: set[str] = set()  # names of the exports that were used

    def made(self) -> list[str]:
        """Return the logical IDs of the resources whose conditions are met."""
        return [name for name, each in self._plan.template.resources.items() if self.is_met(each.condition)]

    def is_met(self, condition: str | None) -> bool:
        """Return whether a condition is met; no condition always is."""
        return condition is None or self.condition(condition)

    def properties(self, definition: ResourceDefinition) -> dict[str, Any]:
        """Return the properties of a resource, resolved."""
        properties: dict[str, Any] = evaluate(dict(definition.properties), self)
        return properties

    # a Scope

    def ref(self, name: str) -> Any:
        """Return the value of a parameter or a pseudo parameter, or the ID of a resource."""
        if name in self._pseudo:
            return self._pseudo[name]
        if name in self._parameters:
            return self._parameters[name]
        return self._resource(name).id

    def attribute(self, logical_id: str, name: str) -> Any:
        """Return an attribute of a resource."""
        made = self._resource(logical_id)
        try:
            return made.attributes[name]
        except KeyError:
            raise TemplateError(
                f"Template error: resource {logical_id} does not support attribute type {name} in Fn::GetAtt"
            ) from None

    def mapped(self, mapping: str, first: str, second: str) -> Any:
        """Return a value of a mapping."""
        try:
            return self._plan.template.mappings[mapping][first][second]
        except KeyError:
            raise TemplateError(
                f"Template error: Unable to get mapping for {mapping}::{first}::{second}"
            ) from None

    def condition(self, name: str) -> bool:
        """Return whether a condition is met."""
        if name not in self._conditions:
            if name not in self._plan.template.conditions:
                raise TemplateError(f"Template format error: Unresolved condition dependency {name}")
            self._conditions[name] = bool(evaluate(self._plan.template.conditions[name], self))
        return self._conditions[name]

    def imported(self, name: str) -> Any:
        """Return the value of another stack's export."""
        exports = self._exports()
        if name not in exports:
            raise ResourceError(f"No export named {name} found.")
        self.imports.add(name)
        return exports[name]

    def zones(self, region: str) -> list[str]:
        """Return the availability zones of a region."""
        filters = [{"Name": "region-name", "Values": [region or self._calls.region]}]
        zones = self._calls("ec2", "DescribeAvailabilityZones", Filters=filters)["AvailabilityZones"]
        return [each["ZoneName"] for each in zones]

    def dynamic(self, reference: str) -> str:
        """Return the value of a dynamic reference to Systems Manager."""
        service, _, name = reference.partition(":")
        if service != "ssm":
            raise NotImplementedError(f"The dynamic reference {{{{resolve:{reference}}}}} is not emulated.")
        return self._stored(name)

    def _stored(self, name: str) -> str:
        return str(self._calls("ssm", "GetParameter", Name=name)["Parameter"]["Value"])

    def _resource(self, logical_id: str) -> Any:
        resource = self._stack.resources.get(logical_id)
        if resource is None or resource.made is None:
            raise TemplateError(f"Template format error: Unresolved resource dependency {logical_id}")
        return resource.made


def output_values(plan: Plan, scope: StackScope) -> Iterable[tuple[str, str, str | None, str | None]]:
    """Yield key, value, description and export name of each output whose condition is met."""
    for key, body in plan.template.outputs.items():
        if not scope.is_met(body.get("Condition")):
            continue
        value = evaluate(body.get("Value"), scope)
        if isinstance(value, list | dict):
            raise ResourceError(
                "Template format error: The Value field of every Outputs member must evaluate to a String: "
                f"{key}"
            )
        export = evaluate((body.get("Export") or {}).get("Name"), scope)
        yield key, str(value), body.get("Description"), export
