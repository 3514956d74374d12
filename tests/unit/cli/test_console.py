"""Confirmations before a destroy, and the error when the lab has ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from vpcache.cli.console import confirm_name, lost_lab
from vpcache.errors import VpcacheError
from vpcache.testing.run import free_port


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


REFUSED = (
    'terraform apply failed: Lambda Function: exceeded maximum number of attempts, Get "{url}/x": '
    "dial tcp 127.0.0.1:{port}: connect: connection refused",
    'function two-api: Could not connect to the endpoint URL: "{url}/2015-03-31/functions"',
    'Connection was closed before we received a valid response from endpoint URL: "{url}/".',
)


@pytest.mark.parametrize("text", REFUSED)
def test_failed_connection_to_an_ended_lab_is_explained(monkeypatch, text):
    port = free_port()
    monkeypatch.setenv("VPCACHE_LAB_PORT", str(port))
    url = f"http://127.0.0.1:{port}"
    assert lost_lab(text.format(url=url, port=port)) == (
        f"the lab at {url} ended during the command, and the stacks on it with it: see "
        f".vpcache/lab-{port}.log for the reason; the next `./inv apply` starts a new lab"
    )


@pytest.mark.parametrize(
    "text",
    [
        "the lab is not running at http://127.0.0.1:{port}: run `./inv lab.start`, or apply a stack",
        'function two-api: Could not connect to the endpoint URL: "http://127.0.0.1:1/"',
        'Could not connect to the endpoint URL: "https://lambda.us-east-1.amazonaws.com/"',
    ],
)
def test_other_error_is_shown_unchanged(monkeypatch, text):
    port = free_port()
    monkeypatch.setenv("VPCACHE_LAB_PORT", str(port))
    assert lost_lab(text.format(port=port)) is None
