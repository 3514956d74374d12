"""A drill that is interrupted by a signal or killed: routes and network ACLs are restored."""

import json
import signal

import pytest

from tests.support.commands import Commands
from vpcache.drills.record import read

pytestmark = [pytest.mark.lab, pytest.mark.drill]

FAULTS = ("nat-gateway", "zone-network", "node-reboot")
SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
SAMPLE = {
    ("nat-gateway", signal.SIGTERM),
    ("zone-network", signal.SIGHUP),
    ("node-reboot", signal.SIGINT),
}
CASES = [
    pytest.param(fault, number, id=f"{fault}-{number.name}", marks=[] if in_sample else [pytest.mark.long])
    for fault in FAULTS
    for number in SIGNALS
    for in_sample in [(fault, number) in SAMPLE]
]


@pytest.fixture
def commands(lab):
    return Commands(lab.port)


@pytest.fixture
def network(target, outputs, lab):
    """Return a function that describes what a drill can change: routes, network ACLs, faults of the lab."""

    def describe():
        ec2 = target.client("ec2")
        in_vpc = [{"Name": "vpc-id", "Values": [outputs["vpc_id"]]}]
        routes = {
            (table["RouteTableId"], route.get("DestinationCidrBlock"), route.get("NatGatewayId"))
            for table in ec2.describe_route_tables(Filters=in_vpc)["RouteTables"]
            for route in table["Routes"]
        }
        acls = {
            (acl["NetworkAclId"], association["SubnetId"])
            for acl in ec2.describe_network_acls(Filters=in_vpc)["NetworkAcls"]
            for association in [*acl["Associations"], {"SubnetId": None}]
        }
        return routes, acls, lab.faults()

    return describe


@pytest.fixture
def start(commands, stack):
    """Start a drill of the shared stack and wait until its fault is active."""

    def start(fault):
        words = ("drill", "--env", "dev", "--name", stack.name, "--fault", fault, "--seconds", "600")
        process = commands.start(*words)
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("fault injected"):
                return process
        raise AssertionError(f"the drill ended early: {lines}, {process.stderr.read()}")

    return start


def is_active(fault, network, before):
    return fault == "node-reboot" or network() != before


@pytest.mark.parametrize(("fault", "number"), CASES)
def test_signalled_drill_restores_immediately(start, stack, target, network, fault, number):
    before = network()
    with start(fault) as process:
        assert is_active(fault, network, before)
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert network() == before
    assert read(target, stack.state) is None
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert f"note: drill {fault}: interrupted by {number.name}" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "fault", ["nat-gateway", "zone-network", "zone", pytest.param("node-reboot", marks=pytest.mark.long)]
)
def test_killed_drill_is_restored_by_the_next_command(start, commands, stack, target, network, fault):
    before = network()
    with start(fault) as process:
        process.kill()
        process.communicate(timeout=60)
    assert is_active(fault, network, before)
    finished = commands.run("outputs", "--env", "dev", "--name", stack.name, "--json")
    assert json.loads(finished.stdout)["vpc_id"]
    (line,) = finished.stderr.splitlines()
    assert line.startswith(f"note: drill {fault} in us-east-1a by ") and "was interrupted: " in line
    assert network() == before
    assert read(target, stack.state) is None
    assert commands.run("outputs", "--env", "dev", "--name", stack.name, "--json").stderr == ""


def test_second_drill_is_refused_while_the_first_runs(start, commands, stack, network):
    before = network()
    with start("nat-gateway") as first:
        line = commands.refuse("drill", "--env", "dev", "--name", stack.name, "--fault", "zone")
        assert f"is in progress on {stack.name} (process {first.pid}, until " in line
        assert network() != before  # the second drill restored nothing of the first
        first.terminate()
        first.communicate(timeout=60)
    assert network() == before
