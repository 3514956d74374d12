"""Memcached's parameters and node types, and the arguments of memcached processes that they result in."""

from __future__ import annotations

import re
import resource
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a family, with its value in the default group."""

    name: str
    default: str
    type: str
    allowed: str  # "0,1", "ascii,auto" or "1024-134217728"
    modifiable: bool = True

    def allows(self, value: str) -> bool:
        """Return whether AWS accepts a value."""
        if "-" not in self.allowed:
            return value in self.allowed.split(",")
        low, high = map(int, self.allowed.split("-"))
        try:
            return low <= (float(value) if self.type == "float" else int(value)) <= high
        except ValueError:
            return False


FAMILIES = {
    "memcached1.6": {
        parameter.name: parameter
        for parameter in (
            Parameter("backlog_queue_limit", "1024", "integer", "1-10000", modifiable=False),
            Parameter("binding_protocol", "auto", "string", "auto,binary,ascii"),
            Parameter("cas_disabled", "0", "boolean", "0,1"),
            Parameter("chunk_size", "48", "integer", "1-1024"),
            Parameter("chunk_size_growth_factor", "1.25", "float", "1-1024"),
            Parameter("config_max", "16", "integer", "1-16", modifiable=False),
            Parameter("config_size_max", "65536", "integer", "1-65536", modifiable=False),
            Parameter("disable_flush_all", "0", "boolean", "0,1"),
            Parameter("error_on_memory_exhausted", "0", "boolean", "0,1"),
            Parameter("hash_algorithm", "jenkins", "string", "jenkins,murmur3"),
            Parameter("hashpower_init", "16", "integer", "12-32", modifiable=False),
            Parameter("idle_timeout", "0", "integer", "0-86400"),
            Parameter("inline_ascii_resp", "0", "boolean", "0,1"),
            Parameter("large_memory_pages", "0", "boolean", "0,1", modifiable=False),
            Parameter("lock_down_paged_memory", "0", "boolean", "0,1", modifiable=False),
            Parameter("lru_crawler", "0", "boolean", "0,1"),
            Parameter("lru_maintainer", "0", "boolean", "0,1"),
            Parameter("max_item_size", "1048576", "integer", "1024-134217728"),
            Parameter("max_simultaneous_connections", "65000", "integer", "3-65000", modifiable=False),
            Parameter("maxconns_fast", "0", "boolean", "0,1"),
            Parameter("maximize_core_file_limit", "0", "boolean", "0,1", modifiable=False),
            Parameter("memcached_connections_overhead", "100", "integer", "0-2000"),
            Parameter("no_modern", "1", "boolean", "0,1"),
            Parameter("requests_per_event", "20", "integer", "1-1000", modifiable=False),
            Parameter("slab_automove", "0", "integer", "0,1,2"),
            Parameter("slab_chunk_max", "524288", "integer", "1024-524288"),
            Parameter("slab_reassign", "0", "boolean", "0,1"),
            Parameter("track_sizes", "0", "boolean", "0,1"),
            Parameter("watcher_logbuf_size", "256", "integer", "1-65536"),
            Parameter("worker_logbuf_size", "64", "integer", "1-65536"),
        )
    }
}
"""By family. Names and defaults: "Memcached specific parameters" in the ElastiCache user guide."""

NODE_TYPES = {
    "cache.t2.micro": (555, 1),
    "cache.t2.small": (1588, 1),
    "cache.t2.medium": (3301, 2),
    "cache.t3.micro": (512, 2),
    "cache.t3.small": (1402, 2),
    "cache.t3.medium": (3364, 2),
    "cache.t4g.micro": (512, 2),
    "cache.t4g.small": (1402, 2),
    "cache.t4g.medium": (3164, 2),
    "cache.m5.large": (6537, 2),
    "cache.m5.xlarge": (13248, 4),
    "cache.m5.2xlarge": (26671, 8),
    "cache.m5.4xlarge": (53516, 16),
    "cache.m6g.large": (6537, 2),
    "cache.m6g.xlarge": (13248, 4),
    "cache.m6g.2xlarge": (26671, 8),
    "cache.m6g.4xlarge": (53516, 16),
    "cache.m7g.large": (6537, 2),
    "cache.m7g.xlarge": (13248, 4),
    "cache.r5.large": (13387, 2),
    "cache.r5.xlarge": (26953, 4),
    "cache.r5.2xlarge": (54084, 8),
    "cache.r6g.large": (13387, 2),
    "cache.r6g.xlarge": (26953, 4),
    "cache.r6g.2xlarge": (54084, 8),
    "cache.r7g.large": (13387, 2),
    "cache.r7g.xlarge": (26953, 4),
}
"""Memory in MiB (`max_cache_memory`) and threads (`num_threads`) by node type: "Memcached node-type specific
parameters" in the ElastiCache user guide. Larger types are omitted."""

VERSIONS = ("1.6.6", "1.6.12", "1.6.17", "1.6.22")
"""Engine versions of the family memcached1.6: "Memcached versions" in the ElastiCache user guide."""

NOT_EMULATED = re.compile(
    r"memcached1\.[45]|1\.4\.(5|14|24|33|34)|1\.5\.(10|16)"  # older memcached: no TLS, other commands
    r"|(redis|valkey)\d+(\.\w+)*"
    r"|cache\.(m|r|t|c)\d[a-z]*\.(micro|small|medium|large|\d*xlarge)"
)
"""Families, engine versions and node types that AWS has and the lab lacks."""

_MIN_MEMORY = 16  # MiB, even if the overhead leaves less


def arguments(node_type: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the arguments of memcached for a node type and parameter values.

    Items get the type's memory less `memcached_connections_overhead` (user guide, "Memcached connection
    overhead"). Connections are limited by this machine's maximum of open files. Parameters without a visible
    effect for clients, such as the maintenance of LRU lists and slabs, are ignored.
    """
    memory, threads = NODE_TYPES[node_type]
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    connections = int(values["max_simultaneous_connections"])
    if files != resource.RLIM_INFINITY:
        connections = min(connections, files)
    settings = {
        "-m": str(max(memory - int(values["memcached_connections_overhead"]), _MIN_MEMORY)),
        "-I": values["max_item_size"],
        "-c": str(connections),
        "-t": str(threads),
        "-n": values["chunk_size"],
        "-f": values["chunk_size_growth_factor"],
        "-B": values["binding_protocol"],
    }
    if values["idle_timeout"] != "0":
        settings["-o"] = f"idle_timeout={values['idle_timeout']}"
    flags = {"cas_disabled": "-C", "disable_flush_all": "-F", "error_on_memory_exhausted": "-M"}
    return (*chain.from_iterable(settings.items()), *(flags[name] for name in flags if values[name] == "1"))
