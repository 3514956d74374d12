"""Flow log records of the traffic of the source scenario's VPC."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from tests.support.network.scenario import VPC
from vpcache.lab.flows.fields import (
    DEFAULT_FIELDS,
    InvalidFormatError,
    UnknownFieldsError,
    fields_of,
    version_of,
)
from vpcache.lab.flows.packets import ICMP, SYN, TCP, Flow, Verdict
from vpcache.lab.flows.records import Window, records, stream_of
from vpcache.lab.flows.traffic import FlowCount, Traffic
from vpcache.lab.topology import FlowLog

INTERFACES = {interface.id: interface for interface in VPC.interfaces}
WINDOW = Window(VPC, "123456789012", 1000.9, 1060.2, {"gateway": 8, "s3": 7})
COUNT = FlowCount(3, 180, 1010.7, 1020.9, SYN)
FLOW_LOG = FlowLog("fl-1", VPC.id, "ALL", 60, DEFAULT_FIELDS)
CLIENT, CACHE, NAT = "eni-client-a", "eni-cache", "eni-nat-a"


def flow(
    in_device: str,
    out_device: str,
    source: str,
    destination: str,
    ports: tuple[int, int] = (40000, 11211),
) -> Flow:
    """Return a flow between devices that have the IDs of their interfaces as names."""
    packed = (socket.inet_aton(source), socket.inet_aton(destination))
    return Flow(Verdict.ACCEPTED, in_device, out_device, *packed, TCP, *ports)


CALL = flow(CLIENT, CACHE, "10.0.0.140", "10.0.0.150")


def lines(*flows: Flow, flow_log: FlowLog = FLOW_LOG) -> list[str]:
    """Return the records of flows, without those of interfaces without traffic."""
    with_status = replace(flow_log, fields=(*flow_log.fields, "log-status"))
    found = records(with_status, WINDOW, Traffic(dict.fromkeys(flows, COUNT), INTERFACES))
    return [record.text.removesuffix(" OK") for record in found if record.text.endswith(" OK")]


def custom(*fields: str, traffic: str = "ALL", resource: str = VPC.id) -> FlowLog:
    return FlowLog("fl-1", resource, traffic, 60, fields)


def test_accepted_flow_has_a_record_of_each_interface() -> None:
    counts = "180 1010 1020 ACCEPT OK"
    assert lines(CALL) == [
        f"2 123456789012 {each} 10.0.0.140 10.0.0.150 40000 11211 6 3 {counts}" for each in (CACHE, CLIENT)
    ]


@pytest.mark.parametrize(
    ("verdict", "actions"),
    [
        (Verdict.GROUP_EGRESS, [(CLIENT, "REJECT")]),
        (Verdict.ACL_EGRESS, [(CLIENT, "REJECT")]),
        (Verdict.GROUP_INGRESS, [(CACHE, "REJECT"), (CLIENT, "ACCEPT")]),
        (Verdict.ACL_INGRESS, [(CACHE, "REJECT"), (CLIENT, "ACCEPT")]),
    ],
)
def test_rejected_flow_is_recorded_where_it_ends(verdict: Verdict, actions: list[tuple[str, str]]) -> None:
    rejected = CALL._replace(verdict=verdict)

    found = lines(rejected, flow_log=custom("interface-id", "action"))

    assert found == [" ".join(each) for each in actions]
    only = lines(rejected, flow_log=custom("interface-id", "action", traffic="REJECT"))
    assert only == [" ".join(each) for each in actions if each[1] == "REJECT"]


def test_records_through_nat_show_translated_and_packet_addresses() -> None:
    own, far, nat = "10.0.0.140", "198.51.100.10", "10.0.0.10"
    fields = ("interface-id", "srcaddr", "dstaddr", "pkt-srcaddr", "pkt-dstaddr", "traffic-path")
    found = lines(
        flow(CLIENT, NAT, own, far),
        flow(NAT, "gateway", nat, far),
        flow("gateway", NAT, far, nat),
        flow(NAT, CLIENT, far, own),
        flow_log=custom(*fields),
    )

    assert sorted(found) == sorted(
        [
            f"{CLIENT} {own} {far} {own} {far} 1",
            f"{NAT} {own} {nat} {own} {far} -",
            f"{NAT} {nat} {far} {nat} {far} 8",
            f"{NAT} {far} {nat} {far} {nat} -",
            f"{NAT} {nat} {own} {far} {own} 1",
            f"{CLIENT} {far} {own} {far} {own} -",
        ]
    )


def test_secondary_address_is_shown_as_the_primary_one() -> None:
    to_endpoint = flow(CLIENT, CACHE, "10.0.0.140", "10.0.0.151")
    fields = custom("dstaddr", "pkt-dstaddr", resource=CACHE)

    assert lines(to_endpoint, flow_log=fields) == ["10.0.0.150 10.0.0.151"]


def test_all_fields_of_version_5_have_values() -> None:
    zones = tuple(replace(subnet, zone_id="use1-az6") for subnet in VPC.subnets)
    window = replace(WINDOW, vpc=replace(VPC, subnets=zones))
    fields = (
        *("version", "vpc-id", "subnet-id", "instance-id", "tcp-flags", "type", "region", "az-id"),
        *("sublocation-type", "sublocation-id", "pkt-src-aws-service", "pkt-dst-aws-service"),
        *("flow-direction", "traffic-path"),
    )
    to_s3 = flow(CLIENT, "s3", "10.0.0.140", "198.51.100.30", ports=(40000, 443))
    traffic = Traffic({to_s3: COUNT}, {CLIENT: INTERFACES[CLIENT]})

    (record,) = records(custom(*fields), window, traffic)

    assert record.text == ("5 vpc-1 subnet-private-a - 2 IPv4 us-east-1 use1-az6 - - - S3 egress 7")


def test_flow_log_records_its_subnet_or_interface_only() -> None:
    for resource, seen in (("subnet-public-a", [NAT]), (CLIENT, [CLIENT]), ("eni-web", [])):
        through = flow(CLIENT, NAT, "10.0.0.140", "198.51.100.10")
        assert lines(through, flow_log=custom("interface-id", resource=resource)) == seen


def test_messages_of_one_kind_are_one_record_with_ports_0() -> None:
    ping = CALL._replace(protocol=ICMP, source_port=0, destination_port=0)
    pings = [ping._replace(out_device=device) for device in (CACHE, NAT)]
    fields = custom("srcport", "dstport", "protocol", "packets", resource=CLIENT)

    assert lines(*pings, flow_log=fields) == ["0 0 1 6"], "the path of a flow is not part of a record"


def test_interface_without_flow_has_a_record_without_data() -> None:
    traffic = Traffic({}, {CLIENT: INTERFACES[CLIENT]})

    (record,) = records(FLOW_LOG, WINDOW, traffic)

    assert record.text == f"2 123456789012 {CLIENT} - - - - - - - 1000 1060 - NODATA"
    (fitting,) = records(custom("log-status", "vpc-id", "pkt-srcaddr"), WINDOW, traffic)
    assert fitting.text == "NODATA vpc-1 -"


def test_lost_packets_make_a_record_of_skipped_data() -> None:
    traffic = Traffic({CALL: COUNT}, {CLIENT: INTERFACES[CLIENT]}, is_incomplete=True)

    texts = [record.text for record in records(FLOW_LOG, WINDOW, traffic)]

    assert [text.split()[-1] for text in texts] == ["SKIPDATA", "OK"]
    assert texts[0] == f"2 123456789012 {CLIENT} - - - - - - - 1000 1060 - SKIPDATA"


def test_stream_has_interface_and_traffic_type() -> None:
    assert stream_of(custom("version", traffic="REJECT"), "eni-1") == "eni-1-reject"


def test_format_has_fields_of_versions_2_to_5() -> None:
    assert fields_of("${srcaddr} ${action}") == ("srcaddr", "action")
    assert version_of(DEFAULT_FIELDS) == 2
    assert version_of(("srcaddr", "tcp-flags", "az-id")) == 4
    with pytest.raises(UnknownFieldsError, match=r"^ecs-task-id, reject-reason$"):
        fields_of("${ecs-task-id} ${version} ${reject-reason}")
    for invalid in ("", "srcaddr", "${srcaddr} ", "${srcaddr},${action}"):
        with pytest.raises(InvalidFormatError):
            fields_of(invalid)
