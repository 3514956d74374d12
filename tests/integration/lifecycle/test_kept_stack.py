"""A stack that test runs keep: what the next run reuses, and what it notices.

Most tests are a series of runs, as a new lab for each step would take minutes.
"""

import re
import shutil
import signal
from pathlib import Path

import pytest

from tests.support.kept_stacks import KeptProject, new_project
from vpcache.stack.state import StateLocation, read_state, s3_client, state_location
from vpcache.stack.target import Target, lab_target
from vpcache.testing.kept.record import KeptStack, Phase

pytestmark = pytest.mark.lab

SUITE = """
def test_outputs(outputs, stack):
    assert outputs["greeting"] == f"hello {stack.name}"

def test_second_plan_is_empty(stack):
    assert stack.plan().is_empty
"""
SUITE_WITHOUT_PLAN = SUITE.replace("stack.plan().is_empty", "stack")
LEAVING_SUITE = """
def test_leaves(lab, outputs):
    assert not lab.faults() and not lab.origins() and lab.settings().elastic_ips == 5
    lab.fault("origin", "checkip.amazonaws.com", "down")
    lab.serve_origin("api.example.com", status=503)
    lab.configure(elastic_ips=9)
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose stack is applied in seconds; its kept labs end with the test."""
    kept = new_project(tmp_path, monkeypatch, SUITE)
    yield kept
    kept.remove_all()


def locate(record: KeptStack) -> tuple[Target, StateLocation]:
    """Return the target of a kept stack and the location of its state."""
    assert record.lab is not None
    target = lab_target(record.lab.lab.endpoint, {}, region=record.region)
    return target, state_location(target, target.account(), record.name)


def test_next_run_reuses_the_stack_without_an_apply(project):
    first = project.run("--vpcache-keep")
    record = project.record()
    assert "vpcache: infra on lab, kept after the run" in first
    assert f"kept {record.name}: `vpcache sweep --name {record.name}` removes it" in first
    second = project.run("--vpcache-keep")
    assert f"vpcache: reusing {record.name}, nothing changed" in second
    assert "applying" not in second
    project.suite.write_text(SUITE_WITHOUT_PLAN.replace("hello", "bye"))
    assert "1 failed, 1 passed" in project.run("--vpcache-keep", status=1)
    project.suite.write_text(SUITE_WITHOUT_PLAN)
    assert "nothing changed" in project.run("--vpcache-keep", PATH=project.path_without_terraform())
    assert project.marks() == ["applied"]
    assert project.record().lab == record.lab


def test_workers_share_the_kept_stack(project):
    project.run("--vpcache-keep", "-n", "2")
    assert project.run("--vpcache-keep", "-n", "2").count("vpcache: reusing") == 1
    assert project.marks() == ["applied"]


def test_changes_are_applied_to_the_kept_stack(project):
    module = project.root / "modules/greeting/main.tf"
    module.parent.mkdir(parents=True)
    module.write_text('output "word" {\n  value = "hello"\n}\n')
    values = project.root / "infra/terraform.tfvars"
    project.run("--vpcache-keep")
    lab = project.record().lab

    def applies(change: str) -> None:
        assert f"{project.record().name}: {change} changed since the last run" in project.run(
            "--vpcache-keep"
        )

    project.edit('"hello ${var.name}"', '"${module.greeting.word} ${var.name}"')
    project.edit("output", 'module "greeting" {\n  source = "../modules/greeting"\n}\n\noutput')
    applies("HCL")
    module.write_text('variable "word" {}\n\noutput "word" {\n  value = var.word\n}\n')
    project.edit('greeting"\n}', 'greeting"\n  word   = var.word\n}')
    project.edit('variable "name" {}', 'variable "name" {}\n\nvariable "word" {}\n')
    values.write_text('word = "hello"\n')
    applies("HCL")
    values.write_text('word = "bye"\n')
    project.suite.write_text(SUITE.replace("hello", "bye"))
    applies("HCL")
    project.suite.write_text(SUITE.replace("hello", "good"))
    (project.root / "conftest.py").write_text(
        "import pytest\n\n@pytest.fixture(scope='session')\n"
        "def stack_variables():\n    return {'word': 'good'}\n"
    )
    applies("variables")

    project.edit("${var.name}", "${var.nome}")
    assert "undeclared input variable" in project.run("--vpcache-keep", status=1)
    assert project.record().phase is Phase.FAILED
    project.edit("${var.nome}", "${var.name}")
    assert "is not reused" not in project.run("--vpcache-keep")
    assert "nothing changed" in project.run("--vpcache-keep")
    assert project.record().lab == lab
    assert project.marks() == ["applied"]


def test_stale_stack_is_one_line_and_a_new_stack(project):
    runs = 1
    project.run("--vpcache-keep")

    def starts_over(reason: str) -> None:
        nonlocal runs
        runs += 1
        before = project.record()
        output = project.run("--vpcache-keep")
        line = f"vpcache: the kept stack {before.name} is not reused: {reason}; starting from scratch"
        assert re.search(rf"^{line}$", output, re.MULTILINE), output
        assert not before.lab.is_alive()
        assert project.marks() == ["applied"] * runs

    target, location = locate(project.record())
    state = read_state(target, location).replace('"serial": ', '"serial": 1')
    s3_client(target).put_object(**location.request(), Body=state.encode())
    starts_over("its Terraform state was changed")
    target, location = locate(project.record())
    s3_client(target).delete_object(**location.request())
    starts_over("its Terraform state was deleted")
    locate(project.record())[0].client("logs").create_log_group(logGroupName="other")
    starts_over("resources were changed after its apply, by logs:CreateLogGroup")
    project.change_record(version="0.1.0 (01234567)")
    starts_over(r"its lab was started by vpcache 0\.1\.0 \(01234567\), this run is .*")
    project.change_record(phase="applying")
    starts_over("its last apply was interrupted")
    ini = "[pytest]\nvpcache_env_dir = infra\nvpcache_lab_settings = elastic_ips=7\n"
    (project.root / "pytest.ini").write_text(ini)
    starts_over("the lab's setting elastic_ips differs")
    (project.root / "infra/terraform.tfvars").write_text('region = "eu-west-1"\n')
    project.edit('variable "name" {}', 'variable "name" {}\n\nvariable "region" {}\n')
    starts_over("it is in us-east-1, the target is eu-west-1")
    assert "nothing changed" in project.run("--vpcache-keep")


def test_ended_lab_is_one_line_and_a_new_stack(project, tmp_path):
    """Another lab on its port is left alone."""
    project.run("--vpcache-keep")
    record = project.record()
    lab = record.lab.lab
    lab.stop()
    lab.start(tmp_path / "other.log")
    try:
        output = project.run("--vpcache-keep")
        assert f"note: the kept stack {record.name} of {record.root_module} ended with its lab" in output
        assert lab.status().running
        assert project.record().lab.port != lab.port
        assert project.marks() == ["applied", "applied"]
    finally:
        lab.stop()


def test_fresh_starts_over(project):
    project.run("--vpcache-keep")
    first = project.record()
    assert "destroying vpcache-ci-" in project.run()
    assert project.record() == first
    assert project.marks() == ["applied", "applied", "destroyed"]
    output = project.run("--vpcache-keep", "--vpcache-fresh")
    assert "is not reused: --vpcache-fresh; starting from scratch" in output
    second = project.record()
    assert (first.lab.is_alive(), second.lab.is_alive()) == (False, True)
    assert "destroying vpcache-ci-" in project.run("--vpcache-fresh")
    assert not second.lab.is_alive()
    assert project.records.all() == {}


def test_nothing_is_kept_without_an_applied_stack(project):
    project.suite.write_text("def test_one(lab): assert lab.status().running")
    project.run("--vpcache-keep")
    assert project.records.all() == {}
    project.suite.write_text(SUITE)
    project.edit("${var.name}", "${var.nome}")
    project.run("--vpcache-keep", status=1)
    assert project.records.all() == {}
    assert project.living_labs() == set()


def test_projects_and_root_modules_do_not_share_a_kept_stack(project, tmp_path):
    project.run("--vpcache-keep")
    record = project.record()
    other = KeptProject(shutil.copytree(project.root, tmp_path / "other"), project.records)
    assert "reusing" not in other.run("--vpcache-keep")
    assert len({each.name for each in project.records.all().values()}) == 2
    shutil.move(project.root / "infra", project.root / "stack")
    (project.root / "pytest.ini").write_text("[pytest]\nvpcache_env_dir = stack\n")
    output = project.run("--vpcache-keep")
    assert f"removed the kept stack {record.name}: its root module {record.root_module} no longer" in output
    assert not record.lab.is_alive()
    assert len(project.records.all()) == 2


def test_what_tests_left_on_the_lab_is_removed(project):
    project.suite.write_text(LEAVING_SUITE)
    project.run("--vpcache-keep")
    output = project.run("--vpcache-keep")
    assert re.search(r"^vpcache: removed 1 fault of an earlier run: .*checkip", output, re.MULTILINE)
    assert "nothing changed" in output


def test_second_run_at_the_same_time_uses_a_temporary_stack(project):
    with project.holding("--vpcache-keep"):
        record = project.record()
        second = project.run("--vpcache-keep")
        assert f"vpcache: another test run uses the kept stack {record.name}: this run uses a" in second
        assert "destroying vpcache-ci-" in second
        refused = project.vpcache("sweep", "--name", record.name, status=1)
        assert f"error: a test run uses the kept stack {record.name}: wait for its end" in refused
        assert f"note: kept {record.name} of " in project.vpcache("sweep", "--tests")
    assert project.record().lab == record.lab
    assert "nothing changed" in project.run("--vpcache-keep")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_interrupted_tests_keep_the_stack(project, number):
    with project.holding("--vpcache-keep") as run:
        run.send_signal(number)
        run.wait(60)
    assert "nothing changed" in project.run("--vpcache-keep")
    assert project.marks() == ["applied"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_apply_is_not_reused(project, number):
    """After SIGINT the run stops its lab; after SIGKILL the next one does."""
    project.edit("echo applied >> marks", "echo applied >> marks; while [ ! -e go ]; do sleep 0.1; done")
    with project.started("--vpcache-keep") as run:
        project.wait_for(lambda: project.marks() == ["applied"])
        run.send_signal(number)
        (project.root / "infra/go").touch()
        run.wait(60)
    output = project.run("--vpcache-keep")
    assert ("its last apply was interrupted; starting from scratch" in output) is (number == signal.SIGKILL)
    assert project.marks() == ["applied", "applied"]
    assert project.living_labs() == {project.record().lab.port}


def test_sweep_shows_and_removes_what_is_kept(project):
    project.run("--vpcache-keep")
    record = project.record()
    shown = project.vpcache("sweep")
    assert f"note: kept {record.name} of {record.root_module} on the lab at 127.0.0.1:" in shown
    assert f"`vpcache sweep --name {record.name}` removes it" in shown
    assert record.lab.is_alive()
    assert f"removed {record.name} of" in project.vpcache("sweep", "--name", record.name)
    assert not record.lab.is_alive()
    assert project.records.all() == {}
    assert not Path(record.work_dir).exists()
    project.run("--vpcache-keep", "--vpcache-name", "orders")
    assert project.record().name == "orders"
    assert "removed orders of" in project.vpcache("sweep", "--tests")
    assert project.living_labs() == set()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--vpcache-target=aws", "--vpcache-keep"), "name the stack, as in --vpcache-keep --vpcache-name"),
        (("--vpcache-target=aws", "--vpcache-fresh"), "--vpcache-fresh on aws needs --vpcache-keep"),
        (("--vpcache-name=orders",), "--vpcache-name names the stack that is kept: add --vpcache-keep"),
        (("--vpcache-keep", "--vpcache-name=Orders"), "--vpcache-name: invalid stack name 'Orders'"),
    ],
)
def test_contradictory_options_are_usage_errors(project, options, message):
    output = project.run(*options, status=pytest.ExitCode.USAGE_ERROR)
    assert re.search(rf"^ERROR: .*{re.escape(message)}", output, re.MULTILINE)


def test_kept_stack_on_aws_has_a_name_and_is_applied_in_place(project):
    """The target is AWS by its name; the endpoint is a lab."""
    project.run("--vpcache-keep")
    endpoint = project.record().lab.lab.endpoint
    keys = {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "key"}
    options = ("--vpcache-target=aws", "--vpcache-keep", "--vpcache-name", "orders-test")
    sweep = ("sweep", "--name", "orders-test", "--target", "aws", "--region", "us-east-1")
    assert f"kept orders-test: `vpcache {' '.join(sweep)}` removes it" in project.run(*options, **keys)
    assert "applied orders-test on aws" in project.run(*options, **keys)
    assert project.marks() == ["applied", "applied"]
    assert "nothing is left of orders-test" in project.vpcache(*sweep, "--yes", **keys)
    assert project.run(*options, **keys).count("applied orders-test on aws") == 1
