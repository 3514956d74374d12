"""Who may change and enter a lab."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vpcache.lab.owner import LabOwner, obstacle, this_process

ALICE = LabOwner("alice", 1000, "pid:[1]")
BOB = LabOwner("bob", 1001, "pid:[1]")


@pytest.mark.parametrize("enters", [False, True])
def test_other_users_of_one_machine_may_neither_change_nor_enter(enters: bool) -> None:
    text = obstacle(ALICE, BOB, enters=enters)
    assert text == "belongs to user alice: choose another port for your own lab with VPCACHE_LAB_PORT"
    assert obstacle(ALICE, ALICE, enters=enters) == ""
    assert obstacle(None, BOB, enters=enters) == ""


def test_lab_in_another_container_may_be_changed_and_not_entered() -> None:
    container = LabOwner("root", 0, "pid:[2]")
    assert obstacle(container, BOB, enters=False) == ""
    assert "another container" in obstacle(container, replace(container, pid_namespace=""), enters=True)


def test_this_process_has_a_user() -> None:
    assert obstacle(this_process(), this_process(), enters=True) == ""
