"""One provider process for several Terraform commands, with a program in place of the provider."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import wait_until_gone
from tests.support.terraform.stand_in import stand_in_provider
from vpcache.errors import VpcacheError
from vpcache.terraform.provider.attached import attached_provider

HOLDS = """
import os, pathlib, sys
from vpcache.terraform.provider.attached import attached_provider
with attached_provider(pathlib.Path(), pathlib.Path(sys.argv[1]), os.environ):
    print("attached", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A TF_DATA_DIR with a provider that starts."""
    stand_in_provider(tmp_path)
    return tmp_path


def _pid(folder: Path) -> int:
    return int((folder / "pid").read_text())


def test_provider_ends_with_the_context(folder: Path) -> None:
    environ = {"FOLDER": str(folder), "PATH": os.environ["PATH"]}
    with attached_provider(folder, folder, environ) as environment:
        assert environment["TF_REATTACH_PROVIDERS"] == '{"aws":{}}'
        assert environment["FOLDER"] == str(folder)
        os.kill(_pid(folder), 0)
    wait_until_gone({_pid(folder)})
    assert not (folder / "socket").exists()


def test_paths_are_relative_to_the_root_module(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The provider opens the package of a function itself: `filename = "../function.zip"`."""
    root_module = tmp_path_factory.mktemp("infra")
    environ = {"FOLDER": str(folder), "PATH": os.environ["PATH"]}
    with attached_provider(root_module, folder, environ):
        assert Path(f"/proc/{_pid(folder)}/cwd").readlink() == root_module


def test_provider_ends_with_a_killed_python(folder: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(folder)],
        env={**os.environ, "FOLDER": str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"attached\n"
        holder.send_signal(signal.SIGKILL)
    wait_until_gone({_pid(folder)})


def test_provider_that_does_not_start_is_an_error(tmp_path: Path) -> None:
    stand_in_provider(tmp_path, "#!/bin/sh\necho 'no memory'\nexit 1\n")
    with (
        pytest.raises(VpcacheError, match=r"the AWS provider does not start: .*provider\.log"),
        attached_provider(tmp_path, tmp_path, os.environ),
    ):
        pass
    assert (tmp_path / "provider.log").read_text() == "no memory\n"


def test_environment_without_an_aws_provider_is_unchanged(tmp_path: Path) -> None:
    with attached_provider(tmp_path, tmp_path, {"HOME": "/root"}) as environment:
        assert environment == {"HOME": "/root"}
