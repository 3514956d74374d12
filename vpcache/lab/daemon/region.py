"""The lab's regions: the control plane's model, made so in the kernel, with the processes that live in it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

from vpcache.lab.addresses import public_addresses
from vpcache.lab.aws.awslambda.urls.calls import call_url
from vpcache.lab.aws.inventory import Place, directory
from vpcache.lab.aws.topology_builder import derive
from vpcache.lab.faults import (
    Fault,
    FaultKind,
    Mode,
    active_faults,
    by_target,
    check_unambiguous,
    down_hosts,
    isolated_interfaces,
    out_zones,
    resolved,
)
from vpcache.lab.functions.runtime import FunctionRuntime
from vpcache.lab.memcached.nodes import CacheNodes
from vpcache.lab.network.consistency import compared, differences
from vpcache.lab.network.kernel import Kernel
from vpcache.lab.network.naming import INTERNET, interface_namespace, router_namespace
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.network.planner import plan
from vpcache.lab.network.steps import Network
from vpcache.lab.network.tree import tree
from vpcache.lab.services.api_hosts import ApiHosts
from vpcache.lab.services.dns import Resolvers
from vpcache.lab.services.function_hosts import FunctionHosts
from vpcache.lab.services.internet import Internet
from vpcache.lab.settings import Settings
from vpcache.lab.topology import Topology

_CONNECT_SECONDS = 2.0


class Region:
    """Keeps the data plane of all regions as the control plane's model and the faults in force say."""

    def __init__(self, work_dir: Path) -> None:
        work_dir.mkdir()
        self._namespaces = Namespaces()
        self._kernel = Kernel(self._namespaces)
        self._lock = threading.Lock()
        self._topology = Topology()
        self._faults: tuple[Fault, ...] = ()
        self._settings = Settings()
        self._kernel.apply(plan(self._topology))  # the internet stands before anything needs it
        self._internet = Internet(self._namespaces, INTERNET, work_dir)
        self._nodes = CacheNodes(self._namespaces, interface_namespace, self._internet.authority, work_dir)
        self._function_hosts = FunctionHosts(self._namespaces, self._internet.tls, call_url)
        self._api_hosts: ApiHosts | None = None
        self._resolvers = Resolvers(self._namespaces, router_namespace, self._public_addresses)
        self.functions = FunctionRuntime(
            self._namespaces, interface_namespace, work_dir, self._internet.ca_file, self._is_usable
        )

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._settings

    def change_settings(self, values: Mapping[str, Any]) -> Settings:
        """Change some settings and return all. Raises LabError for what cannot be set."""
        with self._lock:
            self._settings = self._settings.changed(values)
            self._apply(self._topology)
            return self._settings

    def directory(self) -> list[Place]:
        """Return who is where. Nothing may change the model meanwhile."""
        return directory(derive())

    def tree(self) -> list[str]:
        """Return the topology as lines for people. Nothing may change the model meanwhile."""
        topology = derive()
        names: dict[str, list[str]] = {}
        for place in directory(topology):
            names.setdefault(place.namespace, []).append(place.name)
        ids = [each.id for vpc in topology.vpcs for each in vpc.interfaces]
        inhabitants = {each: set(names[interface_namespace(each)]) - {each} for each in ids}
        return tree(topology, inhabitants, [fault.label for fault in self._faults])

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults in force, oldest first."""
        return self._faults

    def open_api(self, api: WSGIApplication) -> None:
        """Let AWS's API answer under its own names, inside the lab."""
        with self._lock:
            self._api_hosts = ApiHosts(self._namespaces, self._internet.authority, api)
            self._apply(self._topology)

    def reconcile(self) -> None:
        """Derive the network from the model and make it so, by difference from what stands."""
        with self._lock:
            topology = derive()
            self._faults = active_faults(topology, self._faults)
            self._apply(topology)

    def fault(self, fault: Fault) -> tuple[Fault, ...]:
        """Put a fault in force in the place of any other of its target; return all that are in force.

        A restart is over at once. Raises UnknownTargetError, AmbiguousTargetError.
        """
        with self._lock:
            fault = resolved(self._topology, fault)  # before anything changes
            self._faults = tuple(each for each in self._faults if not each.is_about(fault.kind, fault.target))
            if fault.mode is Mode.RESTARTED:
                self._nodes.end(fault.target)
            else:
                self._faults += (fault,)
            self._apply(self._topology)
            return self._faults

    def clear_faults(self, kind: str | None = None, target: str | None = None) -> tuple[Fault, ...]:
        """Mend what is wrong with a target, or everything if none is given; return what stays wrong.

        Raises AmbiguousTargetError if the target's name means several that are wrong.
        """
        with self._lock:
            if kind and target:
                check_unambiguous(self._faults, kind, target)
            self._faults = tuple(
                each for each in self._faults if kind and target and not each.is_about(kind, target)
            )
            self._apply(self._topology)
            return self._faults

    def differences(self) -> list[str]:
        """Return in what the data plane differs from the model, a line each; nothing if it does not.

        Nothing may change the model meanwhile.
        """
        with self._lock:
            topology = derive()
            is_applied = self._plan(topology) == self._kernel.applied
            modes = by_target(self._faults, FaultKind.CACHE_NODE)
            nodes = [
                name
                for vpc in topology.vpcs
                for cluster in vpc.cache_clusters
                for name in map(cluster.node_name, cluster.nodes)
                if name not in modes or modes[name].mode is not Mode.DEAD
            ]
            interfaces = {each.id for vpc in topology.vpcs for each in vpc.interfaces}
            return [
                *([] if is_applied else ["the network that the model means was never laid"]),
                *differences(self._namespaces, self._kernel.applied),
                *compared("memcached of cache nodes", nodes, self._nodes.running()),
                *compared(
                    "resolvers of VPCs",
                    (vpc.id for vpc in topology.vpcs if vpc.has_dns),
                    self._resolvers.vpcs,
                ),
                *compared(
                    "hosts of function URLs",
                    (url.hostname for url in topology.function_urls),
                    self._function_hosts.names,
                ),
                *compared(
                    "interfaces of function processes", interfaces, self.functions.interfaces() | interfaces
                ),
            ]

    def origin_calls(self) -> dict[str, int]:
        """Return how often each path of the origin, and each function URL's host and path, was asked for."""
        return self._internet.origin.calls() | self._function_hosts.calls()

    def connect(self, interface_id: str | None, address: str, port: int) -> str:
        """Try TCP from an interface, or the internet if None: connected, refused, timeout or why not."""
        namespace = INTERNET if interface_id is None else interface_namespace(interface_id)
        with self._namespaces.socket(namespace) as probe:
            probe.settimeout(_CONNECT_SECONDS)
            try:
                probe.connect((address, port))
            except TimeoutError:
                return "timeout"
            except ConnectionRefusedError:
                return "refused"
            except OSError as error:
                return (error.strerror or str(error)).lower()
            return "connected"

    def _plan(self, topology: Topology) -> Network:
        return plan(
            topology,
            isolated_interfaces(topology, self._faults),
            down_hosts(topology, self._faults),
            self._settings.nat_idle_seconds,
        )

    def _apply(self, topology: Topology) -> None:
        """Make `topology` so, under the faults in force."""
        self._kernel.apply(self._plan(topology))
        origins = by_target(self._faults, FaultKind.ORIGIN)
        self._internet.reconcile(origins)
        self._function_hosts.reconcile(topology.function_urls, origins)
        clusters = [cluster for vpc in topology.vpcs for cluster in vpc.cache_clusters]
        self._nodes.reconcile(clusters, by_target(self._faults, FaultKind.CACHE_NODE))
        self._resolvers.reconcile(topology, by_target(self._faults, FaultKind.DNS))
        if self._api_hosts:
            self._api_hosts.reconcile(topology)
        self.functions.reconcile(topology)
        self._topology = topology

    def _public_addresses(self, name: str) -> tuple[IPv4Address, ...] | None:
        """Return the addresses of a public name in lower case, None if there is none."""
        address = self._function_hosts.address(name)
        return (address,) if address else public_addresses(name)

    def _is_usable(self, interface_id: str) -> bool:
        """Tell whether the zone of a function's interface is there.

        AWS places functions around a zone's loss; of a single interface's loss it knows nothing.
        """
        lost = out_zones(self._faults)
        if not lost:
            return True
        interfaces = (each for vpc in self._topology.vpcs for each in vpc.interfaces)
        return all(each.zone not in lost for each in interfaces if each.id == interface_id)
