"""The daemon receives none of the user's settings of AWS, Terraform and Python."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import boto3
import botocore
import moto
import pytest
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES

from vpcache.lab.client import Lab
from vpcache.lab.daemon_environment import daemon_environment
from vpcache.testing.run import PytestRun

_QUOTED = re.compile(r"""["']((?:AWS|BOTO|MOTO)[A-Z0-9]*_[A-Z0-9_]+)["']""")
FILES = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}


def botocore_variables() -> Iterator[str]:
    """Yield the variables in botocore's table of settings."""
    for _, names, _, _ in BOTOCORE_DEFAUT_SESSION_VARIABLES.values():
        yield from [names] if isinstance(names, str) else names or []


def source_variables() -> Iterator[str]:
    """Yield the other variables in the sources of botocore, boto3 and moto."""
    for package in (botocore, boto3, moto):
        for source in Path(str(package.__file__)).parent.glob("*.py"):
            yield from _QUOTED.findall(source.read_text())


SETTINGS = sorted(
    {
        *botocore_variables(),
        *source_variables(),
        "AWS_ENDPOINT_URL_EC2",
        "TF_WORKSPACE",
        "TF_CLI_ARGS",
        "TF_LOG",
        "TF_AWS_DEFAULT_TAGS_Owner",
        "PYTHONINSPECT",
        "PYTHONSTARTUP",
        "PYTHONWARNINGS",
        "HTTP_PROXY",
        "https_proxy",
        "VPCACHE_TARGET",
    }
)


def test_settings_include_known_variables() -> None:
    assert {
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_CONFIG_FILE",
        "AWS_MAX_ATTEMPTS",
        "AWS_RETRY_MODE",
        "AWS_DEFAULTS_MODE",
        "AWS_ENDPOINT_URL",
        "AWS_ACCESS_KEY_ID",
        "BOTO_CONFIG",
        "MOTO_ALLOW_NONEXISTENT_REGION",
    } <= set(SETTINGS)
    assert len(SETTINGS) > 80


@pytest.mark.parametrize("name", SETTINGS)
def test_setting_is_not_passed_to_the_daemon(name: str) -> None:
    assert daemon_environment({name: "surprise", "PATH": "/bin"}) == {"PATH": "/bin"} | FILES


def test_paths_and_locale_are_passed_to_the_daemon() -> None:
    user = {"PATH": "/bin", "HOME": "/home/me", "PYTHONPATH": "/src", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    assert daemon_environment(user) == user | FILES


def test_daemon_environment_leaves_its_argument_unchanged() -> None:
    user = {"AWS_PROFILE": "corp"}
    daemon_environment(user)
    assert user == {"AWS_PROFILE": "corp"}


def test_lab_starts_in_a_shell_with_invalid_settings(
    vpcache_run: PytestRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "config"
    broken.write_text("[default\nregion = moon")
    home = tmp_path / ".aws"
    home.mkdir()
    (home / "config").write_text("[default\nregion = moon")
    with monkeypatch.context() as shell:
        for name in SETTINGS:
            shell.setenv(name, "many")
        shell.setenv("HOME", str(tmp_path))
        shell.setenv("AWS_CONFIG_FILE", str(broken))
        with vpcache_run.own_lab() as lab:
            assert isinstance(lab, Lab)
            lab.start(tmp_path / "lab.log")
            assert lab.status().running
            assert lab.differences() == []
