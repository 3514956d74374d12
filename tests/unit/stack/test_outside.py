"""What of a stack is outside its state, and what of that an interrupted run created."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from vpcache.errors import VpcacheError
from vpcache.stack.leftovers import Leftover
from vpcache.stack.outside import Run, mark, outside, unknown_to
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


def reason(item: Leftover, run: Run, versions: list[Version] | None) -> str:
    found = outside([item], run, versions)
    assert bool(found.remove) != bool(found.keep)
    return found.keep[0].reason if found.keep else ""


def test_cluster_with_the_stacks_name_is_unknown_to_its_state():
    """The name of the stack is the value of each tag in its state."""
    state = document(shown("aws_vpc", "vpc-1", tags={"Stack": STACK}))
    assert unknown_to(shown_names(state), [cluster()]) == [cluster()]


def test_type_and_id_in_the_state_are_known():
    state = document(shown("aws_elasticache_cluster", STACK))
    assert unknown_to(shown_names(state), [cluster()]) == []


def test_same_id_of_another_type_is_unknown():
    state = document(shown("aws_elasticache_subnet_group", STACK))
    assert unknown_to(shown_names(state), [cluster()]) == [cluster()]


def test_data_source_does_not_make_a_resource_known():
    state = document(shown("aws_security_group", "sg-1", mode="data"))
    assert unknown_to(shown_names(state), [GROUP]) == [GROUP]


def test_default_group_in_the_state_is_known():
    assert unknown_to(frozenset({("aws_default_security_group", "sg-1")}), [GROUP]) == []


@pytest.mark.parametrize("owner", [("aws_lambda_function", "f"), ("aws_security_group", "sg-1")])
def test_interface_of_a_known_function_is_known(owner):
    owners = frozenset({("aws_lambda_function", "f"), ("aws_security_group", "sg-1")})
    interface = Leftover("function network interface", "eni-1", is_tagged=True, owners=owners)
    assert unknown_to(frozenset({owner}), [interface]) == []
    assert unknown_to(frozenset(), [interface]) == [interface]


def test_what_the_run_created_is_removed():
    assert outside([GROUP, cluster(BEGAN)], Run(BEGAN, frozenset()), []).remove == (GROUP, cluster(BEGAN))


def test_what_existed_before_the_run_is_kept():
    assert "existed before" in reason(GROUP, Run(BEGAN, frozenset({mark(GROUP)})), [])


def test_what_was_created_before_the_run_is_kept():
    assert "existed before" in reason(cluster(BEGAN - MINUTE), Run(BEGAN, frozenset()), [])


def test_what_was_replaced_in_the_run_is_removed():
    """A cluster's id is its name, which the one before had too."""
    before, after = cluster(BEGAN - MINUTE), cluster(BEGAN + MINUTE)
    knew = Version(BEGAN, frozenset({("aws_elasticache_cluster", STACK)}))
    assert reason(after, Run(BEGAN, frozenset({mark(before)})), [knew]) == ""


def test_what_an_earlier_state_knew_is_kept():
    """`terraform state rm` is how somebody takes a resource over."""
    knew = Version(BEGAN + 2 * MINUTE, frozenset({("aws_security_group", "sg-1")}))
    assert reason(GROUP, Run(BEGAN, frozenset()), [knew]) == "was taken out of the state"
    created_in_the_run = cluster(BEGAN + MINUTE)
    knew = Version(BEGAN + 2 * MINUTE, frozenset({("aws_elasticache_cluster", STACK)}))
    assert reason(created_in_the_run, Run(BEGAN, frozenset()), [knew]) == "was taken out of the state"


def test_unreadable_versions_keep_everything():
    assert "cannot be read" in reason(GROUP, Run(BEGAN, frozenset()), None)


def test_an_earlier_releases_journal_removes_only_what_is_dated():
    run = Run(BEGAN, None)
    assert "journal does not say" in reason(GROUP, run, [])
    assert reason(cluster(BEGAN + MINUTE), run, []) == ""


def test_what_bears_no_tag_is_kept():
    named = Leftover("log group", "/aws/lambda/x", is_tagged=False, created=BEGAN + MINUTE)
    assert "no tag" in reason(named, Run(BEGAN, frozenset()), [])


def test_written_state_names_its_resources():
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
def test_written_state_of_another_format_is_refused(text):
    with pytest.raises(VpcacheError, match="state"):
        written_names(text)
