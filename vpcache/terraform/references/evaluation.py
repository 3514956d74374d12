"""References from a plan of the same configuration with generated IDs, as `terraform test` makes it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vpcache.terraform.references.candidates import ID, Search, candidate_of
from vpcache.terraform.references.configuration import Configuration, Instance, Json
from vpcache.terraform.references.needs import NEEDS, OF_VPCS


class Evaluation:
    """The attributes of the evaluated plan, with the IDs and addresses of a plan for the generated IDs."""

    def __init__(self, configuration: Configuration, evaluated: Json) -> None:
        planned = {each.address: each for each in configuration.instances}
        search = Search(configuration)
        self._values: dict[str, Json] = {}
        self._ids: dict[str, str] = {}
        for each in Configuration(evaluated).instances:
            self._values[each.address] = each.values
            if each.address in planned:
                self._ids |= _pairs(each, planned[each.address], search)

    def values(self, address: str) -> Json:
        """Return the attributes of a resource with generated IDs, empty if it is in one plan only."""
        return self._values.get(address, {})

    def translated(self, value: Any) -> Any:
        """Return a value with the plan's IDs, None if a string is neither generated nor an ID of AWS."""
        if isinstance(value, list):
            items = [self.translated(each) for each in value]
            return None if None in items else items
        if isinstance(value, Mapping):  # a block
            block = {
                name: self.translated(each) if each and name in NEEDS else each
                for name, each in value.items()
            }
            return None if any(value[name] and each is None for name, each in block.items()) else block
        if isinstance(value, str):
            return self._ids.get(value) or (value if ID.fullmatch(value) else None)
        return None


def _pairs(evaluated: Instance, planned: Instance, search: Search) -> dict[str, str]:
    """Return the values of the plan for the generated IDs of an instance."""
    own = candidate_of(planned, ()).value
    pairs = {"id": own}
    if evaluated.type == "aws_eip":
        pairs["allocation_id"] = own
    if evaluated.type == "aws_vpc_endpoint":
        pairs["prefix_list_id"] = candidate_of(planned, ("aws_prefix_list",)).value
    if evaluated.type == "aws_vpc":
        pairs |= {name: search.of_vpc(planned, name).value for name in OF_VPCS}
    generated = ((evaluated.values.get(name), value) for name, value in pairs.items())
    return {str(id_): str(value) for id_, value in generated if id_}
