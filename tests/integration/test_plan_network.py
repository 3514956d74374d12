"""The network of a plan for an empty region: the same flows pass as in the network of the applied stack."""

from __future__ import annotations

from pathlib import Path

import pytest

from vpcache.lab.prover.traffic import described
from vpcache.reach.matrix import matrix
from vpcache.reach.network import Network
from vpcache.reach.terraform_source.network import network
from vpcache.stack.mock_plan import evaluated_plan
from vpcache.stack.stack import Stack


def _flows(subject: Network, stack_name: str) -> set[tuple[str, str, str]]:
    """Return what passes between all places, with one name for all stacks."""
    return {
        (
            each.source.replace(stack_name, "stack"),
            each.target.replace(stack_name, "stack"),
            described(each.packets),
        )
        for each in matrix(subject)
    }


@pytest.mark.lab
def test_plan_of_a_new_stack_has_the_matrix_of_its_state(stack: Stack, tmp_path: Path) -> None:
    other = Stack(
        name=f"{stack.name}-new",
        environment_dir=stack.environment_dir,
        target=stack.target,
        work_dir=tmp_path,
        variables={name: value for name, value in stack.variables.items() if name not in ("name", "region")},
        temporary=True,
    )
    other.init()
    plan = other.plan()
    document = other.plan_json(plan)
    found = network(document, evaluated_plan(other, document))
    state = stack.show_json()
    assert state
    assert found.undecided == ()
    assert _flows(found, other.name) == _flows(network(state), stack.name)

    without_evaluation = _flows(network(document), other.name)
    assert without_evaluation < _flows(found, other.name)  # local values are left open, not guessed
