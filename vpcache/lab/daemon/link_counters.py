"""Packets and bytes of the lab's links, as each VPC's router counts them.

The kernel counts them anyway. A file /proc/net/dev shows the links of the network namespace in which it was
opened, so one file for each router stays open while a page is open, and a reading of a router takes 0.1 ms:
no process, no change of the namespace.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from vpcache.lab.network.naming import GATEWAY, device, endpoint_device, router_namespace
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.topology import Topology, Vpc

_COUNTERS = "/proc/thread-self/net/dev"
_PART = 1 << 16  # bytes of one read; the kernel returns a page at most


@dataclass(frozen=True, slots=True)
class Counters:
    """What came from the other end of a router's link (`sent`), and what went there."""

    sent_packets: int
    sent_bytes: int
    received_packets: int
    received_bytes: int


class LinkCounters:
    """Reads the counters of all routers. Holds a file for each router until `close`."""

    def __init__(self, namespaces: Namespaces) -> None:
        self._namespaces = namespaces
        self._files: dict[str, int] = {}
        self._names: dict[str, Mapping[str, str]] = {}

    def follow(self, topology: Topology) -> None:
        """Open the files of new VPCs, and close those of VPCs that do not exist any more."""
        names = {vpc.id: ids_by_device(vpc) for vpc in topology.vpcs}
        for vpc in self._files.keys() - names.keys():
            os.close(self._files.pop(vpc))
        for vpc in names.keys() - self._files.keys():
            with suppress(FileNotFoundError):  # the router could not be made
                self._files[vpc] = self._namespaces.run(router_namespace(vpc), _open)
        self._names = {vpc: names[vpc] for vpc in self._files}

    def read(self) -> dict[str, Counters]:
        """Return the counters by the ID of the interface, internet gateway or gateway endpoint."""
        found: dict[str, Counters] = {}
        for vpc, names in self._names.items():
            links = parse(_content(self._files[vpc]))
            found |= {names[link]: counters for link, counters in links.items() if link in names}
        return found

    def close(self) -> None:
        """Close all files."""
        for file in self._files.values():
            os.close(file)
        self._files.clear()
        self._names = {}


def ids_by_device(vpc: Vpc) -> dict[str, str]:
    """Return the IDs of what is at the other ends of the links of a VPC's router, by the links' names."""
    names = {device(each.id): each.id for each in vpc.interfaces}
    names |= {endpoint_device(each.id): each.id for each in vpc.gateway_endpoints}
    return names | ({GATEWAY: vpc.internet_gateway_id} if vpc.internet_gateway_id else {})


def parse(content: str) -> dict[str, Counters]:
    """Return the counters of each link in the text of /proc/net/dev: proc_pid_net(5)."""
    found = {}
    for line in content.splitlines()[2:]:
        name, _, figures = line.partition(":")
        values = figures.split()
        found[name.strip()] = Counters(int(values[1]), int(values[0]), int(values[9]), int(values[8]))
    return found


def traffic(
    now: Mapping[str, Counters], before: Mapping[str, Counters], seconds: float
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return counts and rates in the form of the page; the rates are 0 without a reading before."""

    def direction(id_: str, packets: Callable[[Counters], int], size: Callable[[Counters], int]) -> Any:
        was = before.get(id_)
        return {
            "packets": packets(now[id_]),
            "bytes": size(now[id_]),
            "packets_per_second": _rate(packets(now[id_]) - packets(was), seconds) if was else 0.0,
            "bytes_per_second": _rate(size(now[id_]) - size(was), seconds) if was else 0.0,
        }

    return {
        id_: {
            "sent": direction(id_, lambda each: each.sent_packets, lambda each: each.sent_bytes),
            "received": direction(id_, lambda each: each.received_packets, lambda each: each.received_bytes),
        }
        for id_ in sorted(now)
    }


def _rate(count: int, seconds: float) -> float:
    return round(max(0, count) / seconds, 1) if seconds > 0 else 0.0


def _open() -> int:
    return os.open(_COUNTERS, os.O_RDONLY | os.O_CLOEXEC)


def _content(file: int) -> str:
    parts: list[bytes] = []
    offset = 0
    while part := os.pread(file, _PART, offset):
        parts.append(part)
        offset += len(part)
    return b"".join(parts).decode()
