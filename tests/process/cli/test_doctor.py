from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from vpcache.lab.doctor import examine, remedy
from vpcache.lab.privileges import CAPABILITIES, missing_capabilities


def test_doctor_finds_no_problem_on_this_host() -> None:
    assert [finding for finding in examine() if not finding.is_ok] == []


def test_missing_tool_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    missing = {finding.name: finding.words for finding in examine() if not finding.is_ok}
    assert missing["memcached"].startswith("the lab needs memcached, not found on PATH: ")


def test_doctor_on_another_system_names_machine_and_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    (finding,) = examine()
    assert not finding.is_ok
    for words in ("Darwin", "limactl shell vpcache ./inv lab.start", "docker compose", "exec lab ./inv"):
        assert words in finding.words


@pytest.mark.parametrize("dropped", CAPABILITIES)
def test_each_missing_capability_is_named(tmp_path: Path, dropped: str) -> None:
    status = tmp_path / "status"
    effective = sum(1 << number for name, number in CAPABILITIES.items() if name != dropped)
    status.write_text(f"Name:\tpython\nCapEff:\t{effective:016x}\n")
    assert missing_capabilities(status) == [dropped]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop capabilities")
def test_doctor_without_capabilities_names_them_and_not_privileged() -> None:
    limited = ["setpriv", "--bounding-set=-all,+net_raw", "--inh-caps=-all"]
    done = subprocess.run(
        [*limited, sys.executable, "-m", "vpcache.lab.doctor"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    (line,) = (line for line in done.stdout.splitlines() if "capabilities" in line[:22])
    assert line.startswith(
        "FAILED  capabilities        lacks NET_ADMIN, NET_BIND_SERVICE, SETFCAP, SYS_ADMIN"
    )
    assert "--cap-add=SYS_ADMIN" in line and "--privileged" not in done.stdout


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("user/max_user_namespaces", "0"),
        ("kernel/unprivileged_userns_clone", "0"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1"),
    ],
)
def test_setting_that_forbids_user_namespaces_is_named(tmp_path: Path, setting: str, value: str) -> None:
    path = tmp_path / setting
    path.parent.mkdir()
    path.write_text(f"{value}\n")
    assert setting.replace("/", ".") in str(remedy(tmp_path))
    path.write_text("15000\n" if value == "0" else "0\n")
    assert remedy(tmp_path) is None


def test_exhausted_namespaces_are_one_finding() -> None:
    code = (
        "from pathlib import Path; from vpcache.lab.doctor import examine;"
        "Path('/proc/sys/user/max_net_namespaces').write_text('0');"  # of this user namespace alone
        "print(*(repr(finding) for finding in examine() if not finding.is_ok), sep='\\n')"
    )
    inside = ["unshare", "--user", "--map-root-user", sys.executable, "-c", code]
    (missing,) = subprocess.run(inside, check=True, capture_output=True, text=True).stdout.splitlines()
    assert "name='namespaces'" in missing
    assert "--cap-add=SYS_ADMIN" in missing and "containers/compose.yaml" in missing
