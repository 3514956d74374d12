"""Conditions that a drill checks before it injects a fault."""

import os

import pytest

from tests.support.commands import Commands
from vpcache.cli.drill import may_begin
from vpcache.drills.context import DrillContext
from vpcache.drills.drill import load_size
from vpcache.errors import VpcacheError
from vpcache.functions import concurrency_limit
from vpcache.stack.stack import Outputs, Stack
from vpcache.stack.target import aws_target

pytestmark = [pytest.mark.lab, pytest.mark.drill]

FOREIGN = {"origin_function": None, "origin_url": "https://api.example.com"}
KEYS = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}


@pytest.fixture
def context(stack, outputs, lab):
    """Return a drill's context on the lab, or on the lab as target `aws`."""

    def new(*, on_aws=False, protected=False, **changed_outputs):
        aws = aws_target({**os.environ, **KEYS, "AWS_ENDPOINT_URL": lab.endpoint})
        copy = Stack(
            name=stack.name,
            environment_dir=stack.environment_dir,
            target=aws if on_aws else stack.target,
            work_dir=stack.work_dir,
            variables={},
            protected=protected,
        )
        return DrillContext(copy, Outputs({**outputs, **changed_outputs}), outputs["zones"][0])

    return new


@pytest.fixture
def reserve(target, outputs):
    """Reserve concurrent executions for the cached API; the reservation ends with the test."""
    client, name = target.client("lambda"), outputs["cached_api"]
    yield lambda number: client.put_function_concurrency(
        FunctionName=name, ReservedConcurrentExecutions=number
    )
    client.delete_function_concurrency(FunctionName=name)


@pytest.mark.parametrize("on_aws", [False, True])
def test_drill_of_a_protected_stack_needs_its_name(context, stack, on_aws):
    protected = context(on_aws=on_aws, protected=True, origin_function="own")
    with pytest.raises(
        VpcacheError, match=f"{stack.name}, which is protected: this requires the stack's name"
    ):
        may_begin(protected, 35, yes=True, confirm="")
    with pytest.raises(VpcacheError, match=f"--confirm is 'vpcache-dev', but the stack is {stack.name}"):
        may_begin(protected, 35, yes=True, confirm="vpcache-dev")
    assert may_begin(protected, 35, yes=False, confirm=stack.name)


def test_third_party_origin_on_aws_needs_confirmation(context, stack, target, outputs):
    configuration = target.client("lambda").get_function_configuration(FunctionName=outputs["cached_api"])
    host = configuration["Environment"]["Variables"]["ORIGIN_URL"].split("/")[2].split(":")[0]
    foreign = context(on_aws=True, **FOREIGN)
    load = "a drill sends 5 requests a second to it, 40 without the cache, for 35 s"
    with pytest.raises(VpcacheError, match=f"origin {host} does not belong to {stack.name}: {load}"):
        may_begin(foreign, 35, yes=False, confirm="")
    assert may_begin(foreign, 35, yes=True, confirm="")


def test_own_origin_and_the_lab_need_no_confirmation(context):
    assert may_begin(context(on_aws=True, origin_function="own"), 35, yes=False, confirm="")
    assert may_begin(context(**FOREIGN), 35, yes=False, confirm="")


def test_active_faults_are_listed_before_a_drill(context, lab, outputs, capsys):
    with lab.faulted("zone", outputs["zones"][1]):
        assert may_begin(context(), 35, yes=False, confirm="")
    assert (
        f"active faults: zone {outputs['zones'][1]}: out; remove them with `./inv lab.clear`"
        in capsys.readouterr().err
    )


def test_load_fits_the_functions_reservation(context, reserve):
    here = context()
    notices: list[str] = []
    full = load_size(here, 40, notices.append)
    assert (full.rate, full.connections, notices) == (40, 64, [])
    assert concurrency_limit(here.target, here.function) > 64  # the lab's account has 1,000
    reserve(16)
    fitted = load_size(here, 40, notices.append)
    assert (fitted.rate, fitted.connections) == (10, 16)
    (notice,) = notices
    assert notice.startswith(f"Lambda allows 16 concurrent executions of {here.function}: the load is 10 ")


def test_drill_is_refused_at_too_little_concurrency(stack, lab, reserve):
    reserve(4)
    line = Commands(lab.port).refuse("drill", "--env", "dev", "--name", stack.name, "--fault", "zone")
    assert "Lambda allows 4 concurrent executions of this function, but a drill needs at least 8" in line
    assert lab.faults() == ()
