"""Commands in messages, which must lead to the same stack whatever the user's variables are."""

from __future__ import annotations

import pytest

from vpcache.stack.command_line import command_for
from vpcache.stack.target import Target, aws_target, lab_target

LAB = lab_target("http://127.0.0.1:4600", {})
FAR = lab_target("http://127.0.0.1:4600", {}, region="eu-west-1")
AWS = aws_target({}, region="us-east-1")


@pytest.mark.parametrize(
    ("target", "variable", "options"),
    [
        (LAB, None, ""),
        (LAB, "", ""),
        (LAB, "lab", ""),
        (LAB, "aws", " --target lab"),
        (FAR, None, " --region eu-west-1"),
        (AWS, None, " --target aws --region us-east-1"),
        (AWS, "aws", " --target aws --region us-east-1"),
    ],
)
def test_command_leads_to_the_same_stack(
    target: Target, variable: str | None, options: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VPCACHE_TARGET", raising=False)
    if variable is not None:
        monkeypatch.setenv("VPCACHE_TARGET", variable)
    assert command_for("call", target, env="dev", name="x") == f"./inv call --env dev --name x{options}"
