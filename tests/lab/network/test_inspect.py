"""The commands that inspect the lab's network, inject faults and change settings."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from ipaddress import ip_interface, ip_network
from pathlib import Path

import pytest

from tests.support.network.vpc_factory import ZONES, VpcFactory
from tests.support.paths import ROOT
from vpcache.lab.client import Lab
from vpcache.lab.errors import LabError
from vpcache.lab.network.pcap import packet_count

HERE, THERE = ZONES
PRIVATE_SUBNETS = {HERE: ip_network("10.0.0.128/26"), THERE: ip_network("10.0.0.192/26")}
_QUIET_SECONDS = 60.0  # the kernel sends router solicitations over IPv6 for some seconds after a link is up
SHOW_ADDRESS = "ip -4 -o address show eth0"  # prints "2: eth0 inet 10.0.0.132/26 ..."


def run(lab: Lab, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"VPCACHE_LAB_PORT": str(lab.port)}
    command = [sys.executable, "-m", "invoke", "--search-root", str(ROOT), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def online(vpc_factory: VpcFactory) -> VpcFactory:
    """A VPC with an internet gateway."""
    vpc_factory.attach_internet_gateway()
    return vpc_factory


def test_show_prints_topology_and_faults(online: VpcFactory) -> None:
    gateway, address, _ = online.new_nat_gateway(HERE)
    function = online.new_function()
    online.lab.fault("nat_gateway", gateway)
    text = run(online.lab, "lab.show").stdout
    for part in (online.vpc, f"= {address}: {gateway}", f"0.0.0.0/0 to {gateway}", f": {function}", *ZONES):
        assert part in text
    assert f"nat_gateway {gateway}: out" in text


def test_fault_commands_inject_list_and_clear(online: VpcFactory) -> None:
    lab = online.lab
    options = ["--mode", "slow", "--seconds", "0.5"]
    slow = run(lab, "lab.fault", "origin", "dummy.restapiexample.com", *options)
    assert slow.stdout == "fault: origin dummy.restapiexample.com: slow by 0.5 s\n"
    assert slow.stdout in run(lab, "lab.fault", "zone", HERE).stdout
    assert f"fault: zone {HERE}: out" in run(lab, "lab.status").stdout
    cleared = run(lab, "lab.clear", "--kind", "zone", "--target", HERE)
    assert cleared.stdout == f"cleared: zone {HERE}: out\n{slow.stdout}"
    assert run(lab, "lab.clear").stdout == f"cleared{slow.stdout.removeprefix('fault')}no active faults\n"
    deprecated = run(lab, "lab.mend")
    assert deprecated.stdout == "no active faults\n"
    assert "lab.mend is deprecated and will be removed in 0.4: use lab.clear" in deprecated.stderr
    unknown = run(lab, "lab.fault", "zone", "moon")  # the lab may have zones of other tests, too
    assert unknown.returncode == 1
    assert re.fullmatch(rf"error: unknown zone 'moon'; choose from .*{HERE}, {THERE}.*\n", unknown.stderr)
    rejected = run(lab, "lab.fault", "origin", "x", "--seconds", "soon")
    assert (rejected.returncode, rejected.stderr) == (
        1,
        "error: --seconds is 'soon': must be a number above 0\n",
    )
    assert run(lab, "lab.clear", "--kind", "zone").returncode == 1


def test_clear_names_what_it_clears_and_rejects_the_rest(online: VpcFactory) -> None:
    lab = online.lab
    gateway, _, _ = online.new_nat_gateway(HERE)
    assert run(lab, "lab.fault", "nat-gateway", gateway).stdout.startswith(f"fault: nat_gateway {gateway}")
    unknown = run(lab, "lab.clear", "--kind", "zoen", "--target", HERE)
    assert unknown.stderr.startswith("error: unknown fault kind 'zoen'; choose from zone, nat_gateway")
    absent = run(lab, "lab.clear", "--kind", "zone", "--target", THERE)
    assert (absent.returncode, absent.stdout) == (1, "")
    assert absent.stderr == f"error: zone '{THERE}' has no fault; choose from nat_gateway {gateway}\n"
    cleared = run(lab, "lab.clear", "--kind", "nat-gateway", "--target", gateway)
    assert cleared.stdout == f"cleared: nat_gateway {gateway}: out\nno active faults\n"


def test_doctor_reports_no_drift_of_a_running_lab(online: VpcFactory) -> None:
    doctor = run(online.lab, "lab.doctor")
    assert doctor.returncode == 0, doctor.stderr
    assert f"lab on port {online.lab.port}" in doctor.stdout
    assert "FAILED" not in doctor.stdout


def test_shell_runs_in_the_chosen_namespace(online: VpcFactory) -> None:
    function = online.new_function()
    for zone in ZONES:
        result = run(online.lab, "lab.shell", "--in", function, "--zone", zone, "--command", SHOW_ADDRESS)
        assert ip_interface(result.stdout.split()[3]).network == PRIVATE_SUBNETS[zone]


def test_shell_returns_the_failure_of_its_command(online: VpcFactory) -> None:
    assert run(online.lab, "lab.shell", "--in", "internet", "--command", "exit 3").returncode == 1


def test_shell_rejects_unknown_names_and_zones(online: VpcFactory) -> None:
    function = online.new_function()
    unknown = run(online.lab, "lab.shell", "--in", "nobody", "--command", "true")
    assert unknown.returncode == 1
    assert "unknown name 'nobody'; choose from " in unknown.stderr
    elsewhere = run(online.lab, "lab.shell", "--in", function, "--zone", "moon", "--command", "true")
    assert f"{function} is not in zone moon; choose from {HERE}, {THERE}" in elsewhere.stderr


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_shell_has_dns_and_trusts_the_labs_certificates(online: VpcFactory) -> None:
    _, egress, _ = online.new_nat_gateway(HERE)
    function = online.new_function()
    command = "curl -sS https://checkip.amazonaws.com/ || exit 9"
    result = run(online.lab, "lab.shell", "--in", function, "--zone", HERE, "--command", command)
    assert result.stdout.strip() == egress


def size(file: Path) -> int:
    """Return the size of a file, 0 without it: the check that it can be written deletes it again."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def test_capture_records_packets_of_a_nat_gateway(online: VpcFactory, tmp_path: Path) -> None:
    gateway, _, _ = online.new_nat_gateway(HERE)
    function = online.new_function("probe", HERE)
    file = tmp_path / "nat.pcap"
    arguments = ["--in", gateway, "--file", str(file)]
    command = [sys.executable, "-m", "invoke", "--search-root", str(ROOT), "lab.capture", *arguments]
    environment = os.environ | {"VPCACHE_LAB_PORT": str(online.lab.port)}
    recorder = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    while not size(file):  # the recorder writes the header once it listens
        assert recorder.poll() is None
    assert "answer" in online.invoke(function, url="http://198.51.100.20/")
    deadline = time.monotonic() + 10
    while size(file) < 1000:  # a complete exchange takes more
        assert time.monotonic() < deadline
    recorder.send_signal(signal.SIGINT)  # as Ctrl-C does
    output, _ = recorder.communicate()
    assert re.search(rb"captured the packets of nat-\w+ in .*nat.pcap: [0-9]+, [0-9]+ bytes", output)
    sources = set(packets(file.read_bytes()))
    assert {bytes((198, 51, 100, 20)), bytes((10, 0, 0, 4))} <= sources  # the host, and the NAT gateway


def test_capture_counts_packets_and_rejects_files(online: VpcFactory, tmp_path: Path) -> None:
    words = ("lab.capture", "--in", "internet", "--seconds", "1", "--file")
    empty = tmp_path / "empty.pcap"
    deadline = time.monotonic() + _QUIET_SECONDS
    while "no packet" not in (silent := run(online.lab, *words, str(empty)).stdout):
        assert time.monotonic() < deadline, silent
    assert silent == f"no packet passed internet during the capture; {empty} is empty\n"
    assert packet_count(empty) == 0
    content = empty.read_bytes()
    unknown = run(online.lab, "lab.capture", "--in", "nowhere", "--file", str(empty))
    assert unknown.returncode == 1
    assert empty.read_bytes() == content  # the earlier capture
    for file in (tmp_path, tmp_path / "absent/x.pcap"):
        rejected = run(online.lab, *words, str(file))
        assert rejected.returncode == 1
        assert (
            rejected.stderr.startswith(f"error: cannot write {file}: ") and "\n" not in rejected.stderr[:-1]
        )
    negative = run(online.lab, *words[:3], "--seconds", "-1")
    assert negative.stderr == "error: --seconds is '-1': must be a number above 0\n"


def packets(pcap: bytes) -> Iterator[bytes]:
    """Yield the source addresses of the IPv4 packets in a pcap file."""
    assert pcap[:4] == bytes.fromhex("4d3cb2a1")
    start = 24
    while start < len(pcap):
        size = int.from_bytes(pcap[start + 8 : start + 12], "little")
        packet = pcap[start + 16 : start + 16 + size]
        if packet[12:14] == b"\x08\x00":
            yield packet[26:30]
        start += 16 + size


def test_configure_changes_a_running_lab(online: VpcFactory) -> None:
    online.new_nat_gateway(HERE)
    output = run(online.lab, "lab.configure", "nat_idle_seconds", "7").stdout
    assert "nat_idle_seconds: 7" in output
    assert online.lab.settings().nat_idle_seconds == 7
    assert online.lab.differences() == []  # sysctls among them
    assert online.lab.configure(nat_idle_seconds=350).nat_idle_seconds == 350
    with pytest.raises(LabError, match="unknown setting 'colour'; choose from nat_idle_seconds"):
        online.lab.configure(colour=1)
    with pytest.raises(LabError, match="must be a whole number"):
        online.lab.configure(nat_idle_seconds=0)
    unknown = run(online.lab, "lab.audit", "--principal", "nobody")
    assert unknown.stderr.startswith("error: unknown principal 'nobody': those that made a call are ")


def test_dns_attributes_of_a_vpc_are_applied(online: VpcFactory) -> None:
    function = online.new_function("probe", HERE, Timeout=1)
    address = online.ec2.describe_network_interfaces(
        NetworkInterfaceIds=[online.interface_of(function, HERE)]
    )["NetworkInterfaces"][0]["PrivateIpAddress"]
    name = f"ip-{address.replace('.', '-')}.ec2.internal"
    assert online.invoke(function, name=name)["error"] == "gaierror"
    online.ec2.modify_vpc_attribute(VpcId=online.vpc, EnableDnsHostnames={"Value": True})
    assert online.invoke(function, name=name)["answer"] == [address]
    online.ec2.modify_vpc_attribute(VpcId=online.vpc, EnableDnsSupport={"Value": False})
    assert "timed out" in online.invoke(function, name=name)["errorMessage"]


def test_nacl_created_by_the_api_filters_its_subnet(online: VpcFactory) -> None:
    ec2, function = online.ec2, online.new_function("probe", HERE, Timeout=3)
    online.new_nat_gateway(HERE)
    target = {"address": "198.51.100.20", "port": 80, "timeout": 0.4}
    assert online.invoke(function, **target)["answer"] == "connected"
    acl = ec2.create_network_acl(VpcId=online.vpc)["NetworkAcl"]["NetworkAclId"]
    default = ec2.describe_network_acls(
        Filters=[{"Name": "association.subnet-id", "Values": [online.private[HERE]]}]
    )["NetworkAcls"][0]
    (association,) = (
        each["NetworkAclAssociationId"]
        for each in default["Associations"]
        if each["SubnetId"] == online.private[HERE]
    )
    ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)
    assert online.invoke(function, **target)["error"] == "TimeoutError"
    entry = {"NetworkAclId": acl, "CidrBlock": "0.0.0.0/0", "RuleAction": "allow", "Protocol": "6"}
    ports = {"out": (80, 80), "in": (1024, 65535)}
    for number, direction in ((100, "out"), (110, "in")):
        low, high = ports[direction]
        ec2.create_network_acl_entry(
            **entry, RuleNumber=number, Egress=direction == "out", PortRange={"From": low, "To": high}
        )
        # stateless: the connection needs the ingress entry, too
        assert ("answer" in online.invoke(function, **target)) == (direction == "in")
    ec2.create_network_acl_entry(
        **entry | {"RuleAction": "deny", "Protocol": "-1"}, RuleNumber=50, Egress=True
    )
    assert online.invoke(function, **target)["error"] == "TimeoutError"
    assert online.lab.differences() == []
