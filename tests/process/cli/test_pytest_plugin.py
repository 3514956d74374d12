"""The pytest plugin where nobody uses it, and where somebody does it wrong."""

import os

import pytest

pytest_plugins = ["pytester"]

FOREIGN_CONFTEST = """
def pytest_addoption(parser):
    parser.addoption("--target", default="their own")
    parser.addoption("--env-dir", default="their own")
"""
FOREIGN_SUITE = """
import signal, tempfile
from pathlib import Path
import pytest

@pytest.mark.lab
def test_their_own(pytestconfig):
    assert pytestconfig.getoption("--target") == "their own"
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert list(Path(tempfile.gettempdir()).glob("*vpcache*")) == []
"""
ROOT_MODULE = """
terraform {
  backend "s3" {}
}

variable "name" {}
"""
STACK_OF_MARKS = """
resource "terraform_data" "this" {
  provisioner "local-exec" {
    command = "echo applied >> marks"
  }

  provisioner "local-exec" {
    when    = destroy
    command = "echo destroyed >> marks"
  }
}

output "greeting" {
  value = "hello ${var.name}"
}
"""
TERRAFORM_THAT_FAILS = """#!/bin/sh
[ "$1" = version ] && echo '{"terraform_version": "1.11.4"}' && exit
echo "$1" >> "$(dirname "$0")/calls"
echo "no luck today" >&2
exit 1
"""


@pytest.fixture
def foreign(pytester, monkeypatch):
    """A project in whose environment the package is, with a folder of its own for temporary files."""
    folder = pytester.mkdir("tmp")
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    return pytester


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_a_project_that_does_not_use_it_meets_nothing_of_it(foreign, monkeypatch, workers):
    monkeypatch.setenv("VPCACHE_TARGET", "gcp")
    foreign.makeconftest(FOREIGN_CONFTEST)
    foreign.makepyfile(FOREIGN_SUITE)
    done = foreign.runpytest_subprocess("--strict-markers", *workers)
    done.assert_outcomes(passed=1)
    done.stdout.no_fnmatch_line("*vpcache:*")
    assert not list(foreign.path.glob("tmp/*vpcache*"))
    assert not (foreign.path / ".vpcache").exists()


def test_help_and_fixtures_tell_of_it(foreign):
    foreign.runpytest_subprocess("--help").stdout.fnmatch_lines(
        ["vpcache, *:", "*--vpcache-env-dir=DIR*", "*--vpcache-target={lab,aws}*", "*vpcache_env_dir*"]
    )
    told = foreign.runpytest_subprocess("--fixtures").stdout.str()
    for fixture in ("bundle", "lab", "outputs", "probes", "stack", "stack_variables", "target"):
        assert f"\n{fixture} " in told
    assert "no docstring available" not in told


def test_collecting_makes_nothing(foreign):
    foreign.makepyfile("def test_one(lab): pass")
    foreign.runpytest_subprocess("--collect-only").assert_outcomes()
    assert not list(foreign.path.glob("tmp/*vpcache*"))


def test_a_stack_without_root_module_says_what_to_write(foreign):
    foreign.makepyfile("def test_one(stack): pass")
    done = foreign.runpytest_subprocess()
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(['no root module to apply: write vpcache_env_dir = "DIR" below *'])
    done.stdout.no_fnmatch_line("*vpcache/testing/pytest_plugin.py*")


def test_an_unknown_target_by_variable_is_refused_when_it_is_used(foreign, monkeypatch):
    monkeypatch.setenv("VPCACHE_TARGET", "gcp")
    foreign.makepyfile("def test_one(target): pass")
    done = foreign.runpytest_subprocess()
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["unknown target 'gcp': use --target lab or --target aws"])


def test_on_aws_what_looks_at_the_lab_is_skipped_with_the_reason(foreign):
    foreign.makeini("[pytest]\nvpcache_env_dir = infra\n")
    foreign.makepyfile("import pytest\ndef test_one(lab): pass\n@pytest.mark.lab\ndef test_two(): pass\n")
    done = foreign.runpytest_subprocess("--vpcache-target", "aws", "-rs")
    done.assert_outcomes(skipped=2)
    done.stdout.fnmatch_lines(
        ["vpcache: infra on aws", "SKIPPED*looks at the lab's wires; the target is aws"]
    )


def test_ini_option_sets_the_runs_lab_once(foreign):
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


def test_bad_lab_setting_is_refused_before_anything_runs(foreign):
    foreign.makeini("[pytest]\nvpcache_lab_settings = elastic_ip=20\n")
    foreign.makepyfile("def test_one(): pass")
    done = foreign.runpytest_subprocess()
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["ERROR: ini option vpcache_lab_settings: unknown setting 'elastic_ip'; *"])
    assert len(done.stderr.lines) <= 2


def test_a_bundle_that_cannot_be_made_is_one_line(foreign):
    foreign.makepyfile("def test_one(bundle): bundle('functions/api')")
    done = foreign.runpytest_subprocess()
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*functions/api has no handler.py: every function's entry is handler.handler"])


def test_a_stack_that_cannot_be_applied_is_tried_once(foreign, monkeypatch):
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


def test_a_root_module_that_cannot_be_a_stack_is_one_line(foreign):
    foreign.mkdir("infra").joinpath("main.tf").write_text(ROOT_MODULE.replace("s3", "local"))
    foreign.makepyfile("def test_one(stack): pass")
    done = foreign.runpytest_subprocess("--vpcache-env-dir", "infra")
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(
        ['root module */infra has the backend local: write an empty `backend "s3" {}` into *']
    )


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_run_leaves_a_page_and_nothing_else(foreign, workers):
    foreign.makepyfile("def test_one(): pass\ndef test_two(vpcache_run): assert not 'so'\n")
    done = foreign.runpytest_subprocess("--vpcache-report-dir", "made/reports", *workers)
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["report: made/reports/report.html"])
    page = (foreign.path / "made/reports/report.html").read_text()
    assert "1 passed" in page and "1 failed" in page
    assert "assert not &#39;so&#39;" in page
    assert "No stack was applied" in page
    assert not list(foreign.path.glob("tmp/*vpcache*"))


def test_a_run_that_is_interrupted_leaves_a_page(foreign):
    foreign.makepyfile("def test_one(): pass\ndef test_two(vpcache_run): raise KeyboardInterrupt\n")
    foreign.runpytest_subprocess("--vpcache-report-dir", "reports")
    page = (foreign.path / "reports/report.html").read_text()
    assert "The run was interrupted before its end." in page and "1 passed" in page


def test_a_page_that_cannot_be_written_is_refused_before_anything_runs(foreign):
    foreign.makepyfile("def test_one(): pass")
    foreign.makefile(".txt", taken="")
    done = foreign.runpytest_subprocess("--vpcache-report-dir", "taken.txt")
    done.stderr.fnmatch_lines(["ERROR: --vpcache-report-dir is 'taken.txt': File exists"])
    assert done.ret == pytest.ExitCode.USAGE_ERROR


def test_a_variable_that_the_root_module_does_not_take_is_one_line(foreign):
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
    done.stdout.fnmatch_lines(["root module */infra has no variable bundel: it takes name"])


@pytest.mark.parametrize("mark", ["", "@pytest.mark.drill"], ids=["looks", "drills"])
def test_outputs_are_held_alone_by_a_drill_and_together_by_all_else(foreign, mark):
    foreign.makeconftest("""
        import pytest

        @pytest.fixture(scope="session")
        def _stack_outputs():
            return {}
    """)
    foreign.makepyfile(f"""
        import fcntl
        import pytest

        {mark}
        def test_one(request, vpcache_run, outputs):
            with (vpcache_run.folder / "in-use").open() as other:
                try:
                    fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
                    is_alone = False
                except BlockingIOError:
                    is_alone = True
            assert is_alone == (request.node.get_closest_marker("drill") is not None)
    """)
    foreign.runpytest_subprocess("--strict-markers").assert_outcomes(passed=1)


def test_a_stack_is_applied_once_for_all_workers_and_destroyed_at_the_end(foreign):
    foreign.mkdir("infra").joinpath("main.tf").write_text(ROOT_MODULE + STACK_OF_MARKS)
    foreign.makepyfile("""
        def test_one(stack): assert stack.outputs()["greeting"] == f"hello {stack.name}"
        def test_two(outputs): assert "destroyed" not in open("infra/marks").read()
    """)
    done = foreign.runpytest_subprocess("--vpcache-env-dir", "infra", "-n", "2")
    done.assert_outcomes(passed=2, warnings=1)
    done.stdout.fnmatch_lines(["*nothing of vpcache-ci-* bears the tag Stack, so what a destroy leaves*"])
    assert (foreign.path / "infra/marks").read_text() == "applied\ndestroyed\n"
    assert not list(foreign.path.glob("tmp/*vpcache*"))
