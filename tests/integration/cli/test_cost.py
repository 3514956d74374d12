"""`./inv cost` without a lab and without an account."""

import json
import os

import pytest

from tests.support.commands import Commands
from tests.support.paths import ROOT
from vpcache.cli.views.terraform_json import planned
from vpcache.cost.bill import bill
from vpcache.cost.prices import load_prices
from vpcache.cost.savings import choices
from vpcache.project import Project
from vpcache.stack.target import offline_target
from vpcache.terraform.resources import resources
from vpcache.testing.run import free_port


@pytest.fixture(scope="module")
def commands():
    """Commands for a lab that is not running."""
    return Commands(free_port())


@pytest.mark.parametrize(
    ("environment", "usd"),
    [
        # two zones: gateways 2 x 32.85, addresses 2 x 3.65, cache.t4g.micro 2 x 11.68
        ("dev", 65.70 + 7.30 + 23.36),
        # three zones: gateways 3 x 32.85, addresses 3 x 3.65, cache.t4g.small 3 x 23.36; 17 alarms at 0.10
        ("prod", 98.55 + 10.95 + 70.08 + 1.70),
    ],
)
def test_environment_costs_the_sum_of_its_resources(commands, environment, usd):
    report = json.loads(commands.succeed("cost", "--env", environment, "--json"))
    assert report["monthly"] == pytest.approx(usd, abs=0.005)
    assert report["not_priced"] == []


def test_single_nat_gateway_is_priced_and_named_as_taken():
    stack = Project(ROOT).stack("dev", offline_target(os.environ))
    single = stack.with_variables(nat={"mode": "single", "single_zone": "a"})
    planned_resources, prices = resources(planned(single)).all, load_prices()
    # one gateway 32.85, one address 3.65, cache.t4g.micro 2 x 11.68
    assert bill(planned_resources, prices).monthly == pytest.approx(32.85 + 3.65 + 23.36, abs=0.005)
    (choice,) = (each for each in choices(planned_resources, prices) if "NAT gateway" in each.what)
    assert choice.is_taken
    assert choice.what == "one NAT gateway instead of 2"
    assert choice.monthly == pytest.approx(36.50)


def test_cost_of_a_state_file(commands, tmp_path):
    gateway = {"address": "aws_nat_gateway.x", "type": "aws_nat_gateway", "mode": "managed", "values": {}}
    other = {"address": "aws_db_instance.x", "type": "aws_db_instance", "mode": "managed", "values": {}}
    state = {"format_version": "1.0", "values": {"root_module": {"resources": [gateway, other]}}}
    (tmp_path / "state.json").write_text(json.dumps(state))
    output = commands.succeed("cost", "--from", str(tmp_path / "state.json"))
    assert "total" in output
    assert "$32.85" in output
    assert "not priced: aws_db_instance.x" in output


@pytest.mark.parametrize("arguments", [(), ("--env", "dev", "--from", "x.json")])
def test_cost_needs_either_env_or_from(commands, arguments):
    assert commands.refuse("cost", *arguments).startswith("error: use either --env, or --from")


@pytest.mark.parametrize(
    "arguments", [("cost",), ("diagram", "--svg", "dev.svg")], ids=lambda arguments: arguments[0]
)
def test_plan_needs_no_lab_port(commands, arguments, tmp_path):
    command = [str(tmp_path / word) if word == "dev.svg" else word for word in arguments]
    done = commands.run(*command, "--env", "dev", "--json", VPCACHE_LAB_PORT="ninety")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)


def test_cost_of_an_unknown_environment_is_refused(commands):
    assert "unknown environment 'staging'" in commands.refuse("cost", "--env", "staging")
