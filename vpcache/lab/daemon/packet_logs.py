"""The packet logs of all VPCs."""

from __future__ import annotations

import time

from vpcache.lab.daemon.packet_log import PacketLog
from vpcache.lab.flows.drops import Drop
from vpcache.lab.flows.traffic import Traffic, TrafficMemory
from vpcache.lab.network.naming import device, router_namespace
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.topology import Interface, Topology, Vpc


class PacketLogs:
    """Reads the packet log of each VPC's router, and remembers its traffic."""

    def __init__(self, namespaces: Namespaces) -> None:
        self._namespaces = namespaces
        self._vpcs: dict[str, Vpc] = {}
        self._memories: dict[str, TrafficMemory] = {}
        self._logs: dict[str, PacketLog] = {}

    def reconcile(self, topology: Topology) -> None:
        """Read the logs of all VPCs of `topology` and of no other. Their routers must exist."""
        vpcs = {vpc.id: vpc for vpc in topology.vpcs}
        for vpc_id in self._logs.keys() - vpcs.keys():
            self._logs.pop(vpc_id).close()
            del self._memories[vpc_id]
        for vpc_id, vpc in vpcs.items():
            devices = _devices(vpc)
            if vpc_id not in self._memories:
                self._memories[vpc_id] = memory = TrafficMemory(vpc, devices)
                router = router_namespace(vpc_id)
                self._logs[vpc_id] = PacketLog(self._namespaces, router, memory.receive, memory.lose)
            self._memories[vpc_id].update(vpc, devices)
            if vpc_id not in self._vpcs or devices.keys() != _devices(self._vpcs[vpc_id]).keys():
                self._logs[vpc_id].learn_devices()
        self._vpcs = vpcs

    def drops(self) -> tuple[Drop, ...]:
        """Return the flows that security groups and network ACLs dropped in the last minute, newest first."""
        now = time.time()
        found = [drop for memory in list(self._memories.values()) for drop in memory.drops(now)]
        return tuple(sorted(found, key=lambda drop: drop.last_seen, reverse=True))

    def take(self, vpc_id: str) -> Traffic:
        """Return the traffic of a VPC since the last call; nothing of a VPC that does not exist any more."""
        memory, vpc = self._memories.get(vpc_id), self._vpcs.get(vpc_id)
        return memory.take(_devices(vpc)) if memory and vpc else Traffic()

    def close(self) -> None:
        """Stop reading."""
        self.reconcile(Topology())


def _devices(vpc: Vpc) -> dict[str, Interface]:
    return {device(interface.id): interface for interface in vpc.interfaces}
