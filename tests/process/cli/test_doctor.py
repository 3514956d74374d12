from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from vpcache.lab.doctor import examine, remedy


def test_doctor_finds_no_problem_on_this_host() -> None:
    assert [finding for finding in examine() if not finding.is_ok] == []


def test_missing_tool_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    missing = {finding.name: finding.words for finding in examine() if not finding.is_ok}
    assert missing["memcached"] == "not found: install memcached"


def test_doctor_on_another_system_suggests_a_virtual_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    (finding,) = examine()
    assert not finding.is_ok
    assert "Darwin" in finding.words and "virtual machine" in finding.words and "docker run" in finding.words


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
    assert "--privileged" in missing
