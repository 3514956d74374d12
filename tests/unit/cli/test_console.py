"""What the user is asked before something is destroyed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from vpcache.cli.console import confirm_name
from vpcache.errors import VpcacheError


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The user's end of a terminal that stdin is."""
    ours, theirs = os.openpty()
    with os.fdopen(theirs) as stdin, os.fdopen(ours, "w"):
        monkeypatch.setattr(sys, "stdin", stdin)
        yield ours


def test_name_is_typed_on_the_terminal(terminal, capsys):
    os.write(terminal, b"vpcache-prod\n")
    confirm_name("vpcache-prod", "destroy vpcache-prod, which is protected", "")
    assert capsys.readouterr().out == "destroy vpcache-prod, which is protected. Type the stack's name: "


@pytest.mark.parametrize("typed", ["yes", "", "vpcache-dev"])
def test_another_word_on_the_terminal_is_refused(terminal, typed):
    os.write(terminal, f"{typed}\n".encode())
    with pytest.raises(VpcacheError, match=f"'{typed}' is not vpcache-prod: nothing was done"):
        confirm_name("vpcache-prod", "destroy", "")


def test_without_a_terminal_the_command_is_named(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["invoke", "destroy", "--env", "prod", "--yes"])
    with open(os.devnull) as nobody:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdin", nobody)
        with pytest.raises(VpcacheError, match=r"\./inv destroy --env prod --yes --confirm vpcache-prod$"):
            confirm_name("vpcache-prod", "destroy", "")


def test_option_takes_the_place_of_typing():
    confirm_name("vpcache-prod", "destroy", "vpcache-prod")
    with pytest.raises(VpcacheError, match="--confirm is 'vpcache-dev', but the stack is vpcache-prod"):
        confirm_name("vpcache-prod", "destroy", "vpcache-dev")
