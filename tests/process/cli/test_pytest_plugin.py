"""The pytest plugin in other projects: unused, used, and used with errors."""

import os
import subprocess
import sys

import pytest

from tests.support.small_project import ROOT_MODULE, STACK_OF_MARKS

pytest_plugins = ["pytester"]

FOREIGN_CONFTEST = """
def pytest_addoption(parser):
    parser.addoption("--target", default="foreign")
    parser.addoption("--env-dir", default="foreign")
"""
FOREIGN_SUITE = """
import signal, tempfile
from pathlib import Path
import pytest

@pytest.mark.lab
def test_foreign_option(pytestconfig):
    assert pytestconfig.getoption("--target") == "foreign"
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert list(Path(tempfile.gettempdir()).glob("*vpcache*")) == []
"""
TERRAFORM_THAT_FAILS = """#!/bin/sh
[ "$1" = version ] && echo '{"terraform_version": "1.11.4"}' && exit
echo "$1" >> "$(dirname "$0")/calls"
echo "no luck today" >&2
exit 1
"""


@pytest.fixture
def foreign(pytester, monkeypatch):
    """A project with the package in its environment, and a separate folder for temporary files."""
    folder = pytester.mkdir("tmp")
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    return pytester


def test_plugin_loads_no_planner_no_moto_and_no_drawing():
    program = "import sys, vpcache.testing.pytest_plugin; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    slow = ("dnslib", "jinja2", "moto", "vpcache.diagram", "vpcache.drills.chart", "vpcache.lab.network")
    assert [name for name in loaded.stdout.split() if name.startswith(slow)] == []


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_plugin_leaves_other_projects_alone(foreign, monkeypatch, workers):
    monkeypatch.setenv("VPCACHE_TARGET", "gcp")
    foreign.makeconftest(FOREIGN_CONFTEST)
    foreign.makepyfile(FOREIGN_SUITE)
    done = foreign.runpytest_subprocess("--strict-markers", *workers)
    done.assert_outcomes(passed=1)
    done.stdout.no_fnmatch_line("*vpcache:*")
    assert not list(foreign.path.glob("tmp/*vpcache*"))
    assert not (foreign.path / ".vpcache").exists()


def test_help_lists_options_and_fixtures(foreign):
    foreign.runpytest_subprocess("--help").stdout.fnmatch_lines(
        ["vpcache, *:", "*--vpcache-env-dir=DIR*", "*--vpcache-target={lab,aws}*", "*vpcache_env_dir*"]
    )
    fixtures = foreign.runpytest_subprocess("--fixtures").stdout.str()
    for fixture in ("bundle", "lab", "outputs", "probes", "stack", "stack_variables", "target"):
        assert f"\n{fixture} " in fixtures
    assert "no docstring available" not in fixtures


def test_collection_creates_nothing(foreign):
    foreign.makepyfile("def test_one(lab): pass")
    foreign.runpytest_subprocess("--collect-only").assert_outcomes()
    assert not list(foreign.path.glob("tmp/*vpcache*"))


def test_stack_without_root_module_names_the_option(foreign):
    foreign.makepyfile("def test_one(stack): pass")
    done = foreign.runpytest_subprocess()
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(['no root module to apply: write vpcache_env_dir = "DIR" below *'])
    done.stdout.no_fnmatch_line("*vpcache/testing/pytest_plugin.py*")


def test_unknown_target_in_variable_fails_on_use(foreign, monkeypatch):
    monkeypatch.setenv("VPCACHE_TARGET", "gcp")
    foreign.makepyfile("def test_one(target): pass")
    done = foreign.runpytest_subprocess()
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["unknown target 'gcp': use --target lab or --target aws"])


def test_lab_tests_are_skipped_on_aws(foreign):
    foreign.makeini("[pytest]\nvpcache_env_dir = infra\n")
    foreign.makepyfile("import pytest\ndef test_one(lab): pass\n@pytest.mark.lab\ndef test_two(): pass\n")
    done = foreign.runpytest_subprocess("--vpcache-target", "aws", "-rs")
    done.assert_outcomes(skipped=2)
    done.stdout.fnmatch_lines(
        ["vpcache: infra on aws", "SKIPPED*requires the lab's network; the target is aws"]
    )


def test_ini_option_configures_the_shared_lab(foreign):
    foreign.makeini("[pytest]\nvpcache_lab_settings =\n    elastic_ips=20\n    iam_lag_ms = 0\n")
    foreign.makepyfile("""
        from vpcache.lab.settings import LabSettings

        def test_one(lab):
            assert lab.settings() == LabSettings(elastic_ips=20, iam_lag_ms=0)

        def test_own_lab_has_the_defaults(vpcache_run, tmp_path):
            with vpcache_run.own_lab() as own:
                own.start(tmp_path / "lab.log")
                assert own.settings() == LabSettings()
    """)
    foreign.runpytest_subprocess("-n", "2").assert_outcomes(passed=2)


def test_enforced_iam_applies_to_the_fixture_as_role(foreign):
    foreign.makeini("[pytest]\nvpcache_iam = enforce\n")
    foreign.makepyfile("""
        import json
        import pytest
        from botocore.exceptions import ClientError

        def test_one(lab, target, as_role):
            trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": target.account()}}
            document = json.dumps({"Version": "2012-10-17", "Statement": trust})
            target.client("iam").create_role(RoleName="deployer", AssumeRolePolicyDocument=document)
            with pytest.raises(ClientError, match="is not authorized to perform: ec2:DescribeVpcs"):
                as_role("deployer").client("ec2").describe_vpcs()
            assert lab.settings().iam == "enforce"
    """)
    foreign.runpytest_subprocess().assert_outcomes(passed=1)


def test_bad_iam_setting_is_a_usage_error(foreign):
    foreign.makeini("[pytest]\nvpcache_iam = strict\n")
    foreign.makepyfile("def test_one(): pass")
    done = foreign.runpytest_subprocess()
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(
        ["ERROR: ini option vpcache_iam: setting iam is 'strict': must be off or enforce"]
    )


def test_bad_lab_setting_is_a_usage_error(foreign):
    foreign.makeini("[pytest]\nvpcache_lab_settings = elastic_ip=20\n")
    foreign.makepyfile("def test_one(): pass")
    done = foreign.runpytest_subprocess()
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["ERROR: ini option vpcache_lab_settings: unknown setting 'elastic_ip'; *"])
    assert len(done.stderr.lines) <= 2


def test_failed_bundle_is_one_line(foreign):
    foreign.makepyfile("def test_one(bundle): bundle('functions/api')")
    done = foreign.runpytest_subprocess()
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*functions/api has no handler.py: add one, as *"])


def test_failed_apply_is_not_repeated(foreign, monkeypatch):
    foreign.makeini("[pytest]\nvpcache_env_dir = infra\n")
    foreign.mkdir("infra").joinpath("main.tf").write_text(ROOT_MODULE)
    program = foreign.mkdir("bin").joinpath("terraform")
    program.write_text(TERRAFORM_THAT_FAILS)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    foreign.makepyfile("def test_one(stack): pass\ndef test_two(stack): pass\n")
    done = foreign.runpytest_subprocess("-n", "2")
    done.assert_outcomes(errors=2)
    assert done.stdout.str().count("\nterraform init failed: no luck today") == 2
    assert program.with_name("calls").read_text() == "init\n"
    assert not list(foreign.path.glob("tmp/*vpcache*"))


def test_unsuitable_root_module_is_one_line(foreign):
    foreign.mkdir("infra").joinpath("main.tf").write_text(ROOT_MODULE.replace("s3", "local"))
    foreign.makepyfile("def test_one(stack): pass")
    done = foreign.runpytest_subprocess("--vpcache-env-dir", "infra")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(
        ['root module */infra has the backend local: write an empty `backend "s3" {}` into *']
    )


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_run_writes_a_report_and_no_other_file(foreign, workers):
    foreign.makepyfile("def test_one(): pass\ndef test_two(vpcache_run): assert not 'so'\n")
    done = foreign.runpytest_subprocess("--vpcache-report-dir", "made/reports", *workers)
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["report: made/reports/report.html"])
    page = (foreign.path / "made/reports/report.html").read_text()
    assert "1 passed" in page and "1 failed" in page
    assert "assert not &#39;so&#39;" in page
    assert "No stack was applied" in page
    assert not list(foreign.path.glob("tmp/*vpcache*"))


def test_interrupted_run_writes_a_report(foreign):
    foreign.makepyfile("def test_one(): pass\ndef test_two(vpcache_run): raise KeyboardInterrupt\n")
    foreign.runpytest_subprocess("--vpcache-report-dir", "reports")
    page = (foreign.path / "reports/report.html").read_text()
    assert "The run was interrupted before its end." in page and "1 passed" in page


def test_unwritable_report_folder_is_a_usage_error(foreign):
    foreign.makepyfile("def test_one(): pass")
    foreign.makefile(".txt", taken="")
    done = foreign.runpytest_subprocess("--vpcache-report-dir", "taken.txt")
    done.stderr.fnmatch_lines(["ERROR: --vpcache-report-dir is 'taken.txt': File exists"])
    assert done.ret == pytest.ExitCode.USAGE_ERROR


def test_undeclared_variable_is_one_line(foreign):
    foreign.mkdir("infra").joinpath("main.tf").write_text(ROOT_MODULE)
    foreign.makeconftest("""
        import pytest

        @pytest.fixture(scope="session")
        def stack_variables():
            return {"bundel": {}}
    """)
    foreign.makepyfile("def test_one(stack): pass")
    done = foreign.runpytest_subprocess("--vpcache-env-dir", "infra")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["root module */infra has no variable bundel: it has name"])


def test_variable_without_value_names_the_fixture(foreign):
    foreign.mkdir("infra").joinpath("main.tf").write_text(ROOT_MODULE + 'variable "bundle" {}\n')
    foreign.makepyfile("def test_one(stack): pass")
    done = foreign.runpytest_subprocess("--vpcache-env-dir", "infra")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(
        ["root module */infra: no value of variable bundle: set it in terraform.tfvars or, in a test, *"]
    )
    assert "vpcache/testing" not in done.stdout.str()


def test_root_module_without_outputs_is_applied(foreign):
    """A missing output is one error, without this package's source in its traceback."""
    resource = 'resource "terraform_data" "this" {}\n'
    foreign.mkdir("infra").joinpath("main.tf").write_text(ROOT_MODULE + resource)
    foreign.makepyfile("""
        def test_outputs(outputs): assert outputs == {}
        def test_probe(probes): probes.egress("us-east-1a")
    """)
    done = foreign.runpytest_subprocess("--vpcache-env-dir", "infra")
    done.assert_outcomes(passed=1, failed=1, warnings=1)
    done.stdout.fnmatch_lines(
        [
            '*def test_probe(probes): probes.egress("us-east-1a")',
            "E *VpcacheError: the root module has no output 'egress_probes': write *",
        ]
    )
    assert "vpcache/probes.py" not in done.stdout.str()


@pytest.mark.parametrize("mark", ["", "@pytest.mark.drill"], ids=["reads", "drills"])
def test_drill_has_exclusive_use_of_the_outputs(foreign, mark):
    foreign.makeconftest("""
        import pytest

        class AppliedStack:
            def outputs(self):
                return {}

        @pytest.fixture(scope="session")
        def stack():
            return AppliedStack()
    """)
    foreign.makepyfile(f"""
        import threading
        import pytest

        {mark}
        def test_one(request, vpcache_run, outputs):
            has_entered = threading.Event()

            def read():
                with vpcache_run.in_use(exclusive=False):
                    has_entered.set()

            is_drill = request.node.get_closest_marker("drill") is not None
            threading.Thread(target=read, daemon=True).start()
            assert has_entered.wait(0.5 if is_drill else 30) is not is_drill
    """)
    foreign.runpytest_subprocess("--strict-markers").assert_outcomes(passed=1)


def test_workers_share_one_stack_that_is_destroyed(foreign):
    foreign.mkdir("infra").joinpath("main.tf").write_text(ROOT_MODULE + STACK_OF_MARKS)
    foreign.makepyfile("""
        def test_one(stack): assert stack.outputs()["greeting"] == f"hello {stack.name}"
        def test_two(outputs): assert "destroyed" not in open("infra/marks").read()
    """)
    done = foreign.runpytest_subprocess("--vpcache-env-dir", "infra", "-n", "2")
    done.assert_outcomes(passed=2, warnings=1)
    done.stdout.fnmatch_lines(["*no resource of vpcache-ci-* has the tag Stack, so leftovers of a destroy*"])
    assert (foreign.path / "infra/marks").read_text() == "applied\ndestroyed\n"
    assert not list(foreign.path.glob("tmp/*vpcache*"))
