"""The wheel alone: its console script, the lab, and the types of its API."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
import requests

from tests.support.external_project import VERSION, VirtualEnvironment, environment_with_wheel
from tests.support.paths import ROOT
from vpcache.testing.run import free_port

pytestmark = pytest.mark.lab

PAGE = ROOT / "vpcache/lab/daemon/page"

TYPED = """\
from pathlib import Path

from vpcache import FaultKind, Lab, Mode, Plan, Probes, Result, Stack, Target, VpcacheError, lab_target

lab: Lab = Lab()
target: Target = lab_target(lab.endpoint, {})
stack = Stack(name="s", environment_dir=Path("infra"), target=target, work_dir=Path("work"), variables={})
plan: Plan = stack.plan()
result: Result = Probes(target, stack.outputs()).egress("us-east-1a")
faults: list[str] = [fault.label for fault in lab.fault(FaultKind.ORIGIN, "api.example.com", Mode.DOWN)]
reveal_type(plan.is_empty)
"""


@pytest.fixture(scope="module")
def owner(tmp_path_factory) -> VirtualEnvironment:
    return environment_with_wheel(tmp_path_factory.mktemp("owner"))


def vpcache(
    owner: VirtualEnvironment, folder, *words: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    return owner.run(folder, str(owner.python.with_name("vpcache")), *words, **environment)


def files_of_page(port: str) -> set[str]:
    """Return the names of the files that the page of a lab consists of, each of which the lab serves."""

    def get(path: str) -> str:
        answer = requests.get(f"http://127.0.0.1:{port}{path}", headers={"Accept": "text/html"}, timeout=30)
        assert answer.ok, path
        return answer.text

    found, unread = {"index.html"}, [get("/")]
    while unread:
        names = set(re.findall(r'(?:/_lab/page|"\.)/([\w.-]+)"', unread.pop())) - found
        found |= names
        unread += [get(f"/_lab/page/{name}") for name in names]
    return found


def test_console_script_lists_the_tasks_of_users(owner, tmp_path):
    done = vpcache(owner, tmp_path, "--list")
    assert done.returncode == 0, done.stdout
    listed = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("  ")]
    assert {"apply", "drill", "sweep", "lab.start"} <= set(listed)
    assert "provider-schema" not in listed
    assert vpcache(owner, tmp_path, "--version").stdout == f"vpcache {VERSION}\n"


def test_lab_and_sweep_run_without_a_clone(owner, tmp_path):
    port = {"VPCACHE_LAB_PORT": str(free_port())}
    stopped = vpcache(owner, tmp_path, "lab.show", **port)
    assert (stopped.returncode, stopped.stdout.count("\n")) == (1, 1)
    assert "`vpcache lab.start` starts it" in stopped.stdout
    assert vpcache(owner, tmp_path, "lab.start", **port).returncode == 0
    try:
        assert json.loads(vpcache(owner, tmp_path, "lab.status", "--json", **port).stdout)["running"]
        swept = vpcache(owner, tmp_path, "sweep", **port)
        assert swept.returncode == 0, swept.stdout
        assert files_of_page(port["VPCACHE_LAB_PORT"]) == {path.name for path in PAGE.iterdir()}
    finally:
        assert vpcache(owner, tmp_path, "lab.stop", **port).returncode == 0


def test_unknown_environment_is_one_line(owner, tmp_path):
    done = vpcache(owner, tmp_path, "plan", "--env", "infra")
    assert done.returncode == 1
    assert done.stdout == ("error: unknown environment 'infra'; use the path of a root module\n")


def test_types_of_the_api_reach_mypy(owner, tmp_path):
    (tmp_path / "typed.py").write_text(TYPED)
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(owner.python), "typed.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert re.search(r'Revealed type is "(builtins\.)?bool"', done.stdout)
