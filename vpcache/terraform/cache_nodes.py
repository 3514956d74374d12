"""The nodes of memcached clusters in states and plans, with their zones. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

from vpcache.terraform.resources import Resource


@dataclass(frozen=True)
class Nodes:
    """The number of each node ("0001") with its zone. AWS chooses zones that the cluster does not name."""

    zones: tuple[tuple[str, str], ...]
    is_chosen_by_aws: bool = False


def nodes_of(cluster: Resource, zones: Sequence[str]) -> Nodes:
    """Return the nodes of an aws_elasticache_cluster whose subnets are in `zones`.

    The attribute `cache_nodes` has them once they exist. A plan that changes their number has the former ones
    there: then, and in a plan of a new cluster, they are in the zones of its arguments in turn.
    """
    known, count = cluster.blocks("cache_nodes"), cluster.values.get("num_cache_nodes")
    if known and count in (None, len(known)):
        return Nodes(tuple((str(node.get("id") or ""), str(node.get("availability_zone"))) for node in known))
    preferred = cluster.texts("preferred_availability_zones") or [cluster.text("availability_zone")]
    is_named = set(preferred) <= set(zones)
    numbers = range(1, (count or 0) + 1)
    in_turn = zip(numbers, cycle(preferred if is_named else zones), strict=False)
    return Nodes(tuple((f"{number:04}", zone) for number, zone in in_turn), is_chosen_by_aws=not is_named)
