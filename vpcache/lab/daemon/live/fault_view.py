"""The faults of the page: those in force, what they hit, and those to choose from, as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from vpcache.lab.faults import MODES, Fault, Mode, isolated_interfaces, target_names
from vpcache.lab.topology import Topology


def described(faults: Iterable[Fault]) -> list[dict[str, Any]]:
    """Return the faults, oldest first, each with its label for people."""
    return [asdict(fault) | {"label": fault.label} for fault in faults]


def choices(topology: Topology) -> dict[str, dict[str, list[str]]]:
    """Return the modes, the default one first, and the targets of each kind."""
    return {
        kind: {"modes": list(modes), "targets": target_names(topology, kind)} for kind, modes in MODES.items()
    }


def faulty(topology: Topology, faults: Iterable[Fault]) -> dict[str, str]:
    """Return the modes of all that faults hit, by ID or name.

    A zone that is out takes its interfaces, NAT gateways and cache nodes along, an interface its user.
    """
    active = list(faults)
    found = {fault.target: str(fault.mode) for fault in active}
    isolated = isolated_interfaces(topology, active)
    users = [(each.interface_id, each.id) for vpc in topology.vpcs for each in vpc.nat_gateways] + [
        (node.interface_id, cluster.node_name(node))
        for vpc in topology.vpcs
        for cluster in vpc.cache_clusters
        for node in cluster.nodes
    ]
    hit = [*isolated, *(user for interface, user in users if interface in isolated)]
    return dict.fromkeys(sorted(hit), str(Mode.OUT)) | found
