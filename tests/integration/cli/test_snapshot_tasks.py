"""lab.save, lab.load and lab.start --persist, as a user types them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import Commands, own_lab
from vpcache.lab.client import Lab
from vpcache.stack.target import lab_target
from vpcache.testing.run import PytestRun

pytestmark = pytest.mark.lab


def buckets(port: int) -> list[str]:
    answer = lab_target(Lab(port).endpoint, {}).client("s3").list_buckets()
    return sorted(each["Name"] for each in answer["Buckets"])


def create_bucket(port: int, name: str) -> None:
    lab_target(Lab(port).endpoint, {}).client("s3").create_bucket(Bucket=name)


def test_saved_lab_is_loaded_and_replaces_one_in_use_only_if_agreed(
    tmp_path: Path, vpcache_run: PytestRun
) -> None:
    file = str(tmp_path / "dev.snapshot")
    with own_lab(vpcache_run) as project:
        typed = Commands(project.port)
        assert "is not running" in typed.refuse("lab.save", file)
        assert f"{file} cannot be read" in typed.refuse("lab.load", file)
        assert not Lab(typed.port).status().running  # a file that is refused starts no lab

        typed.succeed("lab.start")
        create_bucket(typed.port, "saved")
        assert f"{file}: " in typed.succeed("lab.save", file)
        create_bucket(typed.port, "later")
        refusal = typed.refuse("lab.load", file)
        assert "the lab is in use" in refusal
        assert f"lab.load {file} --replace" in refusal
        assert "use --yes" in typed.refuse("lab.load", file, "--replace")
        assert buckets(typed.port) == ["later", "saved"]

        typed.succeed("lab.load", file, "--replace", "--yes")
        assert buckets(typed.port) == ["saved"]
        typed.succeed("lab.stop", "--yes")
        typed.succeed("lab.load", file)  # starts it
        assert buckets(typed.port) == ["saved"]


def test_lab_that_keeps_its_state_is_stopped_and_started_with_it(
    tmp_path: Path, vpcache_run: PytestRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(tmp_path / "state")
    with own_lab(vpcache_run) as project:
        typed = Commands(project.port)
        assert f"its state is kept in {folder}" in typed.succeed("lab.start", "--persist", folder)
        create_bucket(typed.port, "kept")
        assert f"state in {folder}" in typed.succeed("lab.status")
        assert f"lab.start --persist {folder}" in typed.succeed("lab.stop")  # deletes nothing, asks nothing
        monkeypatch.setenv("VPCACHE_LAB_PERSIST", folder)
        typed.succeed("lab.start")
        assert buckets(typed.port) == ["kept"]


def test_lab_that_keeps_its_state_is_not_replaced(tmp_path: Path, vpcache_run: PytestRun) -> None:
    folder, file = str(tmp_path / "state"), str(tmp_path / "dev.snapshot")
    with own_lab(vpcache_run) as project:
        typed = Commands(project.port)
        typed.succeed("lab.start", "--persist", folder)
        create_bucket(typed.port, "kept")
        typed.succeed("lab.save", file)
        refusal = typed.refuse("lab.load", file, "--replace", "--yes")
        assert f"keeps its state in {folder}" in refusal and "lab.stop" in refusal
        assert buckets(typed.port) == ["kept"]
