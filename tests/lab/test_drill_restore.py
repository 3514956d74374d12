"""The recovery from interrupted drills: what is restored, and by which process."""

import json
import os
import subprocess
import sys
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.paths import ROOT
from vpcache.drills.changes import LabFault, RouteRemoval, SubnetIsolation, associations, network_acls
from vpcache.drills.injection import restore_interrupted_drill, restore_interrupted_drills
from vpcache.drills.record import DrillRunningError, create, erase, new_record, read, take_over
from vpcache.stack.state import ensure_bucket, s3_client, state_location
from vpcache.stack.target import lab_target

pytestmark = pytest.mark.lab

ZONE = "us-east-1a"


@pytest.fixture
def here(own_lab):
    return lab_target(own_lab.endpoint, os.environ)


@pytest.fixture
def location(here, vpc_factory):
    found = state_location(here, here.account(), vpc_factory.name)
    ensure_bucket(here, found)
    return found


@pytest.fixture
def route(vpc_factory):
    """The default route of a zone, deleted by a drill."""
    vpc_factory.attach_internet_gateway()
    gateway, _, table = vpc_factory.new_nat_gateway(ZONE)
    removal = RouteRemoval(table, "0.0.0.0/0", gateway)
    removal.inject(vpc_factory)
    assert default_route(vpc_factory, table) is None
    return removal


@pytest.fixture
def isolation(vpc_factory):
    """A zone's subnets, isolated by a drill."""
    subnets = [vpc_factory.public[ZONE], vpc_factory.private[ZONE]]
    changed = SubnetIsolation(uuid.uuid4().hex, vpc_factory.name, vpc_factory.vpc, acls(vpc_factory, subnets))
    changed.inject(vpc_factory)
    assert set(acls(vpc_factory, subnets).values()).isdisjoint(changed.acls.values())
    return changed


def default_route(vpc_factory, table):
    (response,) = vpc_factory.ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    return next((each for each in response["Routes"] if each["DestinationCidrBlock"] == "0.0.0.0/0"), None)


def acls(vpc_factory, subnets):
    """Return the ACL of each subnet."""
    found = associations(network_acls(vpc_factory.ec2, vpc_factory.vpc), subnets)
    return {subnet: association["NetworkAclId"] for subnet, association in found.items()}


def associate_acl(vpc_factory, subnet, acl):
    association = associations(network_acls(vpc_factory.ec2, vpc_factory.vpc), [subnet])[subnet]
    vpc_factory.ec2.replace_network_acl_association(
        AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl
    )


def new_acl(vpc_factory):
    return vpc_factory.ec2.create_network_acl(VpcId=vpc_factory.vpc)["NetworkAcl"]["NetworkAclId"]


def test_route_restore_is_idempotent(vpc_factory, route):
    for _ in range(2):
        assert route.restore(vpc_factory) is None
        assert default_route(vpc_factory, route.route_table)["NatGatewayId"] == route.nat_gateway


def test_route_to_another_target_is_not_replaced(vpc_factory, route):
    other, _, _ = vpc_factory.new_nat_gateway("us-east-1b")
    vpc_factory.ec2.create_route(
        RouteTableId=route.route_table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=other
    )
    assert route.restore(vpc_factory) == f"0.0.0.0/0 of {route.route_table} leads to {other} now"
    assert default_route(vpc_factory, route.route_table)["NatGatewayId"] == other


def test_route_to_a_deleted_nat_gateway_is_not_restored(vpc_factory, route):
    vpc_factory.ec2.delete_nat_gateway(NatGatewayId=route.nat_gateway)
    vpc_factory.ec2.get_waiter("nat_gateway_deleted").wait(
        NatGatewayIds=[route.nat_gateway], WaiterConfig={"Delay": 0.1}
    )
    assert route.restore(vpc_factory) == f"{route.nat_gateway} is deleted"
    assert default_route(vpc_factory, route.route_table) is None


def test_route_of_a_deleted_table_is_not_restored(vpc_factory, route):
    (table,) = vpc_factory.ec2.describe_route_tables(RouteTableIds=[route.route_table])["RouteTables"]
    for association in table["Associations"]:
        vpc_factory.ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
    vpc_factory.ec2.delete_route_table(RouteTableId=route.route_table)
    assert route.restore(vpc_factory) == f"{route.route_table} no longer exists"


def test_nacl_restore_is_idempotent(vpc_factory, isolation):
    for _ in range(2):
        assert isolation.restore(vpc_factory) is None
        assert acls(vpc_factory, isolation.acls) == isolation.acls
    assert [acl["IsDefault"] for acl in network_acls(vpc_factory.ec2, vpc_factory.vpc)] == [True]


def test_unassociated_nacl_of_a_drill_is_deleted(vpc_factory, isolation):
    for subnet, acl in isolation.acls.items():
        associate_acl(vpc_factory, subnet, acl)
    assert isolation.restore(vpc_factory) is None
    assert [acl["IsDefault"] for acl in network_acls(vpc_factory.ec2, vpc_factory.vpc)] == [True]


def test_nacl_set_by_another_user_is_not_replaced(vpc_factory, isolation):
    subnet, theirs = vpc_factory.private[ZONE], new_acl(vpc_factory)
    associate_acl(vpc_factory, subnet, theirs)
    assert isolation.restore(vpc_factory) == f"{subnet} has {theirs} now, set by another user"
    assert acls(vpc_factory, isolation.acls) == isolation.acls | {subnet: theirs}


def test_subnet_gets_the_default_nacl_if_its_own_was_deleted(vpc_factory):
    subnet, default = (
        vpc_factory.private[ZONE],
        acls(vpc_factory, [vpc_factory.private[ZONE]])[vpc_factory.private[ZONE]],
    )
    own = new_acl(vpc_factory)
    associate_acl(vpc_factory, subnet, own)
    isolation = SubnetIsolation(uuid.uuid4().hex, vpc_factory.name, vpc_factory.vpc, {subnet: own})
    isolation.inject(vpc_factory)
    vpc_factory.ec2.delete_network_acl(NetworkAclId=own)
    assert isolation.restore(vpc_factory) == f"{own} no longer exists: {subnet} has the VPC's default ACL"
    assert acls(vpc_factory, [subnet]) == {subnet: default}


def test_destroyed_stack_has_nothing_to_restore(vpc_factory):
    isolation = SubnetIsolation(
        uuid.uuid4().hex, vpc_factory.name, "vpc-0123456789abcdef0", {"subnet-0": "acl-0"}
    )
    assert isolation.restore(vpc_factory) is None


def test_lab_fault_of_another_mode_is_not_cleared(own_lab, here, vpc_factory):
    node = f"us-east-1/{vpc_factory.new_cluster(nodes=1)}/0001"
    fault = LabFault("cache_node", node, "dead")
    fault.inject(here)
    assert fault.restore(here) is None and fault.restore(here) is None
    assert own_lab.faults() == ()
    own_lab.fault("cache_node", node, "hung")
    assert fault.restore(here) == f"the fault is 'cache_node {node}: hung' now"
    assert [each.mode for each in own_lab.faults()] == ["hung"]


# the records of drills


def record_of(*changes, seconds=600):
    return new_record("zone", ZONE, seconds, changes)


def dead(record):
    """Return a record whose process has ended, and whose process ID another process has now."""
    return replace(record, holder=replace(record.holder, started="1"))


def record_object(location):
    return {"Bucket": location.bucket, "Key": location.key.replace("terraform.tfstate", "drill.json")}


def elsewhere(record, until):
    holder = replace(record.holder, machine="another pid:[1]")
    return replace(record, holder=holder, until=until.isoformat("T", "seconds"))


def test_second_drill_record_is_rejected(here, location):
    first = record_of()
    create(here, location, "mine", first)
    create(here, location, "mine", first)  # as botocore's retry
    with pytest.raises(DrillRunningError, match=f"in progress on mine \\(process {os.getpid()}, until "):
        create(here, location, "mine", record_of())
    assert read(here, location) == first
    erase(here, location, record_of())  # another drill's record is not erased
    assert read(here, location) == first
    erase(here, location, first)
    assert read(here, location) is None


def test_drill_of_a_live_process_is_not_restored(here, location, route):
    create(here, location, "mine", record_of(route))
    notices: list[str] = []
    restore_interrupted_drill(here, location, notices.append)
    assert notices == [] and read(here, location) is not None


def test_zombie_process_is_not_alive(here, location):
    """The parent of a killed process may never wait for it."""
    record = record_of()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        holder = replace(record.holder, pid=child.pid)
        started = open(f"/proc/{child.pid}/stat").read().rpartition(")")[2].split()[19]  # noqa: PTH123, SIM115
        holder = replace(holder, started=started)
        assert holder.is_alive() is True
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert holder.is_alive() is False


def test_dead_drill_is_restored_once(here, location, vpc_factory, route):
    create(here, location, "mine", dead(record_of(route)))
    notices: list[str] = []
    for _ in range(2):
        restore_interrupted_drill(here, location, notices.append)
    (notice,) = notices
    assert (
        f"was interrupted: restored route 0.0.0.0/0 of {route.route_table} to {route.nat_gateway}" in notice
    )
    assert default_route(vpc_factory, route.route_table)["NatGatewayId"] == route.nat_gateway
    assert read(here, location) is None


def test_only_one_process_takes_over_a_drill(here, location):
    create(here, location, "mine", dead(record_of()))
    assert take_over(here, location) is not None
    assert take_over(here, location) is None  # this process is alive


def test_drill_of_another_machine_is_restored_after_its_planned_end(here, location):
    now = datetime.now(UTC)
    notices: list[str] = []
    create(here, location, "mine", elsewhere(record_of(), now))
    restore_interrupted_drill(here, location, notices.append)
    assert notices == [] and read(here, location) is not None  # clocks may differ by minutes
    s3_client(here).delete_object(**record_object(location))
    create(here, location, "mine", elsewhere(record_of(), now - timedelta(minutes=3)))
    restore_interrupted_drill(here, location, notices.append)
    assert len(notices) == 1 and read(here, location) is None


def test_record_remains_until_everything_is_restored(own_lab, here, location, route):
    fault, broken = LabFault("zone", ZONE, "out"), replace(route, destination="not a range")
    fault.inject(here)
    create(here, location, "mine", dead(record_of(broken, fault)))
    notices: list[str] = []
    restore_interrupted_drill(here, location, notices.append)
    assert f"restored zone {ZONE}; could not restore {broken.label}: " in notices[0]
    assert own_lab.faults() == ()
    kept = json.load(s3_client(here).get_object(**record_object(location))["Body"])
    assert [change["kind"] for change in kept["changes"]] == ["route", "lab-fault"]
    restore_interrupted_drill(here, location, notices.append)  # although this process is alive
    assert len(notices) == 2


def test_sweep_restores_all_stacks_or_the_named_one(here, location, own_lab):
    account = here.account()
    for name in ("one", "two"):
        create(here, state_location(here, account, name), name, dead(record_of()))
    notices: list[str] = []
    restore_interrupted_drills(here, account, "one", notices.append)
    assert read(here, state_location(here, account, "one")) is None
    assert read(here, state_location(here, account, "two")) is not None
    restore_interrupted_drills(here, account, "", notices.append)
    assert read(here, state_location(here, account, "two")) is None


def test_sweep_prints_what_it_restores(own_lab, here, location, vpc_factory, route):
    create(here, location, vpc_factory.name, dead(record_of(route)))
    sweep = subprocess.run(
        [sys.executable, "-m", "invoke", "sweep"],
        cwd=ROOT,
        env={**os.environ, "VPCACHE_LAB_PORT": str(own_lab.port)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"was interrupted: restored {route.label}" in sweep.stderr
    assert default_route(vpc_factory, route.route_table)["NatGatewayId"] == route.nat_gateway
