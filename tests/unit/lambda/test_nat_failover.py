"""The controller of failover between NAT gateways, with fakes of its checkers and routes."""

from __future__ import annotations

import io
import json
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.paths import LAMBDA, MODULES
from vpcache.bundle import bundle

A, B, C = ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
FAILURES, SUCCESSES = 3, 6
OWN = {zone: zone for zone in ZONES}
START = 1_000_000.0  # of the clock, in seconds since the epoch


@pytest.fixture(scope="session")
def code(function_modules):
    return function_modules("nat_failover")


@pytest.fixture(scope="session")
def decide(code):
    def decide(serving, rounds):
        return code.decision.decide(serving, rounds, code.decision.Thresholds(FAILURES, SUCCESSES))

    return decide


@pytest.fixture(scope="session")
def run(decide):
    """Return the changes that follow from each round, in order: pairs of zone and zone of the gateway."""

    def run(results_of_a, others=True):
        serving, rounds, changes = {A: A, B: B}, [], []
        for result in results_of_a:
            rounds.append({A: RESULTS[result], B: others})
            changed = decide(serving, rounds)
            serving |= changed
            changes += changed.items()
        return changes

    return run


def rounds_of(count, **results):
    zones = {"a": A, "b": B, "c": C}
    return [{zone: results.get(letter, True) for letter, zone in zones.items()}] * count


OUTAGES = {
    "long": "F" * 40,
    "of the shortest time": "FFF",
    "with one lost check": "F?FFFF",
    "with one success": "FF.FFF",
    "after single failures": "F.F.FFF",
    "with a short recovery": "FFFFF.....FFFFF",
    "with several short recoveries": "FFF...FFF...FFF...FFF...",
    "that ends by turns": "FFFF.F.F.F.F.F.F",
    "with checks that give no result": "FFFF????????????",
    "that ends with lost checks": "FFFF.?.?.?.?.?",
}
"""Results of the checks of one zone: F for a failure, a point for a success, ? for none."""
RESULTS = {"F": False, ".": True, "?": None}
RECOVERY = "." * SUCCESSES


def test_each_of_ten_outages_changes_the_route_twice(run):
    assert len(OUTAGES) == 10
    for name, outage in OUTAGES.items():
        assert run(RECOVERY + outage + RECOVERY) == [(A, B), (A, A)], name


def test_ten_outages_in_a_row_change_the_route_twenty_times(run):
    outages = "".join(outage + RECOVERY for outage in OUTAGES.values())
    assert run(RECOVERY + outages) == [(A, B), (A, A)] * 10


@pytest.mark.parametrize("results", ["......", "FF...", ".FF" * 10, "?" * 20, "F?" * 10])
def test_shorter_faults_change_nothing(run, results):
    assert run(RECOVERY + results) == []


def test_loss_of_all_targets_changes_nothing(decide):
    rounds = rounds_of(20) + rounds_of(20, a=False, b=False, c=False)
    assert [decide(OWN, rounds[:number]) for number in range(1, 41)] == [{}] * 40


def test_gateway_without_recent_successes_is_no_substitute(run):
    assert run("F" * 20, others=None) == []


def test_substitute_is_the_next_working_zone(decide):
    assert decide(OWN, rounds_of(FAILURES, a=False)) == {A: B}
    assert decide(OWN, rounds_of(FAILURES, c=False)) == {C: A}
    assert decide(OWN, rounds_of(FAILURES, a=False, b=False)) == {A: C, B: C}


def test_failed_substitute_is_replaced(decide):
    failed = rounds_of(FAILURES, a=False, b=False)
    assert decide(OWN | {A: B}, failed) == {A: C, B: C}
    assert decide(OWN | {A: B}, rounds_of(FAILURES, b=False)) == {A: A, B: C}


def test_route_to_another_target_is_left_alone(decide):
    assert decide({A: None, B: B}, rounds_of(20, a=False)) == {}


@given(st.lists(st.tuples(*[st.sampled_from([True, False, None])] * 3), max_size=60))
def test_changes_follow_from_consecutive_results(decide, results):
    serving, rounds = dict(OWN), []
    for each in results:
        rounds.append(dict(zip(ZONES, each, strict=True)))
        for zone, chosen in decide(serving, rounds).items():
            assert chosen != serving[zone]
            assert all(past[chosen] for past in rounds[-FAILURES:])
            left = [past[serving[zone]] for past in rounds[-FAILURES:]]
            returned = [past[zone] for past in rounds[-SUCCESSES:]]
            assert set(left) == {False} or (chosen == zone and returned == [True] * SUCCESSES)
            serving[zone] = chosen


class World:
    """A clock, the checkers, and EC2's routes of two zones.

    `out` has the zones whose gateways fail from the second `out_from` on, `broken` those whose checkers fail.
    """

    def __init__(self):
        self.now = START
        self.out, self.broken = set(), set()
        self.out_from = 0.0
        self.targets = {f"rtb-{zone}": f"nat-{zone}" for zone in (A, B)}
        self.replaced = []
        self.denied = False
        self.seconds_of_a_check = 0.0

    def invoke(self, FunctionName, Payload):  # noqa: N803
        assert json.loads(Payload) == {"targets": ["192.0.2.1"]}
        zone = FunctionName.removeprefix("check-")
        self.now += self.seconds_of_a_check
        if zone in self.broken:
            return {"Payload": io.BytesIO(b'{"errorMessage": "timed out"}'), "FunctionError": "Unhandled"}
        return {"Payload": io.BytesIO(json.dumps({"reached": not self.is_out(zone)}).encode())}

    def is_out(self, zone):
        return zone in self.out and self.now >= START + self.out_from

    def describe_route_tables(self, RouteTableIds):  # noqa: N803
        assert RouteTableIds == list(self.targets)
        local = {"DestinationCidrBlock": "10.0.0.0/24", "GatewayId": "local"}
        return {
            "RouteTables": [
                {
                    "RouteTableId": table,
                    "Routes": [local, {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": gateway}],
                }
                for table, gateway in self.targets.items()
            ]
        }

    def replace_route(self, RouteTableId, DestinationCidrBlock, NatGatewayId):  # noqa: N803
        if self.denied:
            raise PermissionError("UnauthorizedOperation")
        assert DestinationCidrBlock == "0.0.0.0/0"
        self.targets[RouteTableId] = NatGatewayId
        self.replaced.append((round(self.now - START), RouteTableId, NatGatewayId))

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def world():
    return World()


@pytest.fixture
def controller(code, world):
    zones = {
        zone: {"route_table": f"rtb-{zone}", "gateway": f"nat-{zone}", "checker": f"check-{zone}"}
        for zone in (A, B)
    }
    values = {
        "zones": zones,
        "targets": ["192.0.2.1"],
        "interval": 10,
        "failures": FAILURES,
        "successes": SUCCESSES,
    }
    settings = code.settings.from_environment({"SETTINGS": json.dumps(values)})
    routes = code.routes.Routes(world, settings.zones)
    return code.controller.Controller(settings, routes, world, lambda: world.now, world.sleep)


@pytest.fixture
def run_at(code, world, controller):
    """Run the controller from a second on, and return the text of its error, "" without one."""

    def run_at(second):
        world.now = START + second
        try:
            controller.run_minute()
        except code.controller.RunError as error:
            return str(error)
        return ""

    return run_at


def test_route_changes_and_returns_within_two_minutes(world, run_at):
    assert run_at(0) == ""
    world.out = {A}
    assert run_at(60) == f"{A} uses the NAT gateway of {B}"
    world.out = set()
    assert run_at(120) == ""
    assert world.replaced == [(80, f"rtb-{A}", f"nat-{B}"), (170, f"rtb-{A}", f"nat-{A}")]


def test_failures_of_the_last_run_count(world, run_at):
    world.out, world.out_from = {A}, 35
    run_at(0)
    assert world.replaced == []
    run_at(60)
    assert world.replaced == [(60, f"rtb-{A}", f"nat-{B}")]


def test_rounds_before_a_pause_do_not_count(world, run_at):
    world.out, world.out_from = {A}, 35
    run_at(0)
    run_at(120)
    assert world.replaced == [(140, f"rtb-{A}", f"nat-{B}")]


def test_failed_calls_are_reported_and_end_nothing(world, run_at):
    run_at(0)
    world.broken, world.denied, world.out = {B}, True, {A}
    error = run_at(60)
    assert f"the check of {B} gave no result: KeyError: 'reached'" in error
    assert world.replaced == []
    world.broken = set()
    error = run_at(120)
    assert error == f"the default route of {A} remains: PermissionError: UnauthorizedOperation"
    world.denied = False
    assert run_at(180) == f"{A} uses the NAT gateway of {B}"


def test_slow_checks_do_not_prolong_a_run(world, run_at):
    world.seconds_of_a_check = 7.0  # one zone after the other: 14 seconds
    run_at(0)
    assert world.now - START <= 70


def test_checker_reports_whether_one_target_accepts_a_connection(code, monkeypatch):
    checker = code.checker
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert checker.connects("127.0.0.1", port)
    assert not checker.connects("127.0.0.1", port)
    monkeypatch.setattr(checker, "connects", lambda target: target == "192.0.2.2")
    assert checker.handler({"targets": ["192.0.2.1", "192.0.2.2"]}, None) == {"reached": True}
    assert checker.handler({"targets": ["192.0.2.1", "192.0.2.3"]}, None) == {"reached": False}


def test_zip_in_the_module_has_the_source(tmp_path):
    built = bundle(LAMBDA / "nat_failover", tmp_path).path.read_bytes()
    assert (MODULES / "nat_per_az/failover.zip").read_bytes() == built, "type `./inv docs`"
