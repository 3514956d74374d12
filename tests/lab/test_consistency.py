"""Drift detection on a running lab."""

from __future__ import annotations

import subprocess

from tests.support.network.vpc_factory import ZONES, VpcFactory
from vpcache.lab.network.naming import interface_namespace
from vpcache.lab.network.nsenter import nsenter_command


def test_no_drift_after_changes_and_faults(vpc_factory: VpcFactory) -> None:
    vpc_factory.attach_internet_gateway()
    vpc_factory.new_nat_gateway(ZONES[0])
    cluster = vpc_factory.new_cluster()
    vpc_factory.invoke(vpc_factory.new_function())
    assert vpc_factory.lab.differences() == []
    for kind, target, mode in (
        ("zone", ZONES[0], None),
        ("cache_node", f"{cluster}/0001", "dead"),
        ("cache_node", f"{cluster}/0002", "hung"),
    ):
        vpc_factory.lab.fault(kind, target, mode)
        assert vpc_factory.lab.differences() == []


def test_manual_change_is_reported_as_drift(vpc_factory: VpcFactory) -> None:
    interface = vpc_factory.ec2.create_network_interface(SubnetId=vpc_factory.private[ZONES[0]])
    name = interface_namespace(interface["NetworkInterface"]["NetworkInterfaceId"])
    pid = vpc_factory.lab.status().pid
    assert pid
    command = [*nsenter_command(pid, name), "ip", "address"]
    subprocess.run([*command, "add", "10.9.9.9/32", "dev", "lo"], check=True)
    try:
        assert vpc_factory.lab.differences() == [
            f"ip entries of {name}: address 10.9.9.9/32 dev lo is unexpected"
        ]
    finally:
        subprocess.run([*command, "del", "10.9.9.9/32", "dev", "lo"], check=True)
