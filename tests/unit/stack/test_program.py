"""The command that messages name: `./inv` in a clone, `vpcache` elsewhere."""

import pytest

from vpcache import LabNotRunningError, VpcacheError
from vpcache.lab.client import Lab
from vpcache.program import command, program
from vpcache.testing.run import free_port


@pytest.fixture
def no_clone(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["/venv/bin/pytest"])


def test_program_outside_a_clone_is_the_console_script(no_clone):
    assert program() == "vpcache"
    assert command("sweep", name="vpcache-ci-1", target="aws") == (
        "vpcache sweep --name vpcache-ci-1 --target aws"
    )


@pytest.mark.parametrize("path", ["/venv/bin/invoke", "/site-packages/invoke/__main__.py"])
def test_program_under_invoke_is_inv(no_clone, monkeypatch, path):
    monkeypatch.setattr("sys.argv", [path])
    assert program() == "./inv"


def test_program_in_a_clone_is_inv(no_clone, tmp_path):
    for name in ("inv", "tasks.py"):
        (tmp_path / name).touch()
    assert program() == "./inv"


def test_stopped_lab_is_named_with_its_command(no_clone):
    lab = Lab(free_port())
    with pytest.raises(LabNotRunningError, match=f"at {lab.endpoint}: `vpcache lab.start` starts it"):
        lab.faults()
    assert issubclass(LabNotRunningError, VpcacheError)
