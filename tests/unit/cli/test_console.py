"""Confirmations before a destroy."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from vpcache.cli.console import confirm_name
from vpcache.errors import VpcacheError


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The user's end of a terminal that is connected to stdin."""
    user_end, stdin_end = os.openpty()
    with os.fdopen(stdin_end) as stdin, os.fdopen(user_end, "w"):
        monkeypatch.setattr(sys, "stdin", stdin)
        yield user_end


def test_typed_name_is_accepted(terminal, capsys):
    os.write(terminal, b"vpcache-prod\n")
    confirm_name("vpcache-prod", "destroy vpcache-prod, which is protected", "")
    assert capsys.readouterr().out == "destroy vpcache-prod, which is protected. Type the stack's name: "


@pytest.mark.parametrize("typed", ["yes", "", "vpcache-dev"])
def test_wrong_typed_name_is_rejected(terminal, typed):
    os.write(terminal, f"{typed}\n".encode())
    with pytest.raises(VpcacheError, match=f"'{typed}' is not vpcache-prod: nothing was changed"):
        confirm_name("vpcache-prod", "destroy", "")


def test_without_terminal_the_error_names_the_command(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["invoke", "destroy", "--env", "prod", "--yes"])
    with open(os.devnull) as nobody:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdin", nobody)
        with pytest.raises(VpcacheError, match=r"\./inv destroy --env prod --yes --confirm vpcache-prod`$"):
            confirm_name("vpcache-prod", "destroy", "")


def test_confirm_option_replaces_typing():
    confirm_name("vpcache-prod", "destroy", "vpcache-prod")
    with pytest.raises(VpcacheError, match="--confirm is 'vpcache-dev', but the stack is vpcache-prod"):
        confirm_name("vpcache-prod", "destroy", "vpcache-dev")
