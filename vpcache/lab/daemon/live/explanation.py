"""Why a flow may or may not pass: each rule, route and fault on the way there and back. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

from vpcache.lab.errors import LabError
from vpcache.lab.faults import Fault, FaultKind, Mode, down_hosts, isolated_interfaces
from vpcache.lab.network.naming import INTERNET, INTERNET_CLIENT
from vpcache.lab.prover.ends import Attached, End, Internet, Unused, attached, end_at
from vpcache.lab.prover.prover import Prover
from vpcache.lab.prover.traffic import Flow
from vpcache.lab.topology import Topology

PROTOCOLS = ("tcp", "udp", "icmp")


@dataclass(frozen=True, slots=True)
class Question:
    """A flow between two ends, each the ID of an interface, an IPv4 address, a host name or `internet`."""

    source: str
    target: str
    flow: Flow

    @classmethod
    def create(cls, source: object, target: object, protocol: object, port: object = None) -> Question:
        """Return a valid question. Raises LabError that names the invalid value."""
        if not isinstance(source, str) or not isinstance(target, str):
            raise LabError(f"source {source!r} and target {target!r}: must be texts")
        if protocol not in PROTOCOLS:
            raise LabError(f"unknown protocol {protocol!r}; choose from {', '.join(PROTOCOLS)}")
        if protocol == "icmp":
            return cls(source, target, Flow("icmp"))
        if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port <= 65535:
            raise LabError(f"invalid port {port!r}: must be a whole number from 0 to 65535")
        return cls(source, target, Flow(str(protocol), port))


@dataclass(frozen=True, slots=True)
class Check:
    """One step on a flow's way: the resource that decides, whether the flow passes it, and why."""

    stage: str
    resource: str
    passes: bool
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The checks of a flow in their order; `summary` is its first obstacle, or says that it passes."""

    checks: tuple[Check, ...]
    summary: str

    @property
    def passes(self) -> bool:
        """Whether no check stops the flow."""
        return all(check.passes for check in self.checks)


def explain(
    topology: Topology,
    faults: Sequence[Fault],
    question: Question,
    hosts: Iterable[tuple[str, IPv4Address]] = (),
) -> Explanation:
    """Return what lets a flow pass and what stops it. `hosts` are the internet's, by name.

    Raises LabError for an unknown end.
    """
    names = dict(hosts)
    source = _end(topology, question.source, names, None)
    near = source.vpc_id if isinstance(source, Attached | Unused) else None
    target = _end(topology, question.target, names, near)
    path = Prover(topology, faults=_fault_texts(topology, faults)).path(source, target)
    checks = tuple(Check(step.stage, step.resource, *step.decide(question.flow)) for step in path.steps)
    obstacle = next((f"{check.stage}: {check.why}" for check in checks if not check.passes), None)
    passing = f"{question.flow} passes from {question.source} to {question.target}"
    return Explanation(checks, obstacle or passing)


def _end(topology: Topology, name: str, hosts: Mapping[str, IPv4Address], vpc_id: str | None) -> End:
    """Return an end as the VPC `vpc_id` sees it; without one, a private address is that of the first VPC."""
    ends = [end for vpc in topology.vpcs for end in attached(vpc)]
    for end in ends:
        if end.interface.id == name:
            return end
    if name == INTERNET:
        return Internet(INTERNET_CLIENT)
    if name in hosts:
        return Internet(hosts[name])
    try:
        address = IPv4Address(name)
    except AddressValueError:
        raise LabError(
            f"unknown end {name!r}: must be an eni-... of the lab, an IPv4 address, a host, or {INTERNET}"
        ) from None
    if vpc_id is None:
        vpc_id = next((end.vpc_id for end in ends if end.address == address), None)
    return end_at(topology, address, vpc_id)


def _fault_texts(topology: Topology, faults: Sequence[Fault]) -> dict[str, str]:
    """Return the faults that stop packets, by the ID of the interface or the address of the host."""
    texts: dict[str, str] = {}
    for fault in faults:
        hosts = map(str, down_hosts(topology, [fault]))
        stopped = (*isolated_interfaces(topology, [fault]), *hosts, *_without_process(topology, fault))
        texts |= dict.fromkeys(stopped, fault.label)
    return texts


def _without_process(topology: Topology, fault: Fault) -> list[str]:
    """Return the interface of the cache node whose process does not answer because of a fault."""
    if fault.kind is not FaultKind.CACHE_NODE or fault.mode not in (Mode.DEAD, Mode.HUNG):
        return []
    return [
        node.interface_id
        for vpc in topology.vpcs
        for cluster in vpc.cache_clusters
        for node in cluster.nodes
        if cluster.node_name(node) == fault.target
    ]
