"""The reconcile loop: brings network, servers and processes of all regions to the control plane's state.

control plane's model -> topology_builder.derive -> Topology -> planner.plan -> Network -> Kernel.apply
                                                        `-> servers, memcached nodes, function processes

What reads the control plane's model is imported at its first use: the lab is ready before moto is imported
(see `vpcache.lab.daemon.startup`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.types import WSGIApplication

from vpcache.lab.addresses import IpAddress, public_addresses
from vpcache.lab.aws import ACCOUNT
from vpcache.lab.daemon.flow_logs import FlowLogs
from vpcache.lab.daemon.packet_logs import PacketLogs
from vpcache.lab.errors import LabError
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
from vpcache.lab.flows.drops import Drop
from vpcache.lab.functions.runtime import FunctionRuntime
from vpcache.lab.functions.spec import Credentials
from vpcache.lab.memcached.nodes import CacheNodes
from vpcache.lab.memcached.serverless import ServerlessCaches
from vpcache.lab.network.consistency import compared, differences
from vpcache.lab.network.kernel import Kernel
from vpcache.lab.network.naming import INTERNET, interface_namespace, router_namespace
from vpcache.lab.network.netns import Namespaces
from vpcache.lab.network.planner import plan
from vpcache.lab.network.steps import Network
from vpcache.lab.network.tree import tree
from vpcache.lab.origins import Origin, OriginRequest, UnservedHost, normalized
from vpcache.lab.services.dns import Resolvers
from vpcache.lab.services.function_hosts import FunctionHosts
from vpcache.lab.services.http_host import HttpAnswer, HttpRequest
from vpcache.lab.services.internet import Internet
from vpcache.lab.services.origin_hosts import OriginHosts
from vpcache.lab.services.responders import Connect
from vpcache.lab.settings import LabSettings
from vpcache.lab.topology import Topology

if TYPE_CHECKING:
    from vpcache.lab.aws.flow_logs.delivery import FlowLogDelivery
    from vpcache.lab.aws.inventory import Place
    from vpcache.lab.services.api_hosts import ApiHosts

_CONNECT_SECONDS = 2.0


class Region:
    """The data plane of all regions, with the active faults applied to it."""

    def __init__(self, work_dir: Path, connect_to_host: Connect) -> None:
        work_dir.mkdir()
        self._namespaces = Namespaces()
        self._kernel = Kernel(self._namespaces)
        self._packet_logs = PacketLogs(self._namespaces)
        self._flow_logs: FlowLogs | None = None
        self._lock = threading.Lock()
        self._topology = Topology()
        self._faults: tuple[Fault, ...] = ()
        self._settings = LabSettings()
        self._kernel.apply(plan(self._topology))  # the servers below need the internet's namespace
        self._internet = Internet(self._namespaces, INTERNET, work_dir)
        self._nodes = CacheNodes(self._namespaces, interface_namespace, self._internet.authority, work_dir)
        self._serverless = ServerlessCaches(
            self._namespaces, interface_namespace, self._internet.authority, work_dir
        )
        self._function_hosts = FunctionHosts(self._namespaces, self._internet.tls, _call_url)
        self._origins = OriginHosts(self._namespaces, self._internet.tls, connect_to_host)
        self._api_hosts: ApiHosts | None = None
        self._resolvers = Resolvers(self._namespaces, router_namespace, self._public_addresses)
        self.functions = FunctionRuntime(
            self._namespaces,
            interface_namespace,
            work_dir,
            self._internet.ca_file,
            _ExecutionSessions(),
            self._is_usable,
            settings=lambda: self._settings,
        )

    @property
    def settings(self) -> LabSettings:
        """The current settings."""
        return self._settings

    def change_settings(self, values: Mapping[str, Any]) -> LabSettings:
        """Change some settings and return all. Raises LabError for unknown names and invalid values."""
        with self._lock:
            self._settings = self._settings.changed(values)
            self._apply(self._topology)
            return self._settings

    def state(self) -> dict[str, Any]:
        """Return settings, faults and origins as JSON has them."""
        return {
            "settings": asdict(self._settings),
            "faults": [asdict(fault) for fault in self._faults],
            "origins": [asdict(origin) for origin in self.origins],
        }

    def load_state(self, state: Mapping[str, Any]) -> list[str]:
        """Set settings, faults and origins. Returns why some could not be set, one line each.

        The model has been loaded: faults have targets in it. Raises LabError for invalid settings.
        """
        self.change_settings(state["settings"])
        self.reconcile()
        origins = [partial(self.serve_origin, Origin(**values)) for values in state["origins"]]
        faults = [partial(self.fault, Fault.create(**values)) for values in state["faults"]]
        problems = []
        changes: list[Callable[[], object]] = [*origins, *faults]
        for change in changes:
            try:
                change()
            except LabError as error:
                problems.append(str(error))
        return problems

    def directory(self) -> list[Place]:
        """Return all names with their namespaces. The model must not change during the call."""
        from vpcache.lab.aws.inventory import directory

        return directory(self._derive())

    def tree(self) -> list[str]:
        """Return the topology as a tree, line by line. The model must not change during the call."""
        from vpcache.lab.aws.inventory import directory

        topology = self._derive()
        names: dict[str, list[str]] = {}
        for place in directory(topology):
            names.setdefault(place.namespace, []).append(place.name)
        ids = [interface.id for vpc in topology.vpcs for interface in vpc.interfaces]
        names_by_id = {id_: set(names[interface_namespace(id_)]) - {id_} for id_ in ids}
        return tree(topology, names_by_id, [fault.label for fault in self._faults])

    @property
    def topology(self) -> Topology:
        """The topology that was applied last; each change of the model brings another object."""
        return self._topology

    @property
    def namespaces(self) -> Namespaces:
        """The network namespaces of the lab."""
        return self._namespaces

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The active faults, oldest first."""
        return self._faults

    def open_api(self, api: WSGIApplication) -> None:
        """Serve AWS's API under its own host names, inside the lab."""
        from vpcache.lab.services.api_hosts import ApiHosts

        with self._lock:
            self._api_hosts = ApiHosts(self._namespaces, self._internet.authority, api)
            self._apply(self._topology)

    def deliver_flow_logs(self, delivery: FlowLogDelivery) -> None:
        """Record the traffic of all flow logs from now on, and pass their records on."""
        self._flow_logs = FlowLogs(self._packet_logs.take, delivery.deliver, lambda: self._settings)

    def reconcile(self) -> None:
        """Derive the desired topology from the model and apply the difference from the current state."""
        with self._lock:
            topology = self._derive()
            self._faults = active_faults(topology, self._faults)
            self._apply(topology)

    def fault(self, fault: Fault) -> tuple[Fault, ...]:
        """Inject a fault, in place of another fault of its target; return all active faults.

        A restart leaves no active fault. Raises UnknownTargetError, AmbiguousTargetError.
        """
        with self._lock:
            fault = resolved(self._topology, fault)  # raises before anything changes
            self._faults = tuple(
                active for active in self._faults if not active.is_about(fault.kind, fault.target)
            )
            if fault.mode is Mode.RESTARTED:
                self._nodes.end(fault.target)
            else:
                self._faults += (fault,)
            self._apply(self._topology)
            return self._faults

    def clear_faults(self, kind: str | None = None, target: str | None = None) -> tuple[Fault, ...]:
        """Remove the fault of one target, or all faults if none is given; return the active faults.

        Raises AmbiguousTargetError if several regions have a faulty target of that name.
        """
        with self._lock:
            if kind and target:
                check_unambiguous(self._faults, kind, target)
            self._faults = tuple(
                fault for fault in self._faults if kind and target and not fault.is_about(kind, target)
            )
            self._apply(self._topology)
            return self._faults

    def differences(self) -> list[str]:
        """Return the drift between the model and the data plane, one line per difference.

        The model must not change during the call.
        """
        with self._lock:
            topology = self._derive()
            is_applied = self._plan(topology) == self._kernel.applied
            modes = by_target(self._faults, FaultKind.CACHE_NODE)
            nodes = [
                name
                for vpc in topology.vpcs
                for cluster in vpc.cache_clusters
                for name in map(cluster.node_name, cluster.nodes)
                if name not in modes or modes[name].mode is not Mode.DEAD
            ]
            interfaces = {interface.id for vpc in topology.vpcs for interface in vpc.interfaces}
            return [
                *([] if is_applied else ["the desired network has not been applied"]),
                *differences(self._namespaces, self._kernel.applied),
                *compared("memcached of cache nodes", nodes, self._nodes.running()),
                *compared(
                    "memcached of serverless caches",
                    (cache.full_name for vpc in topology.vpcs for cache in vpc.serverless_caches),
                    self._serverless.running(),
                ),
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
        """Return the number of requests for each path of the origin, and host and path of function URLs."""
        return self._internet.origin.calls() | self._function_hosts.calls()

    def serve_origin(self, origin: Origin) -> Origin:
        """Add an origin to the lab's internet, or replace the one of its name. Raises LabError."""
        with self._lock:
            if self._serves_itself(origin.name):
                raise LabError(f"origin {origin.name}: the lab serves this host itself; choose another name")
            self._origins.serve(origin)
            self._apply_origins()
            return origin

    def remove_origin(self, name: str) -> None:
        """Remove an origin, with its fault. Raises LabError with the origins to choose from."""
        with self._lock:
            names = [origin.name for origin in self._origins.origins]
            if normalized(name) not in names:
                raise LabError(f"unknown origin {name!r}; choose from {', '.join(names) or 'none'}")
            self._origins.remove(normalized(name))
            self._apply_origins()

    @property
    def origins(self) -> tuple[Origin, ...]:
        """The origins that were added, sorted by name."""
        return self._origins.origins

    @property
    def origin_requests(self) -> tuple[OriginRequest, ...]:
        """The newest requests to these origins, oldest first."""
        return self._origins.requests

    def unserved_hosts(self) -> tuple[UnservedHost, ...]:
        """Return the hosts in environment variables of functions that the lab's internet does not have."""
        from vpcache.lab.aws.environment_hosts import hosts_in_environments

        named = hosts_in_environments(ACCOUNT)
        return tuple(each for each in named if self._public_addresses(each.host) is None)

    def drops(self) -> tuple[Drop, ...]:
        """Return the flows that security groups and network ACLs dropped in the last minute, newest first."""
        return self._packet_logs.drops()

    def connect(self, interface_id: str | None, address: str, port: int) -> str:
        """Connect by TCP from an interface, or the internet if None.

        Returns "connected", "refused", "timeout" or the system's error message.
        """
        namespace = INTERNET if interface_id is None else interface_namespace(interface_id)
        with self._namespaces.socket_to(namespace, address) as probe:
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
        """Bring the data plane to `topology` with the active faults."""
        self._kernel.apply(self._plan(topology))
        self._packet_logs.reconcile(topology)
        if self._flow_logs:
            self._flow_logs.reconcile(topology)
        origins = by_target(self._faults, FaultKind.ORIGIN)
        self._internet.reconcile(origins)
        self._function_hosts.reconcile(topology.function_urls, origins)
        self._origins.reconcile(origins)
        clusters = [cluster for vpc in topology.vpcs for cluster in vpc.cache_clusters]
        self._nodes.reconcile(clusters, by_target(self._faults, FaultKind.CACHE_NODE))
        self._serverless.reconcile(cache for vpc in topology.vpcs for cache in vpc.serverless_caches)
        self._resolvers.reconcile(topology, by_target(self._faults, FaultKind.DNS))
        if self._api_hosts:
            self._api_hosts.reconcile(topology)
        self.functions.reconcile(topology)
        self._topology = topology

    def _apply_origins(self) -> None:
        """Make the origins known to faults and network, and end the faults of those that were removed."""
        topology = replace(self._topology, origins=self._origins.hosts)
        self._faults = active_faults(topology, self._faults)
        self._apply(topology)

    def _derive(self) -> Topology:
        from vpcache.lab.aws.topology_builder import derive

        return replace(derive(), origins=self._origins.hosts)

    def _serves_itself(self, name: str) -> bool:
        return self._function_hosts.address(name) is not None or public_addresses(name) is not None

    def _public_addresses(self, name: str) -> tuple[IpAddress, ...] | None:
        """Return the addresses of a public host name in lower case, or None for an unknown name."""
        from vpcache.lab.aws.apigateway.requests.hosts import is_resolvable

        origins = {host.hostname: host.address for host in self._origins.hosts}
        if address := self._function_hosts.address(name) or origins.get(name):
            return (address,)
        return public_addresses(name) if is_resolvable(name) else None

    def _is_usable(self, interface_id: str) -> bool:
        """Return whether the zone of a function's interface is available.

        AWS runs functions in other zones while a zone is down; it does not notice a single interface's loss.
        """
        lost = out_zones(self._faults)
        if not lost:
            return True
        interfaces = (interface for vpc in self._topology.vpcs for interface in vpc.interfaces)
        return all(interface.zone not in lost for interface in interfaces if interface.id == interface_id)


def _call_url(hostname: str, request: HttpRequest) -> HttpAnswer:
    from vpcache.lab.aws.awslambda.urls.calls import call_url

    return call_url(hostname, request)


class _ExecutionSessions:
    """The sessions of execution roles in the control plane."""

    def begin(self, role_arn: str, function_name: str) -> Credentials:
        from vpcache.lab.aws.iam.execution_sessions import ExecutionSessions

        return ExecutionSessions().begin(role_arn, function_name)

    def end(self, credentials: Credentials) -> None:
        from vpcache.lab.aws.iam.execution_sessions import ExecutionSessions

        ExecutionSessions().end(credentials)
