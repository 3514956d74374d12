"""CloudFormation: a stack makes what the lab emulates, and is refused before it makes anything else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.cloudformation.models import CloudFormationBackend, Stack
from moto.cloudformation.parsing import ResourceMap, get_model_map
from moto.cloudformation.urls import url_bases, url_paths

from vpcache.lab.aws.dispatch import UrlModule

_WITHOUT_EFFECT = frozenset({"AWS::CDK::Metadata"})  # kinds that make nothing on AWS either
_KINDS = frozenset(
    {
        "AWS::AutoScaling::AutoScalingGroup",
        "AWS::AutoScaling::ScheduledAction",
        "AWS::EC2::Instance",
        "AWS::EC2::SpotFleet",
        "AWS::EC2::TransitGateway",
        "AWS::EC2::VPCPeeringConnection",
    }
)
"""CloudFormation's types of the resources that a direct call is refused for."""
_NAMESPACES = frozenset(
    {
        "AWS::Batch",
        "AWS::ECS",
        "AWS::EFS",
        "AWS::EMR",
        "AWS::ElasticLoadBalancing",
        "AWS::ElasticLoadBalancingV2",
        "AWS::RDS",
        "AWS::Redshift",
    }
)
"""The same, for all types of a service."""
_RECORD_KINDS = frozenset({"AWS::RDS::DBSubnetGroup", "AWS::Redshift::ClusterSubnetGroup"})
_CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")


class StacksBackend(CloudFormationBackend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """CloudFormation of one region."""

    @property
    def _url_module(self) -> UrlModule:
        return UrlModule(url_bases, url_paths)

    def create_stack(
        self, name: str, template: str, parameters: dict[str, Any], *arguments: Any, **options: Any
    ) -> Any:
        """Create a stack of kinds that the lab emulates."""
        self._check(name, template, parameters)
        return super().create_stack(name, template, parameters, *arguments, **options)

    def update_stack(
        self,
        name: str,
        template: str,
        role_arn: str | None,
        parameters: list[dict[str, Any]],
        *arguments: Any,
        **options: Any,
    ) -> Any:
        """Update a stack to kinds that the lab emulates."""
        resolved = self._resolve_update_parameters(instance=self.get_stack(name), incoming_params=parameters)
        self._check(name, template, resolved)
        return super().update_stack(name, template, role_arn, parameters, *arguments, **options)

    def create_change_set(
        self,
        stack_name: str,
        change_set_name: str,
        template: str,
        parameters: dict[str, Any],
        *arguments: Any,
        **options: Any,
    ) -> Any:
        """Create a change set of kinds that the lab emulates."""
        self._check(stack_name, template, parameters)
        return super().create_change_set(
            stack_name, change_set_name, template, parameters, *arguments, **options
        )

    def execute_change_set(self, change_set_name: str, stack_name: str | None = None) -> None:
        """Execute a change set; its stack has the outputs of the template, which moto forgets."""
        super().execute_change_set(change_set_name, stack_name)
        change_set = self.describe_change_set(change_set_name)
        if change_set is None:
            return
        stack = self.stacks[change_set.stack_id]
        stack._parse_template()
        stack.resource_map._template = stack.template_dict
        stack.output_map = stack._create_output_map()
        for export in stack.exports:
            self.exports[export.name] = export

    def _check(self, name: str, template: str, parameters: dict[str, Any]) -> None:
        """Raise NotImplementedError if a template has a resource of a kind that the lab does not make."""
        body = Stack.parse_template(template)
        resources = ResourceMap(
            f"arn:{self.partition}:cloudformation:{self.region_name}:{self.account_id}:stack/{name}/check",
            name,
            parameters,
            {},
            region_name=self.region_name,
            account_id=self.account_id,
            template=body,
            cross_stack_resources=self.exports,
        )
        resources.load_mapping()
        resources.load_parameters()
        resources.load_conditions()
        for logical_id, resource in body["Resources"].items():
            condition = resource.get("Condition")
            if condition and not resources.lazy_condition_map[condition]:
                continue
            kind = str(resource.get("Type"))
            if not _is_made(kind) or _is_refused(kind, resource.get("Properties") or {}):
                raise NotImplementedError(f"The resource {logical_id} of the type {kind} is not emulated.")


def _is_made(kind: str) -> bool:
    return kind in _WITHOUT_EFFECT or kind.startswith(_CUSTOM) or kind in get_model_map()


def _is_refused(kind: str, properties: Mapping[str, Any]) -> bool:
    """Return whether CloudFormation must not make a resource that a direct call is refused for."""
    if kind == "AWS::Route53::HostedZone":
        return "VPCs" in properties
    is_of_service = kind.rpartition("::")[0] in _NAMESPACES and kind not in _RECORD_KINDS
    return kind in _KINDS or is_of_service
