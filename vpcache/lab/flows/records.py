"""Flow log records, one for each flow and each interface that it enters or leaves. Pure.

https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import NamedTuple

from vpcache.lab.addresses import API_ADDRESS, SERVICE_ADDRESSES, IpAddress
from vpcache.lab.flows.fields import version_of
from vpcache.lab.flows.packets import Flow, Verdict
from vpcache.lab.flows.traffic import FlowCount, Traffic
from vpcache.lab.topology import FlowLog, Interface, Vpc

INGRESS, EGRESS = "ingress", "egress"
ACCEPT, REJECT, ALL = "ACCEPT", "REJECT", "ALL"
_MISSING = "-"
_SERVICES: Mapping[IpAddress, str] = {
    SERVICE_ADDRESSES["s3"]: "S3",
    SERVICE_ADDRESSES["dynamodb"]: "DYNAMODB",
    API_ADDRESS: "AMAZON",
}
SAME_VPC, GATEWAY_ENDPOINT, INTERNET_GATEWAY = 1, 7, 8
"""Values of the field traffic-path."""


@dataclass(frozen=True, slots=True)
class Window:
    """An aggregation interval of a VPC's flow log, with its bounds in seconds since the epoch.

    `paths` are the values of traffic-path for the router's devices towards gateways.
    """

    vpc: Vpc
    account: str
    start: float
    end: float
    paths: Mapping[str, int]


class Record(NamedTuple):
    """A record of an interface, with its start in seconds since the epoch."""

    interface_id: str
    start: int
    text: str


class _Sighting(NamedTuple):
    """A flow as an interface sees it."""

    interface: Interface
    direction: str
    action: str


def records(flow_log: FlowLog, window: Window, traffic: Traffic) -> list[Record]:
    """Return the records of a flow log for an aggregation interval.

    An interface without traffic has a record NODATA. If packets were lost, each has a record SKIPDATA.
    """
    values: dict[tuple[object, ...], tuple[_Sighting, Flow, FlowCount]] = {}
    for flow, count in traffic.flows.items():
        for sighting in _sightings(flow, traffic.interfaces):
            if _is_recorded(flow_log, window.vpc, sighting):
                key = (sighting.interface.id, *sighting[1:], *flow[3:])
                known = values.get(key)
                values[key] = (sighting, flow, known[2].plus(count) if known else count)
    found = [_record(flow_log, window, *each) for each in values.values()]
    seen = {record.interface_id for record in found}
    for interface in traffic.interfaces.values():
        if flow_log.covers(interface, window.vpc.id):
            if interface.id not in seen:
                found.append(_without_flow(flow_log, window, interface, "NODATA"))
            if traffic.is_incomplete:
                found.append(_without_flow(flow_log, window, interface, "SKIPDATA"))
    return sorted(found, key=lambda record: (record.start, record.interface_id))


def stream_of(flow_log: FlowLog, interface_id: str) -> str:
    """Return the log stream of an interface in CloudWatch Logs: "eni-1-all"."""
    return f"{interface_id}-{flow_log.traffic.lower()}"


def _sightings(flow: Flow, interfaces: Mapping[str, Interface]) -> Iterator[_Sighting]:
    """Yield how the interfaces at both ends of a flow's path see it.

    What the receiver's groups or ACL reject has left the sender.
    """
    sender, receiver = interfaces.get(flow.in_device), interfaces.get(flow.out_device)
    is_rejected_early = flow.verdict in (Verdict.GROUP_EGRESS, Verdict.ACL_EGRESS)
    if sender:
        yield _Sighting(sender, EGRESS, REJECT if is_rejected_early else ACCEPT)
    if receiver and not is_rejected_early:
        yield _Sighting(receiver, INGRESS, ACCEPT if flow.verdict is Verdict.ACCEPTED else REJECT)


def _is_recorded(flow_log: FlowLog, vpc: Vpc, sighting: _Sighting) -> bool:
    return flow_log.traffic in (ALL, sighting.action) and flow_log.covers(sighting.interface, vpc.id)


def _record(flow_log: FlowLog, window: Window, sighting: _Sighting, flow: Flow, count: FlowCount) -> Record:
    start = int(count.first)
    is_egress = sighting.direction == EGRESS
    values = {
        **_common(flow_log, window, sighting.interface),
        **_addresses(sighting, flow),
        "srcport": flow.source_port,
        "dstport": flow.destination_port,
        "protocol": flow.protocol,
        "packets": count.packets,
        "bytes": count.bytes,
        "start": start,
        "end": int(count.last),
        "action": sighting.action,
        "log-status": "OK",
        "tcp-flags": count.tcp_flags,
        "type": "IPv4" if len(flow.source) == 4 else "IPv6",
        "flow-direction": sighting.direction,
        "traffic-path": window.paths.get(flow.out_device, SAME_VPC) if is_egress else _MISSING,
    }
    return Record(sighting.interface.id, start, _text(flow_log, values))


def _without_flow(flow_log: FlowLog, window: Window, interface: Interface, status: str) -> Record:
    start = int(window.start)
    values = {
        **_common(flow_log, window, interface),
        "start": start,
        "end": int(window.end),
        "log-status": status,
    }
    return Record(interface.id, start, _text(flow_log, values))


def _text(flow_log: FlowLog, values: Mapping[str, object]) -> str:
    return " ".join(str(values.get(field, _MISSING)) for field in flow_log.fields)


def _common(flow_log: FlowLog, window: Window, interface: Interface) -> dict[str, object]:
    """Return the values that do not depend on a flow. The lab has no instances and no sublocations."""
    return {
        "version": version_of(flow_log.fields),
        "account-id": window.account,
        "interface-id": interface.id,
        "vpc-id": window.vpc.id,
        "subnet-id": interface.subnet_id,
        "region": window.vpc.region,
        "az-id": window.vpc.subnets_by_id()[interface.subnet_id].zone_id,
    }


def _addresses(sighting: _Sighting, flow: Flow) -> dict[str, object]:
    """Return the addresses of a flow.

    On the interface's own side, srcaddr and dstaddr show its primary private IPv4 address, and pkt-srcaddr
    and pkt-dstaddr the packet's: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-limitations.html
    """
    source, destination = ip_address(flow.source), ip_address(flow.destination)
    own = sighting.interface.address if source.version == 4 else None
    is_egress = sighting.direction == EGRESS
    return {
        "srcaddr": own if own and is_egress else source,
        "dstaddr": own if own and not is_egress else destination,
        "pkt-srcaddr": source,
        "pkt-dstaddr": destination,
        "pkt-src-aws-service": _SERVICES.get(source, _MISSING),
        "pkt-dst-aws-service": _SERVICES.get(destination, _MISSING),
    }
