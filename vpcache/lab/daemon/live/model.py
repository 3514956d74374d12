"""What the page shows of the control plane beyond the topology: tags, names, functions, elastic IPs.

Pure data; `model_reader` reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Tags = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FunctionEntry:
    """A function, with the interfaces of $LATEST; it has none outside a VPC."""

    arn: str
    name: str
    region: str
    runtime: str
    interface_ids: tuple[str, ...]
    tags: Tags = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ElasticIpEntry:
    """An elastic IP, and the ID of the interface that uses it, if any."""

    address: str
    allocation: str
    region: str
    interface_id: str | None


@dataclass(frozen=True, slots=True)
class Model:
    """The entries of all regions; `tags`, `group_names` and `endpoint_services` are by resource ID.

    `url_functions` has the names of functions by the host of their URL.
    """

    tags: Mapping[str, Tags] = field(default_factory=dict)
    group_names: Mapping[str, str] = field(default_factory=dict)
    endpoint_services: Mapping[str, str] = field(default_factory=dict)
    functions: tuple[FunctionEntry, ...] = ()
    elastic_ips: tuple[ElasticIpEntry, ...] = ()
    url_functions: Mapping[str, str] = field(default_factory=dict)

    def name(self, id_: str) -> str | None:
        """Return the tag Name of a resource, or None."""
        return self.tags.get(id_, {}).get("Name")
