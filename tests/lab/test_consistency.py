from __future__ import annotations

import subprocess

from tests.support.network.vpc_factory import ZONES, Premises
from vpcache.lab.network.naming import interface_namespace
from vpcache.lab.network.nsenter import inside


def test_model_and_kernel_agree_whatever_was_done(premises: Premises) -> None:
    premises.open_to_the_internet()
    premises.new_nat_gateway(ZONES[0])
    cluster = premises.new_cluster()
    premises.invoke(premises.new_function())
    assert premises.lab.differences() == []
    for kind, target, mode in (
        ("zone", ZONES[0], None),
        ("cache_node", f"{cluster}/0001", "dead"),
        ("cache_node", f"{cluster}/0002", "hung"),
    ):
        premises.lab.fault(kind, target, mode)
        assert premises.lab.differences() == []


def test_what_somebody_else_changed_is_told(premises: Premises) -> None:
    interface = premises.ec2.create_network_interface(SubnetId=premises.private[ZONES[0]])
    name = interface_namespace(interface["NetworkInterface"]["NetworkInterfaceId"])
    pid = premises.lab.status().pid
    assert pid
    meddle = [*inside(pid, name), "ip", "address"]
    subprocess.run([*meddle, "add", "10.9.9.9/32", "dev", "lo"], check=True)
    try:
        assert premises.lab.differences() == [
            f"lines of {name}: address 10.9.9.9/32 dev lo should not be there"
        ]
    finally:
        subprocess.run([*meddle, "del", "10.9.9.9/32", "dev", "lo"], check=True)
