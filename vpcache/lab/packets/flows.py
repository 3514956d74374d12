"""Flows between ends of a topology as attempts in network namespaces. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from vpcache.lab.addresses import SERVICE_ADDRESSES, IpAddress
from vpcache.lab.errors import LabError
from vpcache.lab.network.naming import INTERNET, endpoint_namespace, interface_namespace
from vpcache.lab.packets.attempts import Attempt, Outcome, Server
from vpcache.lab.prover.ends import Attached, End, Internet, attached
from vpcache.lab.prover.traffic import Flow
from vpcache.lab.topology import Topology

SOURCE_PORTS = ((1024, 32767), (32768, 49151), (49152, 65535))
"""Ranges of source ports: each flow is sent from one port of each.

Network ACLs usually allow answers from one of their limits on: 1024 for NAT gateways and Lambda functions,
32768 for Linux, 49152 for Windows.
https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports
"""
PROTOCOLS = ("tcp", "udp", "icmp", "icmpv6")


@dataclass(frozen=True, slots=True)
class LiveFlow:
    """A flow to send between two ends of the lab, and whether an answer is expected.

    The ends are those of the lab's own topology, with its interface IDs and addresses.
    """

    source: End
    target: End
    flow: Flow
    is_expected: bool


class Verdict(StrEnum):
    """What became of a flow."""

    PASSES = "passes"  # all its attempts were answered
    DROPPED = "does not pass"
    UNSENT = "not sent"


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of a flow, and the source address that the target saw, None if no packet arrived.

    `problem` is why the flow could not be sent, or which of its attempts alone were answered.
    """

    verdict: Verdict
    seen_as: IpAddress | None = None
    problem: str = ""


def attempts_of(
    topology: Topology, flow: LiveFlow, source_ports: Sequence[tuple[int, int]] = SOURCE_PORTS
) -> tuple[Attempt, ...]:
    """Return the attempts of a flow, one from a port of each range; for ICMP, which has no ports, one.

    Raises LabError for a protocol without sockets, for a source that no interface has, for a host of the
    internet at an elastic IP, and for ends of different IP versions.
    """
    if flow.flow.protocol not in PROTOCOLS:
        raise LabError(f"cannot send protocol {flow.flow.protocol}: choose from {', '.join(PROTOCOLS)}")
    source = next(_servers(topology, flow.source), None)
    if source is None:
        raise LabError(f"cannot send from {flow.source.address}: no interface has this address")
    dialled = _dialled(flow.target)
    if source.address.version != dialled.version:
        raise LabError(f"cannot send from {source.address} to {dialled}: the IP versions differ")
    return tuple(
        Attempt(
            protocol=flow.flow.protocol,
            namespace=source.namespace,
            source=source.address,
            source_ports=ports,
            target=dialled,
            port=flow.flow.port or 0,
            servers=tuple(_servers(topology, flow.target)),
            is_expected=flow.is_expected,
        )
        for ports in (source_ports if flow.flow.protocol in ("tcp", "udp") else source_ports[:1])
    )


def seen(outcomes: Sequence[Outcome]) -> Seen:
    """Return what became of a flow from the outcomes of its attempts."""
    address = next((each.seen_as for each in outcomes if each.seen_as is not None), None)
    if problem := next((each.problem for each in outcomes if each.problem), ""):
        return Seen(Verdict.UNSENT, address, problem)
    answered = [str(each.source_port) for each in outcomes if each.is_answered]
    if len(answered) == len(outcomes):
        return Seen(Verdict.PASSES, address)
    problem = f"answered at source port {', '.join(answered)} only" if answered else ""
    return Seen(Verdict.DROPPED, address, problem)


def internet_addresses(flows: Iterable[LiveFlow]) -> frozenset[IpAddress]:
    """Return the addresses of the internet from and to which flows are sent."""
    ends = (end for flow in flows for end in (flow.source, flow.target))
    return frozenset(end.address for end in ends if isinstance(end, Internet))


def _servers(topology: Topology, end: End) -> Iterator[Server]:
    """Yield where an end is: its namespace and its own address.

    A service with gateway endpoints is on the internet and at each endpoint; routes decide between them. An
    address that no interface has is nowhere.
    """
    match end:
        case Attached():
            yield Server(interface_namespace(end.interface.id), end.address)
        case Internet(address):
            if owner := _elastic_ips(topology).get(address):
                raise LabError(f"{address} is no host of the internet: it is the elastic IP of {owner}")
            yield Server(INTERNET, address)
            for vpc in topology.vpcs:
                for endpoint in vpc.gateway_endpoints:
                    if SERVICE_ADDRESSES.get(endpoint.service) == address:
                        yield Server(endpoint_namespace(endpoint.id), address)


def _dialled(target: End) -> IpAddress:
    """Return the address to which a client connects: for an interface on the internet, its public one."""
    if not isinstance(target, Attached) or not target.by_public_address:
        return target.address
    if target.public_address is None:
        raise LabError(f"{target.interface.id} has no public address for {target.address}")
    return target.public_address


def _elastic_ips(topology: Topology) -> Mapping[IpAddress, str]:
    ends = (end for vpc in topology.vpcs for end in attached(vpc))
    public = ((end.public_address, end.interface.id) for end in ends if end.address.version == 4)
    return {address: id_ for address, id_ in public if address is not None}
