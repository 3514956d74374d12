"""Types of services that the lab does not extend: moto makes their resources.

moto's handlers read some properties and drop the others in silence, so a property that a handler has not read
fails the resource.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

from vpcache.lab.aws.cloudformation.calls import Calls
from vpcache.lab.aws.cloudformation.kinds.kind import Kind, Request
from vpcache.lab.aws.cloudformation.model import Made

_EXTENDED = (
    "AWS::CloudFormation::",
    "AWS::EC2::",
    "AWS::ElastiCache::",
    "AWS::IAM::",
    "AWS::Lambda::",
    "AWS::Logs::",
    "AWS::S3::",
)
"""Types that only the lab's own kinds make, by calls of the API."""
_REFUSED_SERVICES = (
    "AWS::AutoScaling::",
    "AWS::Batch::",
    "AWS::ECS::",
    "AWS::EFS::",
    "AWS::EMR::",
    "AWS::ElasticLoadBalancing::",
    "AWS::ElasticLoadBalancingV2::",
    "AWS::RDS::",
    "AWS::Redshift::",
)
"""Types of the services that a direct call is refused for."""
_REFUSED_PROPERTIES = {"AWS::Route53::HostedZone": frozenset({"VPCs"})}
_RECORDS = frozenset({"AWS::RDS::DBSubnetGroup", "AWS::Redshift::ClusterSubnetGroup"})
_NAME_PREFIXES = {"AWS::SSM::Parameter": "CFN"}
"""Types whose generated names begin with this instead of the stack's name, and are read from the properties.

https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-ssm (aws-ssm-parameter)
"""

Exclusive = Callable[[], AbstractContextManager[None]]
"""Blocks other changes of the model inside a `with` block, and reconciles the data plane at its end."""


class ReadProperties(dict[str, Any]):
    """Properties that remember which of them were read."""

    def __init__(self, properties: Mapping[str, Any]) -> None:
        super().__init__(properties)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a property, and remember its name."""
        self.read.add(name)
        return super().get(name, default)

    def pop(self, name: str, *default: Any) -> Any:
        """Remove a property, and remember its name."""
        self.read.add(name)
        return super().pop(name, *default)

    def items(self) -> Any:
        """Return all properties, which are then all read."""
        self.read.update(self)
        return super().items()

    def values(self) -> Any:
        """Return all values, which are then all read."""
        self.read.update(self)
        return super().values()

    def keys(self) -> Any:
        """Return all names; `**properties` reads them and then each value."""
        return super().keys()

    def __iter__(self) -> Iterator[str]:
        return super().__iter__()

    def unread(self) -> list[str]:
        """Return the names of the properties that were not read, sorted."""
        return sorted(set(super().keys()) - self.read)


def moto_kind(kind: str, account: str, exclusive: Exclusive) -> Kind | None:
    """Return the kind of a type that moto makes, None if there is none or the lab refuses it."""
    from moto.cloudformation.parsing import get_model_map

    is_refused = kind.startswith(_EXTENDED) or (kind.startswith(_REFUSED_SERVICES) and kind not in _RECORDS)
    model = None if is_refused else get_model_map().get(kind)
    if model is None:
        return None
    name_property = model.cloudformation_name_type() or None

    def create(request: Request) -> Made:
        given = request.properties.get(name_property) if name_property else None
        name = given or _new_name(kind, request)
        properties = ReadProperties(request.properties)
        if name_property:
            properties.read.add(name_property)
            if kind in _NAME_PREFIXES:
                properties[name_property] = name
        document = {"Type": kind, "Properties": properties}
        arguments = {"LogicalId": request.logical_id, "StackId": request.stack, "ResourceType": kind}
        with exclusive():
            resource = model.create_from_cloudformation_json(
                name, document, account, request.calls.region, **arguments
            )
            if unread := properties.unread():
                _remove(model, resource, document, account, request.calls.region)
                raise NotImplementedError(f"The property {unread[0]} of {kind} is not emulated.")
        return Made(str(resource.physical_resource_id), _Attributes(resource))

    def delete(calls: Calls, made: Made, properties: Mapping[str, Any]) -> None:
        document = {"Type": kind, "Properties": dict(properties)}
        if isinstance(made.attributes, _Attributes):
            with exclusive():
                _remove(model, made.attributes.resource, document, account, calls.region)

    refused = _REFUSED_PROPERTIES.get(kind, frozenset())
    return Kind(kind, None, create, delete, name_property=name_property, refused=refused)


def _new_name(kind: str, request: Request) -> str:
    from moto.cloudformation.parsing import generate_resource_name

    prefix = _NAME_PREFIXES.get(kind, request.stack)
    name: str = generate_resource_name(kind, prefix, request.logical_id)
    return name


def _remove(model: Any, resource: Any, document: dict[str, Any], account: str, region: str) -> None:
    if hasattr(resource, "delete"):
        resource.delete(account, region)
    else:
        model.delete_from_cloudformation_json(resource.physical_resource_id, document, account, region)


class _Attributes(Mapping[str, Any]):
    """The attributes of one of moto's resources, read when a template asks for them."""

    def __init__(self, resource: Any) -> None:
        self.resource = resource

    def __getitem__(self, name: str) -> Any:
        from moto.cloudformation.exceptions import UnsupportedAttribute
        from moto.cloudformation.parsing import UnformattedGetAttTemplateException

        try:
            return self.resource.get_cfn_attribute(name)
        except (AttributeError, UnsupportedAttribute, UnformattedGetAttTemplateException) as error:
            raise KeyError(name) from error

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0
