"""The resources in the output of `terraform show -json` for a state or a plan. Pure.

The format is https://developer.hashicorp.com/terraform/internals/json-format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vpcache.errors import VpcacheError

_MARKS = ("format_version", "planned_values", "resource_changes", "values")
_FORMAT = "1"
"""The major version of the format; a later one may change the meaning of what is read here."""


@dataclass(frozen=True)
class Resource:
    """One instance of a resource or data source."""

    address: str
    type: str
    values: Mapping[str, Any]
    is_data: bool = False  # a data source, which is not managed

    def text(self, key: str) -> str:
        """Return a string attribute, empty if it is null or unknown."""
        value = self.values.get(key)
        return value if isinstance(value, str) else ""

    def texts(self, key: str) -> list[str]:
        """Return an attribute that is a list or set of strings, without unknown items."""
        return [item for item in self.values.get(key) or [] if isinstance(item, str)]

    def blocks(self, key: str) -> list[Mapping[str, Any]]:
        """Return the nested blocks named `key`."""
        return [block for block in self.values.get(key) or [] if isinstance(block, dict)]

    @property
    def id(self) -> str:
        """The ID of the resource, or its address if the ID is unknown."""
        return self.text("id") or self.address

    @property
    def name(self) -> str:
        """The name from its Name tag or its attributes, empty if there is none."""
        tags = self.values.get("tags") or {}
        return tags.get("Name") or self.text("name") or self.text("function_name")


@dataclass(frozen=True)
class Resources:
    """All resources of a root module and of the modules in it.

    `undecided` are the references of a plan that are known after the apply only, in sentences. `former` are
    the resources that a plan deletes or changes, as they are before: other resources may still list them.
    """

    all: tuple[Resource, ...]
    undecided: tuple[str, ...] = ()
    former: tuple[Resource, ...] = ()

    def of(self, *types: str) -> list[Resource]:
        """Return the resources of the given types, ordered by address."""
        return [resource for resource in self.all if resource.type in types]


def resources(document: Mapping[str, Any], evaluated: Mapping[str, Any] | None = None) -> Resources:
    """Return the resources of a state, or those after the apply of a plan.

    References to resources that a plan creates are the addresses of these; `evaluated` is as in
    `references.resolution.resolve`.
    Raises VpcacheError if the document is neither a state nor a plan, if it is empty, of another format
    version, or the plan of a failed run.
    """
    _check(document)
    if changes := document.get("resource_changes"):
        from vpcache.terraform.references.resolution import resolve  # not at the top: most tasks read states

        # the data sources of a plan are separate from its changes
        read = (document.get("prior_state") or {}).get("values", {}).get("root_module", {})
        data = (resource for resource in _of_module(read) if resource.is_data)
        resolution = resolve(document, evaluated)
        after = _after(changes, resolution.values)
        return Resources(_without_duplicates((*data, *after)), resolution.undecided, tuple(_before(changes)))
    if "root_module" not in (values := document.get("values") or {}):
        raise VpcacheError(
            "the document has no resources: use the output of `terraform show -json` for an applied "
            "root module or a plan file"
        )
    return Resources(_without_duplicates(tuple(_of_module(values["root_module"]))))


def _check(document: Any) -> None:
    version = str(document.get("format_version", _FORMAT)) if isinstance(document, Mapping) else _FORMAT
    if version.partition(".")[0] != _FORMAT:
        raise VpcacheError(
            f"the plan or state has format version {version}, and {_FORMAT}.x is known: write it with "
            "`terraform show -json` of Terraform 1.1 or newer"
        )
    if not isinstance(document, Mapping) or document.keys().isdisjoint(_MARKS):
        raise VpcacheError(
            "this JSON is neither a state nor a plan: use the output of `terraform show -json` or "
            "`terraform show -json PLANFILE`"
        )
    if document.get("errored"):
        raise VpcacheError("this plan is incomplete, as Terraform failed: correct the error and plan again")


def _without_duplicates(found: tuple[Resource, ...]) -> tuple[Resource, ...]:
    """Return the resources without data sources that read a managed resource of the document."""
    managed = {(resource.type, resource.text("id")) for resource in found if not resource.is_data}
    return tuple(item for item in found if not (item.is_data and (item.type, item.text("id")) in managed))


def _after(
    changes: Iterable[Mapping[str, Any]], resolved: Mapping[str, Mapping[str, Any]]
) -> Iterator[Resource]:
    for item in changes:
        if (after := item["change"].get("after")) is not None:
            yield _resource(item, resolved.get(item["address"], after))


def _before(changes: Iterable[Mapping[str, Any]]) -> Iterator[Resource]:
    for item in changes:
        change = item["change"]
        if change.get("before") and change.get("actions") not in (["no-op"], ["read"]):
            yield _resource(item, change["before"])


def _of_module(module: Mapping[str, Any]) -> Iterator[Resource]:
    for item in module.get("resources", []):
        yield _resource(item, item.get("values") or {})
    for child in module.get("child_modules", []):
        yield from _of_module(child)


def _resource(item: Mapping[str, Any], values: Mapping[str, Any]) -> Resource:
    return Resource(item["address"], item["type"], values, item["mode"] == "data")
