"""The instances of a plan's resources and modules, with the expressions of their configuration. Pure.

https://developer.hashicorp.com/terraform/internals/json-format#configuration-representation
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vpcache.terraform.references.addresses import Key, child_address, module_steps

Json = Mapping[str, Any]
_Source = tuple[str, str, str, bool]  # module, type, name, whether it is a data source


@dataclass(frozen=True)
class Instance:
    """An instance of a resource or a data source. `module` is the address of its module, empty for the root.

    `values` are the known attributes after the apply, `unknown` has true for each that is not known.
    """

    address: str
    module: str
    type: str
    name: str
    key: Key
    is_data: bool
    values: Json
    unknown: Json

    @property
    def source(self) -> str:
        """The address of the resource without the key of the instance."""
        return f"{self.module} {self.type}.{self.name}"


@dataclass(frozen=True)
class Scope:
    """The place of an expression: an instance of a module, and the keys that `each` and `count` have there.

    `iterated` are the references of `for_each`.
    """

    module: ModuleInstance
    key: Key = None
    iterated: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModuleInstance:
    """An instance of a module, with its configuration, and the call of its parent."""

    address: str
    configuration: Json
    parent: ModuleInstance | None = None
    call: Json | None = None
    key: Key = None

    def and_parents(self) -> Iterator[ModuleInstance]:
        """Yield this module, its parent, and so on up to the root module."""
        yield self
        if self.parent:
            yield from self.parent.and_parents()

    def argument(self, name: str) -> tuple[Scope, Sequence[str]] | None:
        """Return the references of the value that the parent gives to a variable, and their scope."""
        if self.parent is None or self.call is None:
            return None
        expression = (self.call.get("expressions") or {}).get(name) or {}
        return Scope(self.parent, self.key, _iterated(self.call)), tuple(texts_of(expression))

    def outputs(self, name: str = "") -> Iterator[tuple[str, ...]]:
        """Yield the references of an output, or of all outputs."""
        for known, output in (self.configuration.get("outputs") or {}).items():
            if name in ("", known):
                yield tuple(texts_of(output.get("expression") or {}))


class Configuration:
    """Looks up the instances of a plan and the expressions of their attributes."""

    def __init__(self, document: Json) -> None:
        self._root = ModuleInstance("", document.get("configuration", {}).get("root_module", {}))
        self.variables = document.get("variables") or {}
        prior = (document.get("prior_state") or {}).get("values", {}).get("root_module", {})
        self.instances = (*_planned(document["resource_changes"]), *_read(prior))
        self._modules = {"": self._root}
        self._configured: dict[_Source, Json] = {}

    def of(self, module: ModuleInstance, kind: str, name: str, *, is_data: bool) -> list[Instance]:
        """Return the instances of one resource in a module."""
        return self._by_source.get((module.address, kind, name, is_data), [])

    def module(self, address: str) -> ModuleInstance:
        """Return the instance of a module by its address."""
        if address not in self._modules:
            found = self._root
            for name, key in module_steps(address):
                found = self._child(found, name, key)
            self._modules[address] = found
        return self._modules[address]

    def children(self, parent: ModuleInstance, name: str) -> list[ModuleInstance]:
        """Return the instances of a module that `parent` calls."""
        depth = len(module_steps(parent.address))
        prefix = child_address(parent.address, name, None)
        inside = (each for each in self._addresses if each.startswith((f"{prefix}.", f"{prefix}[")))
        steps = [module_steps(each)[depth] for each in inside]
        exact = [(name, None)] if prefix in self._addresses or not steps else []
        return [self._child(parent, name, key) for _, key in dict.fromkeys([*exact, *steps])]

    def expressions(self, instance: Instance) -> Json:
        """Return the expressions of an instance by attribute."""
        return self._resource(instance).get("expressions") or {}

    def scope(self, instance: Instance) -> Scope:
        """Return the scope of an instance's expressions."""
        return Scope(self.module(instance.module), instance.key, _iterated(self._resource(instance)))

    def _resource(self, instance: Instance) -> Json:
        source = (instance.module, instance.type, instance.name, instance.is_data)
        if source not in self._configured:
            for each in self.module(instance.module).configuration.get("resources", []):
                own = (instance.module, each["type"], each["name"], each["mode"] == "data")
                self._configured[own] = each
            self._configured.setdefault(source, {})
        return self._configured[source]

    def _child(self, parent: ModuleInstance, name: str, key: Key) -> ModuleInstance:
        call = (parent.configuration.get("module_calls") or {}).get(name) or {}
        return ModuleInstance(
            child_address(parent.address, name, key), call.get("module") or {}, parent, call, key
        )

    @cached_property
    def _addresses(self) -> dict[str, None]:
        """The addresses of the modules with resources, in the order of the plan."""
        return dict.fromkeys(each.module for each in self.instances)

    @cached_property
    def _by_source(self) -> dict[_Source, list[Instance]]:
        found: dict[_Source, list[Instance]] = {}
        for each in self.instances:
            found.setdefault((each.module, each.type, each.name, each.is_data), []).append(each)
        return found


def texts_of(expression: Any) -> Iterator[str]:
    """Yield the references of an expression, or of a block's expressions."""
    if isinstance(expression, list):
        for each in expression:
            yield from texts_of(each)
    elif isinstance(expression, Mapping):
        if isinstance(found := expression.get("references"), list):
            yield from found
        elif "constant_value" not in expression:
            for each in expression.values():
                yield from texts_of(each)


def _iterated(configured: Json) -> tuple[str, ...]:
    return tuple(texts_of(configured.get("for_each_expression") or {}))


def _planned(changes: Sequence[Json]) -> Iterator[Instance]:
    for item in changes:
        change = item["change"]
        if (after := change.get("after")) is not None:
            yield _instance(item, item.get("module_address") or "", after, change.get("after_unknown") or {})


def _read(module: Json) -> Iterator[Instance]:
    """Yield the data sources that the plan has read."""
    for item in module.get("resources", []):
        if item["mode"] == "data":
            yield _instance(item, module.get("address") or "", item.get("values") or {}, {})
    for child in module.get("child_modules", []):
        yield from _read(child)


def _instance(item: Json, module: str, values: Json, unknown: Json) -> Instance:
    is_data = item["mode"] == "data"
    return Instance(
        item["address"],
        module,
        item["type"],
        item.get("name", ""),
        item.get("index"),
        is_data,
        values,
        unknown if isinstance(unknown, Mapping) else {},
    )
