"""The nodes of clusters in states and plans, with their zones."""

from __future__ import annotations

from typing import Any

from vpcache.terraform.cache_nodes import Nodes, nodes_of
from vpcache.terraform.resources import Resource

ZONES = ["eu-west-3a", "eu-west-3b"]
KNOWN = [{"id": "0001", "availability_zone": "eu-west-3b"}]


def nodes(**values: Any) -> Nodes:
    return nodes_of(Resource("aws_elasticache_cluster.this", "aws_elasticache_cluster", values), ZONES)


def test_nodes_that_exist_have_their_zones() -> None:
    assert nodes(cache_nodes=KNOWN, num_cache_nodes=1).zones == (("0001", "eu-west-3b"),)


def test_added_nodes_are_in_the_zones_of_the_arguments() -> None:
    found = nodes(cache_nodes=KNOWN, num_cache_nodes=2, preferred_availability_zones=ZONES)
    assert found == Nodes((("0001", "eu-west-3a"), ("0002", "eu-west-3b")))


def test_zones_that_no_argument_names_are_chosen_by_aws() -> None:
    found = nodes(num_cache_nodes=3)
    assert found.is_chosen_by_aws
    assert [zone for _, zone in found.zones] == ["eu-west-3a", "eu-west-3b", "eu-west-3a"]
