"""One region: the control plane's model, made so in the kernel, with the processes that live in it."""

from __future__ import annotations

import threading
from pathlib import Path

from vpcache.lab.control.model import derive
from vpcache.lab.faults import Fault, down_hosts, severed, standing
from vpcache.lab.internet import HOSTS, Internet
from vpcache.lab.kernel import Kernel
from vpcache.lab.memcached import CacheNodes
from vpcache.lab.netns import Namespaces
from vpcache.lab.network import INTERNET, interface_namespace, plan, router_namespace
from vpcache.lab.resolver import Resolvers
from vpcache.lab.runtime import FunctionRuntime
from vpcache.lab.topology import Topology

_CONNECT_SECONDS = 2.0


class Region:
    """Keeps the data plane as the control plane's model and the faults in force say."""

    def __init__(self, work_dir: Path) -> None:
        work_dir.mkdir()
        self._namespaces = Namespaces()
        self._kernel = Kernel(self._namespaces)
        self._lock = threading.Lock()
        self._topology = Topology()
        self._faults: tuple[Fault, ...] = ()
        self._kernel.apply(plan(self._topology))  # the internet stands before anything needs it
        self._internet = Internet(self._namespaces, INTERNET, work_dir)
        self._nodes = CacheNodes(self._namespaces, interface_namespace)
        self._resolvers = Resolvers(self._namespaces, router_namespace, HOSTS)
        self.functions = FunctionRuntime(
            self._namespaces, interface_namespace, work_dir, self._internet.ca_file, self._is_usable
        )

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults in force, oldest first."""
        return self._faults

    def settle(self) -> None:
        """Derive the network from the model and make it so, by difference from what stands."""
        with self._lock:
            topology = derive()
            self._faults = standing(topology, self._faults)
            self._kernel.apply(plan(topology, severed(topology, self._faults), down_hosts(self._faults)))
            self._nodes.settle(cluster for vpc in topology.vpcs for cluster in vpc.cache_clusters)
            self._resolvers.settle(topology)
            self.functions.settle(topology)
            self._topology = topology

    def set_fault(self, fault: Fault, *, present: bool) -> list[str]:
        """Put a fault in or out of force; return those in force. Raises LabError for an unknown target."""
        others = tuple(known for known in self._faults if known != fault)
        faults = (*others, fault) if present else others
        # an unknown target is refused before anything changes
        severed(self._topology, faults)
        down_hosts(faults)
        self._faults = faults
        self.settle()
        return [known.label for known in faults]

    def origin_calls(self) -> dict[str, int]:
        """Return how often each path of the origin was asked for."""
        return self._internet.origin.calls()

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

    def _is_usable(self, interface_id: str) -> bool:
        return interface_id not in severed(self._topology, self._faults)
