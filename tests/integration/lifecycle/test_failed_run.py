"""The report of a run whose apply fails halfway in one of two workers."""

import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from tests.support.small_project import HEAD

pytestmark = pytest.mark.lab

ROOT_MODULE = (
    HEAD
    + """
resource "aws_cloudwatch_log_group" "made" {
  name = "/aws/lambda/${var.name}"
}

resource "aws_subnet" "refused" {
  vpc_id     = "vpc-0123456789abcdef0"
  cidr_block = "10.0.0.0/24"

  depends_on = [aws_cloudwatch_log_group.made]
}
"""
)


def test_failed_apply_produces_a_complete_report(tmp_path):
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra/main.tf").write_text(ROOT_MODULE)
    (tmp_path / "test_it.py").write_text("def test_one(stack): pass\ndef test_two(): pass\n")
    options = ["--vpcache-env-dir=infra", "--vpcache-report-dir=out", "--junitxml=out/junit.xml", "-n", "2"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,  # in case of a hang; usually it takes 30 s
        check=False,
    )
    assert run.returncode == pytest.ExitCode.TESTS_FAILED, run.stdout + run.stderr
    assert "report: out/report.html" in run.stdout
    assert run.stderr.count("vpcache: applying vpcache-ci-") == 1  # printed by the worker, during the apply

    page = (tmp_path / "out/report.html").read_text()
    assert "1 resource in" in page
    assert "InvalidVpcID.NotFound" in page
    assert 'class="bar create"' in page and 'class="bar create failed"' in page
    assert 'class="bar delete"' in page
    assert "None: the account was checked after the destroy." in page
    (suite,) = ET.parse(tmp_path / "out/junit.xml").getroot()
    assert (suite.get("tests"), suite.get("errors")) == ("2", "1")
