"""The network of the running stack, through AWS's API, and that of its state: the same flows pass."""

from __future__ import annotations

from pathlib import Path

from vpcache.reach.aws_source import network as aws_network
from vpcache.reach.aws_source.collector import collect
from vpcache.reach.comparison import compare
from vpcache.reach.matrix import matrix
from vpcache.reach.running import running_network, vpc_ids
from vpcache.reach.terraform_source import network as terraform_network
from vpcache.stack.stack import Outputs, Stack
from vpcache.stack.target import Target, aws_target


def test_reading_a_running_stack_needs_no_terraform_init(
    stack: Stack, outputs: Outputs, tmp_path: Path
) -> None:
    names = {name: value for name, value in stack.variables.items() if name not in ("name", "region")}
    other = Stack(
        name=stack.name,
        environment_dir=stack.environment_dir,
        target=stack.target,
        work_dir=tmp_path / "work",
        variables=names,
    )
    assert running_network(other).interfaces
    assert not (tmp_path / "work").exists()


def test_running_stack_passes_the_flows_of_its_state(stack: Stack, target: Target, outputs: Outputs) -> None:
    """The session is that of `--target aws`, for which the lab at the target's endpoint is AWS."""
    document = stack.show_json() or {}
    aws = aws_target(target.environment, region=target.region)

    running = aws_network.network(collect(aws.client, vpc_ids(stack.written_state())))

    expected = terraform_network.network(document)
    assert set(running.interfaces) == set(expected.interfaces)
    assert set(map(str, matrix(running))) == set(map(str, matrix(expected)))
    assert compare(expected, running).is_empty
    assert (running.unmodeled, running.undecided) == ({}, ())
