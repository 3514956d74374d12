"""The order of a template's resources. Pure."""

from __future__ import annotations

from collections.abc import Collection
from graphlib import CycleError, TopologicalSorter

from vpcache.lab.aws.cloudformation.errors import TemplateError
from vpcache.lab.aws.cloudformation.templates.intrinsics import conditions_in, references
from vpcache.lab.aws.cloudformation.templates.template import ResourceDefinition, Template

_PSEUDO = "AWS::"


def dependencies(resource: ResourceDefinition) -> set[str]:
    """Return the names that a resource refers to, parameters included, and those of its DependsOn."""
    named = {name for name in references(resource.properties) if not name.startswith(_PSEUDO)}
    return named | set(resource.depends_on)


def creation_order(template: Template, made: Collection[str]) -> list[str]:
    """Return the logical IDs of the resources `made` in an order that satisfies their dependencies.

    Others are not made, because of their conditions. Raises TemplateError for a circle.
    """
    graph = {
        name: sorted(dependencies(resource) & set(made))
        for name, resource in template.resources.items()
        if name in made
    }
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        circle = ", ".join(sorted(set(error.args[1])))
        raise TemplateError(f"Circular dependency between resources: [{circle}]") from error


def check_references(template: Template) -> None:
    """Raise TemplateError for a reference to nothing."""
    known = template.resources.keys() | template.parameters.keys()
    resources = {name for each in template.resources.values() for name in dependencies(each)}
    outputs = {name for name in references(list(template.outputs.values())) if not name.startswith(_PSEUDO)}
    for section, names in (("Resources", resources), ("Outputs", outputs)):
        unknown = sorted(names - known)
        if unknown:
            raise TemplateError(
                f"Template format error: Unresolved resource dependencies [{', '.join(unknown)}] in the "
                f"{section} block of the template"
            )
    conditions = {each.condition for each in template.resources.values() if each.condition}
    conditions |= {str(each["Condition"]) for each in template.outputs.values() if "Condition" in each}
    conditions |= set(conditions_in([each.get("Value") for each in template.outputs.values()]))
    for name in sorted(conditions):
        if name not in template.conditions:
            raise TemplateError(
                f"Template format error: Unresolved condition dependency {name} in the template"
            )
