"""The example repository of a platform team, tested with the wheel and without a clone."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.support.commands import own_lab
from tests.support.documents import shown
from tests.support.external_project import (
    VERSION,
    VirtualEnvironment,
    environment_with_wheel,
    new_environment,
)
from tests.support.paths import ROOT
from vpcache.lab.client import Lab
from vpcache.stack.target import lab_target
from vpcache.testing.kept.record import Records
from vpcache.testing.kept.removal import remove

pytestmark = pytest.mark.lab

EXAMPLE = ROOT / "examples/platform-team"
INVENTORY = """
import importlib.metadata, json, vpcache
from vpcache.bundle import EGRESS_PROBE
has_probe = (EGRESS_PROBE / "handler.py").exists()
print(json.dumps([vpcache.__file__, importlib.metadata.version("vpcache"), has_probe]))
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> VirtualEnvironment:
    return environment_with_wheel(tmp_path_factory.mktemp("environment"))


@pytest.fixture
def repository(tmp_path) -> Path:
    """A copy of the example, without files that git ignores."""
    ignored = shutil.ignore_patterns(".terraform*", ".vpcache", "__pycache__")
    return Path(shutil.copytree(EXAMPLE, tmp_path / "platform-team", ignore=ignored))


def test_example_passes_without_a_clone(environment, repository):
    finished = environment.run(
        repository, "-m", "pytest", "-p", "no:cacheprovider", "-rA", "--vpcache-report-dir=reports"
    )
    assert finished.returncode == 0, finished.stdout
    assert "vpcache: infra on lab" in finished.stdout
    assert "3 passed" in finished.stdout
    assert f"vpcache-{VERSION}" in finished.stdout
    assert list(repository.rglob("vpcache-ci-*")) == []
    assert "data:image/svg+xml;base64," in (repository / "reports/report.html").read_text()


def test_example_keeps_its_stack(environment, repository, tmp_path):
    """Each run has the same tests; the last one finds a rule that was deleted behind Terraform's back."""
    state = tmp_path / "state"

    def run(*words: str) -> str:
        options = ("-p", "no:cacheprovider", "--vpcache-keep", *words)
        finished = environment.run(repository, "-m", "pytest", *options, XDG_STATE_HOME=str(state))
        assert finished.returncode == 0, finished.stdout
        return str(finished.stdout)

    def edit(file: str, old: str, new: str) -> None:
        text = (repository / file).read_text()
        assert old in text
        (repository / file).write_text(text.replace(old, new))

    kept = Records(state / "vpcache/kept")
    try:
        run()
        (record,) = kept.all().values()
        assert record.lab
        assert "nothing changed" in run()
        edit("functions/courier/handler.py", '{"address": ', '{"courier": "new", "address": ')
        assert "updated the code of functions" in run()
        target = lab_target(record.lab.lab.endpoint, {}, region=record.region)
        answer = target.client("lambda").invoke(FunctionName=f"{record.name}-courier-us-east-1a")
        assert json.load(answer["Payload"])["courier"] == "new"
        edit(
            "infra/main.tf",
            "egress_rules = {",
            'egress_rules = {\n    https = { port = 8443, cidr_ipv4 = "0.0.0.0/0" }',
        )
        assert f"{record.name}: HCL changed since the last run" in run()
        (rule, *_) = target.client("ec2").describe_security_group_rules()["SecurityGroupRules"]
        target.client("ec2").revoke_security_group_egress(
            GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]]
        )
        found = (
            "resources were changed after its apply, by ec2:RevokeSecurityGroupEgress; starting from scratch"
        )
        assert found in run()
    finally:
        for key, left in kept.all().items():
            remove(kept, key, left)


@pytest.mark.long
def test_documented_commands_work_in_a_new_environment(repository, tmp_path, vpcache_run):
    """With the target aws, too, whose endpoint is a lab."""
    environment = new_environment(tmp_path)
    document = ROOT / "docs/testing-your-own-stack.md"
    commands = [command.words[1:] for command in shown(document) if command.words[0] == "python"]
    assert len(commands) == 3
    with own_lab(vpcache_run) as lab:
        lab.succeed("lab.start")
        keys = {"AWS_ACCESS_KEY_ID": "by-hand", "AWS_SECRET_ACCESS_KEY": "by-hand"}
        for words in commands:
            finished = environment.run(repository, *words, AWS_ENDPOINT_URL=Lab(lab.port).endpoint, **keys)
            assert finished.returncode == 0, f"{words}\n{finished.stdout}"
        assert "2 passed, 1 skipped" in finished.stdout
        assert "vpcache: infra on aws" in finished.stdout


def test_doctor_works_without_tasks(environment, tmp_path):
    assert environment.run(tmp_path, "-m", "vpcache.lab.doctor").returncode == 0
    finished = environment.run(tmp_path, "-m", "vpcache.lab.doctor", PATH="/nonexistent")
    assert finished.returncode == 1
    assert re.search(
        r"^FAILED  memcached +the lab needs memcached, not found on PATH: install memcached",
        finished.stdout,
        re.MULTILINE,
    )


def test_installed_package_is_the_wheel(environment, tmp_path):
    file, version, has_probe = json.loads(environment.run(tmp_path, "-c", INVENTORY).stdout)
    assert Path(file).is_relative_to(environment.python.parents[1])
    assert version == VERSION
    assert has_probe
