"""The resources in what `terraform show -json` prints of a state or of a plan. Pure.

The format is https://developer.hashicorp.com/terraform/internals/json-format.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vpcache.errors import VpcacheError


@dataclass(frozen=True)
class Resource:
    """One instance of a resource or data source."""

    address: str
    type: str
    values: Mapping[str, Any]
    is_data: bool = False  # read, not made

    def text(self, key: str) -> str:
        """Return an attribute that is a string; empty if it is null or not known yet."""
        value = self.values.get(key)
        return value if isinstance(value, str) else ""

    def texts(self, key: str) -> list[str]:
        """Return an attribute that is a list or set of strings, without what is not known yet."""
        return [item for item in self.values.get(key) or [] if isinstance(item, str)]

    def blocks(self, key: str) -> list[Mapping[str, Any]]:
        """Return the nested blocks of a type."""
        return [block for block in self.values.get(key) or [] if isinstance(block, dict)]

    @property
    def id(self) -> str:
        """Its id; its address if the id is not known yet."""
        return self.text("id") or self.address

    @property
    def name(self) -> str:
        """The name that a person gave it, by its tag or its attribute; empty if nobody did."""
        tags = self.values.get("tags") or {}
        return tags.get("Name") or self.text("name") or self.text("function_name")


@dataclass(frozen=True)
class Resources:
    """All resources of a root module and of the modules in it."""

    all: tuple[Resource, ...]

    def of(self, *types: str) -> list[Resource]:
        """Return those of some types, in the document's order, which is that of their addresses."""
        return [resource for resource in self.all if resource.type in types]


def resources(document: Mapping[str, Any]) -> Resources:
    """Return the resources of a state, or those that a plan's apply would leave.

    Raises VpcacheError if the document is neither, or empty.
    """
    if changes := document.get("resource_changes"):
        # what a plan has read from the account is apart from what it would make
        read = (document.get("prior_state") or {}).get("values", {}).get("root_module", {})
        data = (resource for resource in _of_module(read) if resource.is_data)
        return Resources(_each_once((*data, *_after(changes))))
    if "root_module" not in (values := document.get("values") or {}):
        raise VpcacheError(
            "there is no state or plan, or nothing in it: give what `terraform show -json` prints of an "
            "applied root module or of a plan file"
        )
    return Resources(_each_once(tuple(_of_module(values["root_module"]))))


def _each_once(found: tuple[Resource, ...]) -> tuple[Resource, ...]:
    """Leave out data sources that read a resource which is managed here, too."""
    managed = {(resource.type, resource.text("id")) for resource in found if not resource.is_data}
    return tuple(each for each in found if not (each.is_data and (each.type, each.text("id")) in managed))


def _after(changes: Iterable[Mapping[str, Any]]) -> Iterator[Resource]:
    for item in changes:
        if after := item["change"].get("after"):
            yield _resource(item, after)


def _of_module(module: Mapping[str, Any]) -> Iterator[Resource]:
    for item in module.get("resources", []):
        yield _resource(item, item.get("values") or {})
    for child in module.get("child_modules", []):
        yield from _of_module(child)


def _resource(item: Mapping[str, Any], values: Mapping[str, Any]) -> Resource:
    return Resource(item["address"], item["type"], values, item["mode"] == "data")
