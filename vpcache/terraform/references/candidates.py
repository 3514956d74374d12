"""The instances to which an expression may refer. Pure.

The configuration in a plan has the references of expressions, not the expressions: which of several instances
an index selects is known from the key only, and what a local value refers to is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vpcache.terraform.references.addresses import Key, Reference, references
from vpcache.terraform.references.configuration import Configuration, Instance, ModuleInstance, Scope
from vpcache.terraform.references.needs import NEEDS, OF_VPCS

ID = re.compile(r"[a-z]+-[0-9a-f]{8,17}")
_FOLLOWED = ("id", "ids")
_SAME = {"default_route_table_id": "main_route_table_id"}


@dataclass(frozen=True)
class Candidate:
    """A value that an attribute may have: the ID or the address of an instance. `source` is its resource."""

    value: str
    source: str
    key: Key = None


@dataclass(frozen=True)
class Found:
    """The candidates of an expression.

    With `is_open` there may be others, as the expression has a local value. With `is_choice` they are the
    values of a condition or of different parts of an object, of which the expression may have some only.
    """

    candidates: tuple[Candidate, ...] = ()
    is_open: bool = False
    is_choice: bool = False

    @classmethod
    def union(cls, parts: Iterable[Found]) -> Found:
        """Return the candidates of several expressions, each once."""
        found = list(parts)
        every = dict.fromkeys(candidate for part in found for candidate in part.candidates)
        return cls(tuple(every), any(part.is_open for part in found), any(part.is_choice for part in found))

    @property
    def sources(self) -> set[str]:
        """The resources of the candidates."""
        return {each.source for each in self.candidates}


class Search:
    """Follows references through variables, outputs, other attributes and `for_each`."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    def found(
        self, scope: Scope, texts: Sequence[str], types: tuple[str, ...], seen: frozenset[Any] = frozenset()
    ) -> Found:
        """Return the instances of `types` to which an expression with the references `texts` may refer."""
        parsed = list(references(texts))
        step = (scope.module.address, scope.key, tuple(texts))
        if step in seen:
            return Found()
        selects = any(each.kind in ("each", "count") for each in parsed)
        parts = [self._of(scope, each, types, seen | {step}, selects=selects) for each in parsed]
        union = Found.union(parts)
        has_condition = any(
            each.kind in ("var", "local") and not part.candidates
            for each, part in zip(parsed, parts, strict=True)
        )
        return replace(union, is_choice=union.is_choice or (has_condition and len(union.sources) > 1))

    def nearby(self, module: ModuleInstance, types: tuple[str, ...]) -> tuple[Candidate, ...]:
        """Return the managed instances of `types` in a module, else in its parents, else in the plan."""
        managed = [each for each in self._configuration.instances if not each.is_data and each.type in types]
        for each in module.and_parents():
            if inside := [candidate for candidate in managed if candidate.module == each.address]:
                return tuple(candidate_of(found, types) for found in inside)
        return tuple(candidate_of(found, types) for found in managed)

    def _of(
        self,
        scope: Scope,
        reference: Reference,
        types: tuple[str, ...],
        seen: frozenset[Any],
        *,
        selects: bool,
    ) -> Found:
        match reference.kind:
            case "count" | "path" | "self" | "terraform":
                return Found()
            case "local":
                return Found(is_open=True)
            case "each":
                return (
                    self.found(scope, scope.iterated, types, seen) if reference.name == "value" else Found()
                )
            case "var":
                return self._of_variable(scope, reference, types, seen)
            case "module":
                return self._of_output(scope, reference, types, seen, selects=selects)
        instances = self._configuration.of(
            scope.module, reference.kind, reference.name, is_data=reference.is_data
        )
        chosen = _selected(instances, reference, scope, selects=selects)
        if reference.kind in types:
            return Found(tuple(candidate_of(each, types) for each in chosen))
        return Found.union(self._of_attribute(each, reference.rest, types, seen) for each in chosen)

    def _of_variable(
        self, scope: Scope, reference: Reference, types: tuple[str, ...], seen: frozenset[Any]
    ) -> Found:
        argument = scope.module.argument(reference.name)
        if argument is None:
            value = self._configuration.variables.get(reference.name, {}).get("value")
            return Found(is_open=any(ID.fullmatch(text) for text in _strings(value)))
        return _part(self.found(*argument, types, seen), reference.rest)

    def _of_output(
        self,
        scope: Scope,
        reference: Reference,
        types: tuple[str, ...],
        seen: frozenset[Any],
        *,
        selects: bool,
    ) -> Found:
        children = self._configuration.children(scope.module, reference.name)
        if reference.key is not None:
            children = [each for each in children if each.key == reference.key]
        elif selects and any(each.key == scope.key for each in children):
            children = [each for each in children if each.key == scope.key]
        name, rest = (reference.rest[0], reference.rest[1:]) if reference.rest else ("", ())
        outputs = (
            self.found(Scope(each), texts, types, seen) for each in children for texts in each.outputs(name)
        )
        found = Found.union(outputs)
        return _part(found, rest) if name else replace(found, is_choice=len(found.sources) > 1)

    def _of_attribute(
        self, instance: Instance, rest: tuple[str, ...], types: tuple[str, ...], seen: frozenset[Any]
    ) -> Found:
        """Return the candidates of an attribute of another resource, such as `aws_subnet.a.vpc_id`."""
        name = rest[0] if rest else ""
        if instance.type == "aws_vpc" and OF_VPCS.get(name) in types:
            return Found((self.of_vpc(instance, name),))
        if name not in _FOLLOWED and not set(NEEDS.get(name, ())) & set(types):
            return Found()
        if known := list(_strings(instance.values.get(name))):
            return Found(tuple(Candidate(each, instance.source) for each in known))
        texts = self._configuration.expressions(instance).get(name)
        if not texts:
            return Found(is_open=True)
        references_ = tuple(texts.get("references") or ())
        return self.found(self._configuration.scope(instance), references_, types, seen)

    def of_vpc(self, vpc: Instance, name: str) -> Candidate:
        """Return what AWS creates in a VPC: the resource that manages it, else the VPC's attribute."""
        if known := vpc.values.get(name):
            return Candidate(str(known), vpc.source)
        for each in self._configuration.instances:
            if each.type == OF_VPCS[name] and vpc.address in self.vpcs_of(each):
                return candidate_of(each, (each.type,))
        return Candidate(default_of(vpc, name), vpc.source)

    def vpcs_of(self, default: Instance) -> list[str]:
        """Return the VPC of a resource that manages what AWS creates in a VPC."""
        expressions = self._configuration.expressions(default)
        keys = ("vpc_id", "default_route_table_id", "default_network_acl_id")
        texts = [text for key in keys for text in (expressions.get(key) or {}).get("references") or ()]
        scope = self._configuration.scope(default)
        return [each.value for each in self.found(scope, texts, ("aws_vpc", "aws_default_vpc")).candidates]


def default_of(vpc: Instance, name: str) -> str:
    """Return a name for what AWS creates in a VPC; the default route table is the main one at first."""
    return f"{vpc.address}.{_SAME.get(name, name)}"


def candidate_of(instance: Instance, types: tuple[str, ...]) -> Candidate:
    """Return an instance as a candidate: its ID or, if that is not known, its address.

    Subnet groups of caches have their name for ID, and endpoints stand for the prefix list of their service.
    """
    key = {"aws_elasticache_subnet_group": "name"}.get(instance.type, "id")
    if instance.type == "aws_vpc_endpoint" and "aws_prefix_list" in types:
        key = "prefix_list_id"
    return Candidate(str(instance.values.get(key) or instance.address), instance.source, instance.key)


def _selected(
    instances: list[Instance], reference: Reference, scope: Scope, *, selects: bool
) -> list[Instance]:
    """Return the instances that an index selects; `element` starts again after the last one."""
    if reference.key is not None:
        return [each for each in instances if each.key == reference.key]
    if not selects or not instances:
        return instances
    same = [each for each in instances if each.key == scope.key]
    if not same and isinstance(scope.key, int) and all(isinstance(each.key, int) for each in instances):
        return [instances[scope.key % len(instances)]]
    return same or instances


def _part(found: Found, rest: tuple[str, ...]) -> Found:
    """Return the candidates of a part of a value: with several resources it is not known which have it."""
    return replace(found, is_choice=found.is_choice or (bool(rest) and len(found.sources) > 1))


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _strings(each)
