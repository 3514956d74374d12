"""Terraform's diagnostics as one line."""

from __future__ import annotations

from pathlib import Path

from vpcache.terraform.diagnostics import message, warning

DIAGNOSTIC = {
    "severity": "warning",
    "summary": "Deprecated argument",
    "detail": "Use\nanother one.",
    "address": "aws_eip.this",
    "range": {"filename": "main.tf", "start": {"line": 7, "column": 3, "byte": 90}},
}


def test_message_has_address_file_and_line():
    text = "Deprecated argument: Use another one. (aws_eip.this, envs/dev/main.tf:7)"
    assert message(DIAGNOSTIC, Path("envs/dev")) == text


def test_file_outside_the_current_folder_is_absolute(tmp_path):
    assert message(DIAGNOSTIC, tmp_path).endswith(f"(aws_eip.this, {tmp_path}/main.tf:7)")


def test_module_file_is_shown_from_the_current_folder():
    at = {"range": {"filename": "../../modules/vpc/main.tf", "start": {"line": 1}}, "address": None}
    folder = Path.cwd() / "envs/dev"
    assert message(DIAGNOSTIC | at, folder).endswith("(modules/vpc/main.tf:1)")


def test_message_without_detail_and_position():
    assert message({"summary": "No luck"}, Path()) == "No luck"


def test_only_warnings_are_warnings():
    event = {"type": "diagnostic", "diagnostic": DIAGNOSTIC}
    assert (warning(event, Path()) or "").startswith("Terraform warns: Deprecated argument: Use")
    assert warning({"type": "diagnostic", "diagnostic": DIAGNOSTIC | {"severity": "error"}}, Path()) is None
    assert warning({"type": "version"}, Path()) is None
