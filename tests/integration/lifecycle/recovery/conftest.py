from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests.support.commands import Commands
from tests.support.small_project import apply_small_stack, make_small_project
from vpcache.stack.leftovers import leftovers


@pytest.fixture
def small(tmp_path, lab) -> Commands:
    return Commands(lab.port, make_small_project(tmp_path / "project"))


@pytest.fixture
def name() -> str:
    return f"rec-{secrets.token_hex(3)}"


@pytest.fixture
def stack(small, name, target) -> Iterator[tuple[str, ...]]:
    """The options of an applied small stack, which is swept after the test."""
    apply_small_stack(small.root, target, name)
    yield ("--env", "small", "--name", name)
    small.succeed("sweep", "--name", name, "--confirm", name)
    assert leftovers(target, name) == []
