"""Rolling reboot of cache nodes under load, after a change of their parameters."""

from concurrent.futures import ThreadPoolExecutor
from itertools import cycle

import pytest

from tests.support.commands import Commands
from vpcache.functions import FunctionClient
from vpcache.stack.reboot import cluster_id, cluster_state, reboot_pending_nodes

pytestmark = [pytest.mark.lab, pytest.mark.drill]

PATHS = [f"/employee/{number}" for number in range(1, 17)]


@pytest.fixture
def change(target, outputs):
    """Change the parameter `idle_timeout` of the stack's cluster, and reset it at the end.

    A parameter that is set to its default value still counts as set by a user, and Terraform would remove it.
    ResetCacheParameterGroup resets it to the engine's default.
    """
    cluster = cluster_id(outputs)
    group = cluster_state(target, cluster).parameter_group
    elasticache = target.client("elasticache")

    def set_by_user():
        answer = elasticache.describe_cache_parameters(CacheParameterGroupName=group, Source="user")
        return {item["ParameterName"]: item["ParameterValue"] for item in answer["Parameters"]}

    def set_to(value):
        elasticache.modify_cache_parameter_group(
            CacheParameterGroupName=group,
            ParameterNameValues=[{"ParameterName": "idle_timeout", "ParameterValue": value}],
        )

    before = set_by_user()
    yield set_to
    elasticache.reset_cache_parameter_group(
        CacheParameterGroupName=group,
        ParameterNameValues=[{"ParameterName": "idle_timeout", "ParameterValue": "0"}],
    )
    reboot_pending_nodes(target, cluster, lambda _: None)
    assert set_by_user() == before, "Terraform would remove the remaining parameters"


def answers_until_the_end(process, client, function):
    """Yield the answers of the cached API while a process runs."""
    for path in cycle(PATHS):
        if process.poll() is not None:
            return
        yield client.call_cached_api(function, path)


def test_nodes_are_rebooted_one_by_one_without_errors(stack, lab, target, outputs, change):
    commands, words = Commands(lab.port), ("reboot-cache", "--env", "dev", "--name", stack.name)
    cluster = cluster_id(outputs)
    nodes = list(cluster_state(target, cluster).nodes)
    assert f"nothing to do: all nodes of {cluster} use the current values of" in commands.succeed(*words)
    client = FunctionClient(target)
    for path in PATHS:
        client.call_cached_api(outputs["cached_api"], path)

    change("600")
    assert list(cluster_state(target, cluster).pending) == nodes
    notice = f"pending-reboot: cache nodes {', '.join(nodes)} use outdated parameters; run `"
    assert notice in commands.succeed("verify", "--env", "dev", "--name", stack.name)
    states = []
    with ThreadPoolExecutor() as callers, commands.start(*words) as process:
        calls = callers.submit(lambda: list(answers_until_the_end(process, client, outputs["cached_api"])))
        while process.poll() is None:
            states.append(cluster_state(target, cluster).pending)
        out, err = process.communicate()
        answers = calls.result()
    assert process.returncode == 0, out + err
    assert f"pending-reboot in {cluster}: {', '.join(nodes)} of {', '.join(nodes)}" in out
    steps = [line for line in out.splitlines() if line.endswith("rebooting") or " in-sync " in line]
    assert [line.partition(" after ")[0] for line in steps] == [
        f"node {node}: {step}" for node in nodes for step in ("rebooting", "available and in-sync")
    ]
    assert tuple(nodes[1:]) in states, "the second node was rebooted before the first was back"
    assert cluster_state(target, cluster).pending == ()
    assert {answer.status for answer in answers} == {200}
    assert any(answer.cache == "HIT" for answer in answers)
