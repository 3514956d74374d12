"""Shell variables of Terraform, its provider and botocore have no effect on the lab."""

from __future__ import annotations

import pytest

from tests.support.commands import Commands, own_lab
from tests.support.small_project import make_small_project

pytestmark = pytest.mark.lab

SHELL = {
    "AWS_CONFIG_FILE": "/nonexistent/config",
    "AWS_DEFAULT_PROFILE": "other",
    "AWS_DEFAULT_REGION": "eu-west-3",
    "AWS_ENDPOINT_URL_EC2": "http://127.0.0.1:9",
    "AWS_MAX_ATTEMPTS": "many",
    "AWS_PROFILE": "corp",
    "AWS_REGION": "eu-west-1",
    "AWS_RETRY_MODE": "x",
    "TF_AWS_DEFAULT_TAGS_Owner": "me",
    "TF_CLI_ARGS": "-input=false",
    "TF_CLI_ARGS_plan": "-refresh=false -target=module.none",
    "TF_CLI_ARGS_version": "-x",
    "TF_DATA_DIR": "/nonexistent",
    "TF_LOG": "DEBUG",
    "TF_REATTACH_PROVIDERS": "{}",
    "TF_VAR_name": "other",
    "TF_WORKSPACE": "staging",
}


@pytest.fixture
def project(tmp_path, vpcache_run):
    with own_lab(vpcache_run) as lab:
        yield Commands(lab.port, make_small_project(tmp_path / "project"))


def test_shell_variables_have_no_effect_on_tasks(project, monkeypatch):
    stack = ("--env", "small", "--name", "vpcache-shell")
    project.succeed("apply", *stack)
    for variable, value in SHELL.items():
        monkeypatch.setenv(variable, value)
    assert "no changes" in project.succeed("plan", *stack)
    assert "vpc_id" in project.succeed("outputs", *stack)
    assert "nothing is left of vpcache-shell" in project.succeed("destroy", *stack)
    project.succeed("lab.stop")
    project.succeed("lab.start")


def test_debug_log_does_not_hide_the_init_error(project, monkeypatch):
    main = project.root / "envs/small/main.tf"
    main.write_text(main.read_text().replace('">= 5.100, < 7.0"', '"~> 99.0"'))
    monkeypatch.setenv("TF_LOG", "DEBUG")
    line = project.refuse("apply", "--env", "small", "--name", "vpcache-shell")
    assert "terraform init failed: Error: " in line
    assert "[DEBUG]" not in line
