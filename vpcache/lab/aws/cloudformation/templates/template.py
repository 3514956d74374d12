"""Templates: their text, their sections and their resources.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from vpcache.lab.aws.cloudformation.errors import TemplateError

_SECTIONS = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
    }
)
_NOT_EMULATED = frozenset({"Hooks", "Rules", "Transform"})
_RESOURCE = frozenset(
    {
        "Condition",
        "DeletionPolicy",
        "DependsOn",
        "Description",
        "Metadata",
        "Properties",
        "Type",
        "UpdateReplacePolicy",
    }
)
_RESOURCE_NOT_EMULATED = frozenset({"CreationPolicy", "UpdatePolicy"})
_DELETION = ("Delete", "Retain", "RetainExceptOnCreate")


@dataclass(frozen=True)
class ResourceDefinition:
    """A resource of a template, with its intrinsic functions."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    depends_on: tuple[str, ...] = ()
    condition: str | None = None
    deletion_policy: str = "Delete"
    replace_policy: str = "Delete"


@dataclass(frozen=True)
class Template:
    """A template whose structure is valid."""

    text: str
    description: str | None
    parameters: Mapping[str, Mapping[str, Any]]
    mappings: Mapping[str, Any]
    conditions: Mapping[str, Any]
    resources: Mapping[str, ResourceDefinition]
    outputs: Mapping[str, Mapping[str, Any]]


def parse_template(text: str) -> Template:
    """Return the template of a text in JSON or YAML.

    Raises TemplateError for an invalid one, and NotImplementedError for a section that the lab has not.
    """
    body = _load(text)
    if not isinstance(body, dict):
        raise TemplateError("Template format error: unsupported structure.")
    _check_names(body, _SECTIONS, _NOT_EMULATED, "template")
    resources = body.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise TemplateError("Template format error: At least one Resources member must be defined.")
    return Template(
        text,
        body.get("Description"),
        body.get("Parameters") or {},
        body.get("Mappings") or {},
        body.get("Conditions") or {},
        {name: _resource(name, each) for name, each in resources.items()},
        body.get("Outputs") or {},
    )


def _resource(name: str, body: Any) -> ResourceDefinition:
    if not name.isalnum():
        raise TemplateError(f"Template format error: Resource name {name} is non alphanumeric.")
    if not isinstance(body, dict) or not isinstance(body.get("Type"), str):
        raise TemplateError(
            f"Template format error: [/Resources/{name}] Every Resources object must contain a Type member."
        )
    _check_names(body, _RESOURCE, _RESOURCE_NOT_EMULATED, f"resource {name}")
    depends_on = body.get("DependsOn") or ()
    policies = [body.get(policy) or "Delete" for policy in ("DeletionPolicy", "UpdateReplacePolicy")]
    for policy in policies:
        if policy not in _DELETION:
            raise NotImplementedError(f"The DeletionPolicy {policy} of {name} is not emulated.")
    return ResourceDefinition(
        name,
        body["Type"],
        body.get("Properties") or {},
        (depends_on,) if isinstance(depends_on, str) else tuple(depends_on),
        body.get("Condition"),
        *policies,
    )


def _check_names(
    body: Mapping[str, Any], known: frozenset[str], not_emulated: frozenset[str], place: str
) -> None:
    for name in body:
        if name in not_emulated:
            raise NotImplementedError(f"The attribute {name} of the {place} is not emulated.")
        if name not in known:
            raise TemplateError(f"Invalid template property or properties [{name}] in the {place}")


def _load(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506  # the loader is a SafeLoader
    except yaml.YAMLError as error:
        raise TemplateError(f"Template format error: YAML not well-formed. ({error})") from error


class _Loader(yaml.SafeLoader):
    """YAML with the short forms of intrinsic functions; dates stay text, as in AWS's parser."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)
_Loader.yaml_implicit_resolvers = {
    first: [each for each in resolvers if each[0] != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
