"""Three samples of invalid arguments, end to end; tests/unit/cli/test_bad_arguments.py has all of them."""

import pytest

from tests.support.commands import Commands
from vpcache.testing.run import free_port


@pytest.fixture(scope="module")
def commands():
    """Commands for a lab that is not running."""
    return Commands(free_port())


def test_unknown_environment(commands):
    line = commands.refuse("apply", "--env", "staging")
    assert line == "error: unknown environment 'staging'; choose from dev, prod, or the path of a root module"


def test_unknown_target_in_variable(commands):
    line = commands.refuse("plan", "--env", "dev", VPCACHE_TARGET="gcp")
    assert line == "error: unknown target 'gcp': use --target lab or --target aws"


def test_unknown_task(commands):
    assert "No idea what 'aply' is!" in commands.refuse("aply")
