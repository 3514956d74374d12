"""The references of a plan's resources whose IDs are known after the apply only. Pure.

An attribute that refers to a resource without an ID gets the resource's address, as `Resource.id` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vpcache.terraform.references.candidates import Candidate, Found, Search, default_of
from vpcache.terraform.references.configuration import Configuration, Instance, Json, texts_of
from vpcache.terraform.references.evaluation import Evaluation
from vpcache.terraform.references.needs import LISTS, NEEDS, OF_VPCS, READ, SAID


@dataclass(frozen=True)
class Resolution:
    """The attributes of the resources by address, and what could not be decided, in sentences."""

    values: Mapping[str, Json]
    undecided: tuple[str, ...]


def resolve(document: Json, evaluated: Json | None = None) -> Resolution:
    """Return the attributes of a plan's managed resources with their references.

    `evaluated` is a plan of the same configuration with generated IDs, as `mock_plan` returns it: Terraform
    itself has evaluated its expressions. Without it, of several candidates an attribute gets the one with the
    key of its instance, and a list gets all; a local value is taken for the only resource of the type in the
    module, in its parents or in the plan. What is not certain stays unknown and is said: "aws_route.x:
    gateway_id is known after the apply". A literal ID beside a reference in one list, arithmetic on an index,
    and a dynamic block whose number is unknown, are not in a plan's JSON.
    """
    configuration = Configuration(document)
    resolver = _Resolver(configuration, Evaluation(configuration, evaluated) if evaluated else None)
    values = {each.address: resolver.values(each) for each in resolver.instances()}
    return Resolution(values, tuple(dict.fromkeys(resolver.undecided)))


@dataclass(frozen=True)
class Shared:
    """The one expression of an attribute that has the form of blocks."""

    expression: Json


@dataclass(frozen=True)
class _Block:
    """A resource, or a block in it at `path`: what is known, what is not, and what decides it."""

    values: Json
    unknown: Json
    expressions: Json | Shared
    evaluated: Json
    path: str = ""

    def expression(self, name: str) -> Any:
        return (
            self.expressions.expression
            if isinstance(self.expressions, Shared)
            else self.expressions.get(name)
        )

    def nested(self, name: str, value: Json, flag: Json, evaluated: list[Json]) -> _Block:
        """Return a nested block; the evaluated block that is equal as far as known is taken from the list."""
        equal = next((each for each in evaluated if _is_equal(value, each)), None)
        if equal is not None:
            evaluated.remove(equal)
        return _Block(value, flag, _of_block(self.expression(name), value), equal or {}, f"{name}.")


class _Resolver:
    def __init__(self, configuration: Configuration, evaluation: Evaluation | None) -> None:
        self._configuration = configuration
        self._evaluation = evaluation
        self._search = Search(configuration)
        self.undecided: list[str] = []

    def instances(self) -> Iterator[Instance]:
        return (each for each in self._configuration.instances if not each.is_data)

    def values(self, instance: Instance) -> Json:
        expressions = self._configuration.expressions(instance)
        block = _Block(instance.values, instance.unknown, expressions, self._evaluated(instance))
        filled = dict(self._filled(instance, block))
        if instance.type == "aws_vpc":
            filled |= {name: default_of(instance, name) for name in OF_VPCS if instance.unknown.get(name)}
        if instance.type in OF_VPCS.values() and instance.unknown.get("vpc_id"):
            filled["vpc_id"] = next(iter(self._search.vpcs_of(instance)), None)
        return filled

    def _evaluated(self, instance: Instance) -> Json:
        return self._evaluation.values(instance.address) if self._evaluation else {}

    def _filled(self, instance: Instance, block: _Block) -> Iterator[tuple[str, Any]]:
        """Yield the attributes of a resource or of a block."""
        yield from block.values.items()
        for name, flag in block.unknown.items():
            expression = block.expression(name)
            is_set = expression is not None or bool(block.path)
            if isinstance(flag, list) and name not in NEEDS:
                yield name, self._blocks(instance, block, name, flag)
            elif is_set and name in NEEDS and _is_unknown(flag):
                yield name, self._reference(instance, block, name)
            elif is_set and name in SAID and flag is True:
                if (value := self._translated(block.evaluated.get(name))) is None:
                    self._say(instance, block.path + name)
                yield name, value

    def _blocks(self, instance: Instance, outer: _Block, name: str, flags: list[Any]) -> list[Any]:
        """Return the nested blocks of a resource.

        An attribute that has the form of blocks has one expression for all of them: it decides for a block
        that alone needs an instance of a type, or if there is but one candidate.
        """
        values, evaluated = outer.values.get(name) or [], list(outer.evaluated.get(name) or [])
        return [
            dict(self._filled(instance, outer.nested(name, value, flag, evaluated)))
            if isinstance(value, Mapping) and isinstance(flag, Mapping)
            else value
            for value, flag in zip(values, flags, strict=False)
        ]

    def _reference(self, instance: Instance, block: _Block, name: str) -> Any:
        value = self._translated(block.evaluated.get(name))
        if value is None:
            value = self._found(instance, block, name)
        if value is None:
            self._say(instance, block.path + name)
            return block.values.get(name)
        return value

    def _say(self, instance: Instance, attribute: str) -> None:
        if instance.type in READ:
            self.undecided.append(f"{instance.address}: {attribute} is known after the apply")

    def _translated(self, value: Any) -> Any:
        return self._evaluation.translated(value) if self._evaluation else None

    def _found(self, instance: Instance, block: _Block, name: str) -> Any:
        types, expression = NEEDS[name], block.expression(name)
        scope = self._configuration.scope(instance)
        texts = tuple(texts_of(expression)) if expression is not None else ()
        found = self._search.found(scope, texts, types)
        if found.is_open or expression is None:
            nearby = self._search.nearby(scope.module, types)
            found = Found.union((found, Found(nearby, is_choice=True)))
        is_shared = isinstance(block.expressions, Shared) and _blocks_need(instance, block.path, name) > 1
        chosen = self._chosen(instance, found, is_all=name in LISTS and not found.is_choice and not is_shared)
        if not chosen:
            return None
        return [each.value for each in chosen] if name in LISTS else chosen[0].value

    def _chosen(self, instance: Instance, found: Found, *, is_all: bool) -> tuple[Candidate, ...]:
        """Return the candidates that are certain: all of a list, the only one, the one with the same key."""
        by_value = {each.value: each for each in found.candidates if each.value != instance.address}
        every = tuple(by_value.values())
        if is_all or len(every) == 1:
            return every
        module = self._configuration.module(instance.module)
        for key in (instance.key, *(each.key for each in module.and_parents())):
            same = tuple(each for each in every if key is not None and each.key == key)
            if same:
                return same if len(same) == 1 else ()
        return ()


def _is_unknown(flag: Any) -> bool:
    return flag is True or (isinstance(flag, list) and any(each is True for each in flag))


def _of_block(expression: Any, value: Json) -> Any:
    """Return the expressions of the block with the values `value`; blocks of a plan have no order."""
    if isinstance(expression, Mapping) and "references" in expression:
        return Shared(expression)
    if not isinstance(expression, list):
        return {}
    fitting = [each for each in expression if isinstance(each, Mapping) and _fits(each, value)]
    return fitting[0] if len(fitting) == 1 or len({str(each) for each in fitting}) == 1 else {}


def _fits(expressions: Json, value: Json) -> bool:
    return all(
        value.get(name) == expression["constant_value"]
        for name, expression in expressions.items()
        if isinstance(expression, Mapping) and "constant_value" in expression and name in value
    )


def _blocks_need(instance: Instance, path: str, name: str) -> int:
    """Return how many blocks have an unknown attribute `name`."""
    flags = instance.unknown.get(path.rstrip(".")) or []
    return sum(_is_unknown(flag.get(name)) for flag in flags if isinstance(flag, Mapping))


def _is_equal(value: Json, other: Json) -> bool:
    """Return whether a block is equal to another one as far as the values of both are known.

    A resource that exists has attributes that AWS sets, such as the VPC of a function, and its evaluation
    does not.
    """
    return all(
        other.get(name) in (None, known)
        for name, known in value.items()
        if not isinstance(known, (list, dict))
    )
