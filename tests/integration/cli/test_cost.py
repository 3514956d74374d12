"""What the environments cost, as a user asks it: with no lab and no account."""

import json

import pytest

from tests.support.commands import Commands
from vpcache.testing.run import free_port


@pytest.fixture(scope="module")
def nowhere():
    """Commands for a lab that nobody starts."""
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
def test_an_environment_costs_what_its_code_says(nowhere, environment, usd):
    report = json.loads(nowhere.succeed("cost", "--env", environment, "--json"))
    assert report["monthly"] == pytest.approx(usd, abs=0.005)
    assert report["not_priced"] == []


def test_a_state_can_be_given_instead(nowhere, tmp_path):
    gateway = {"address": "aws_nat_gateway.x", "type": "aws_nat_gateway", "mode": "managed", "values": {}}
    other = {"address": "aws_db_instance.x", "type": "aws_db_instance", "mode": "managed", "values": {}}
    state = {"format_version": "1.0", "values": {"root_module": {"resources": [gateway, other]}}}
    (tmp_path / "state.json").write_text(json.dumps(state))
    said = nowhere.succeed("cost", "--from", str(tmp_path / "state.json"))
    assert "together" in said
    assert "$32.85" in said
    assert "not priced: aws_db_instance.x" in said


@pytest.mark.parametrize("words", [(), ("--env", "dev", "--from", "x.json")])
def test_either_an_environment_or_a_file(nowhere, words):
    assert nowhere.refuse("cost", *words).startswith("error: give either --env, or --from")


def test_an_unknown_environment_is_refused(nowhere):
    assert "unknown environment 'staging'" in nowhere.refuse("cost", "--env", "staging")
