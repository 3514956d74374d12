"""The resources of a stack outside its state, and those that an interrupted run created."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from vpcache.errors import VpcacheError
from vpcache.stack.leftovers import Leftover
from vpcache.stack.outside import InterruptedRun, mark, outside, unknown_to
from vpcache.stack.state_history import Version, shown_names, written_names

STACK = "vpcache-dev"
BEGAN = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GROUP = Leftover("security group", "sg-1", is_tagged=True)


def cluster(created: datetime | None = None) -> Leftover:
    return Leftover("cache cluster", STACK, is_tagged=True, created=created)


def shown(type: str, id: str, mode: str = "managed", **values: object) -> dict[str, object]:
    return {"address": f"{type}.this", "type": type, "mode": mode, "values": {"id": id, **values}}


def document(*resources: dict[str, object]) -> dict[str, object]:
    return {"values": {"root_module": {"child_modules": [{"resources": list(resources)}]}}}


def reason(item: Leftover, run: InterruptedRun, versions: list[Version] | None) -> str:
    result = outside([item], run, versions)
    assert bool(result.remove) != bool(result.keep)
    return result.keep[0].reason if result.keep else ""


def test_stack_name_in_state_does_not_match_a_cluster():
    """The stack's name is a tag value in its state, and the cluster's ID too."""
    state = document(shown("aws_vpc", "vpc-1", tags={"Stack": STACK}))
    assert unknown_to(shown_names(state), [cluster()]) == [cluster()]


def test_type_and_id_match_the_state():
    state = document(shown("aws_elasticache_cluster", STACK))
    assert unknown_to(shown_names(state), [cluster()]) == []


def test_same_id_of_another_type_does_not_match():
    state = document(shown("aws_elasticache_subnet_group", STACK))
    assert unknown_to(shown_names(state), [cluster()]) == [cluster()]


def test_data_source_does_not_match():
    state = document(shown("aws_security_group", "sg-1", mode="data"))
    assert unknown_to(shown_names(state), [GROUP]) == [GROUP]


def test_default_security_group_matches_the_state():
    assert unknown_to(frozenset({("aws_default_security_group", "sg-1")}), [GROUP]) == []


@pytest.mark.parametrize("owner", [("aws_lambda_function", "f"), ("aws_security_group", "sg-1")])
def test_function_interface_matches_by_owner(owner):
    owners = frozenset({("aws_lambda_function", "f"), ("aws_security_group", "sg-1")})
    interface = Leftover("function network interface", "eni-1", is_tagged=True, owners=owners)
    assert unknown_to(frozenset({owner}), [interface]) == []
    assert unknown_to(frozenset(), [interface]) == [interface]


def test_resources_of_the_interrupted_run_are_removed():
    assert outside([GROUP, cluster(BEGAN)], InterruptedRun(BEGAN, frozenset()), []).remove == (
        GROUP,
        cluster(BEGAN),
    )


def test_marked_resources_are_kept():
    assert "existed before" in reason(GROUP, InterruptedRun(BEGAN, frozenset({mark(GROUP)})), [])


def test_older_resources_are_kept():
    assert "existed before" in reason(cluster(BEGAN - MINUTE), InterruptedRun(BEGAN, frozenset()), [])


def test_replacement_by_the_run_is_removed():
    """A cluster's ID is its name, so the previous cluster had the same ID."""
    before, after = cluster(BEGAN - MINUTE), cluster(BEGAN + MINUTE)
    version = Version(BEGAN, frozenset({("aws_elasticache_cluster", STACK)}))
    assert reason(after, InterruptedRun(BEGAN, frozenset({mark(before)})), [version]) == ""


def test_resources_of_an_earlier_state_are_kept():
    """`terraform state rm` removes a resource from the state."""
    version = Version(BEGAN + 2 * MINUTE, frozenset({("aws_security_group", "sg-1")}))
    assert reason(GROUP, InterruptedRun(BEGAN, frozenset()), [version]) == "was removed from the state"
    created_in_the_run = cluster(BEGAN + MINUTE)
    version = Version(BEGAN + 2 * MINUTE, frozenset({("aws_elasticache_cluster", STACK)}))
    assert (
        reason(created_in_the_run, InterruptedRun(BEGAN, frozenset()), [version])
        == "was removed from the state"
    )


def test_unreadable_versions_keep_all_resources():
    assert "cannot be read" in reason(GROUP, InterruptedRun(BEGAN, frozenset()), None)


def test_old_journal_removes_only_dated_resources():
    run = InterruptedRun(BEGAN, None)
    assert "journal does not record" in reason(GROUP, run, [])
    assert reason(cluster(BEGAN + MINUTE), run, []) == ""


def test_untagged_resources_are_kept():
    named = Leftover("log group", "/aws/lambda/x", is_tagged=False, created=BEGAN + MINUTE)
    assert "does not have the stack's tag" in reason(named, InterruptedRun(BEGAN, frozenset()), [])


def test_written_state_lists_managed_resources():
    state = {
        "version": 4,
        "resources": [
            {"mode": "managed", "type": "aws_vpc", "instances": [{"attributes": {"id": "vpc-1"}}]},
            {"mode": "data", "type": "aws_vpc", "instances": [{"attributes": {"id": "vpc-2"}}]},
            {"mode": "managed", "type": "aws_eip", "instances": [{"attributes": {"id": None}}]},
        ],
    }
    assert written_names(json.dumps(state)) == {("aws_vpc", "vpc-1")}
    assert written_names("") == frozenset()


@pytest.mark.parametrize("text", ["{}", '{"version": 5}', "[]", "no JSON"])
def test_unknown_state_format_is_rejected(text):
    with pytest.raises(VpcacheError, match="state"):
        written_names(text)
