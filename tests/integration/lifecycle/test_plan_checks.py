"""Checks before an apply on AWS creates anything: quotas, provider checksums."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest

from tests.support.commands import Commands, lab_as_aws
from tests.support.paths import ROOT
from vpcache.errors import VpcacheError
from vpcache.stack.stack import Stack
from vpcache.stack.target import aws_target
from vpcache.terraform.installation import find_terraform
from vpcache.terraform.provider.lock import LOCK_FILE
from vpcache.testing.run import free_port

pytestmark = pytest.mark.lab

NAME = "vpcache-ci-quota"


@pytest.fixture
def lab(vpcache_run, monkeypatch):
    """Return a dedicated lab with default settings, whose endpoint is AWS_ENDPOINT_URL."""
    with lab_as_aws(vpcache_run, monkeypatch) as lab:
        yield lab


def test_plan_above_a_quota_is_refused_before_it_creates_anything(lab):
    lab.configure(elastic_ips=1)
    message = Commands(free_port(), ROOT).refuse(
        "apply", "--env", "dev", "--name", NAME, "--target", "aws", "--yes"
    )
    assert "elastic IPs: 0 of 1 in use in us-east-1, this plan adds 2: 1 too many" in message
    assert "--quota-code L-0263D0A3 --desired-value 2 --region us-east-1" in message
    created = [call for call in lab.calls() if re.match("(ec2|lambda|elasticache|iam):Create", call)]
    assert created == []


def test_unknown_provider_build_is_refused_with_a_remedy(lab, tmp_path):
    root = tmp_path / "role"
    shutil.copytree(ROOT / "examples/nightly-role", root, ignore=shutil.ignore_patterns(".terraform"))
    lock = root / LOCK_FILE
    lock.write_text(re.sub('"h1:.*"', f'"h1:{"A" * 43}="', lock.read_text()))
    stack = Stack(
        name="nightly-lock",
        environment_dir=root,
        target=aws_target(os.environ),
        work_dir=tmp_path / "work",
        variables={"repository": "octo-org/vpcache"},
    )
    with pytest.raises(VpcacheError, match="does not list this build") as raised:
        stack.init()
    shown = re.search(r"`terraform (.*?)`", str(raised.value))
    assert shown is not None
    command = shown[1].split()
    subprocess.run([find_terraform(os.environ), *command], check=True, capture_output=True)
    stack.init()
