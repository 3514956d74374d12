"""Dropped flows and the progress of drills, as the page shows them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from tests.support.network.scenario import PORT, VPC
from vpcache.lab.daemon.live.drill_progress import DrillProgress
from vpcache.lab.daemon.live.drops import described
from vpcache.lab.errors import LabError
from vpcache.lab.flows.drops import Drop, DropCause
from vpcache.lab.topology import Topology

TOPOLOGY = Topology((VPC,))
SECOND = {"at": 1000, "requests": 40, "errors": 0, "hit_rate": None, "p50_ms": 1.5, "p99_ms": math.nan}
DRILL = {
    "name": "nat_gateway",
    "zone": "us-east-1a",
    "stack": "shop",
    "phase": "steady load",
    "is_running": True,
    "injected": None,
    "removed": None,
    "seconds": [SECOND],
}


DROP = Drop(
    vpc_id="vpc-1",
    cause=DropCause.GROUP,
    resource_ids=("sg-cache",),
    direction="ingress",
    interface_id="eni-cache",
    peer_interface_id="eni-other",
    source="10.0.0.160",
    destination="10.0.0.150",
    protocol=6,
    source_port=40000,
    destination_port=PORT,
    packets=2,
    bytes=120,
    last_seen=100.0,
)


def test_drop_names_both_ends_and_the_cause() -> None:
    assert described([DROP], TOPOLOGY, {"eni-cache": ["kv/0001"]}) == [
        {
            "cause": "security group ingress",
            "resources": ["sg-cache"],
            "interface": "eni-cache",
            "source": "10.0.0.160",
            "source_name": "eni-other",
            "target": "10.0.0.150",
            "target_name": "kv/0001",
            "protocol": "tcp",
            "port": PORT,
            "count": 2,
            "last": 100_000,
        }
    ]


def test_drops_that_differ_in_their_source_port_are_one() -> None:
    found = described(
        [DROP, replace(DROP, packets=3, last_seen=90), replace(DROP, destination_port=22)], TOPOLOGY, {}
    )
    assert sorted((each["port"], each["count"], each["last"]) for each in found) == [
        (22, 2, 100_000),
        (PORT, 5, 100_000),
    ]


def test_newest_drop_is_first() -> None:
    found = described([DROP, replace(DROP, destination_port=22, last_seen=200)], TOPOLOGY, {})
    assert [each["port"] for each in found] == [22, PORT]


def test_acl_drop_of_icmp_from_the_internet_has_no_port_and_no_name() -> None:
    drop = replace(DROP, cause=DropCause.ACL, protocol=1, destination_port=0, source="198.51.100.1")
    (found,) = described([drop], TOPOLOGY, {})
    assert (found["cause"], found["protocol"], found["port"], found["source_name"]) == (
        "network acl inbound",
        "icmp",
        None,
        None,
    )


def test_progress_of_a_drill_is_kept() -> None:
    progress = DrillProgress()
    assert progress.latest is None
    progress.report(DRILL)
    assert progress.latest == DRILL | {"seconds": [SECOND | {"p99_ms": None}]}


def test_drill_that_reports_no_more_was_interrupted() -> None:
    now = 100.0
    progress = DrillProgress(clock=lambda: now)
    progress.report(DRILL)
    now = 116.0
    assert progress.latest is not None
    assert (progress.latest["is_running"], progress.latest["phase"]) == (False, "interrupted")
    progress.report(DRILL)
    assert progress.latest["is_running"]
    progress.report(DRILL | {"is_running": False, "phase": "ended"})
    now = 200.0
    assert progress.latest["phase"] == "ended"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": 1}, "name of a drill is 1: must be a string"),
        ({"seconds": "none"}, "seconds of a drill is 'none': must be a list of objects"),
        ({"injected": "now"}, "injected of a drill is 'now': must be a number"),
        ({"seconds": [SECOND | {"errors": "2"}]}, "errors of a drill is '2': must be a number"),
    ],
)
def test_invalid_progress_is_rejected_by_name(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(LabError, match=message):
        DrillProgress().report(DRILL | changed)
