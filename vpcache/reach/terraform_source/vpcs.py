"""The VPCs of a stack, from its state. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vpcache.terraform.resources import resources


def vpc_ids(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the IDs of the VPCs of a state: those that it manages, and those of its subnets.

    Raises VpcacheError if the document has no resources.
    """
    state = resources(document)
    managed = (each.id for each in state.of("aws_vpc", "aws_default_vpc") if not each.is_data)
    of_subnets = (each.text("vpc_id") for each in state.of("aws_subnet", "aws_default_subnet"))
    return tuple(each for each in dict.fromkeys((*managed, *of_subnets)) if each.startswith("vpc-"))
