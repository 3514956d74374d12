"""Files of deployment packages, as functions see them."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from tests.support.network.functions import (
    HANDLER,
    SPEC,
    RuntimeHarness,
    failure,
    zip_of,
)
from tests.support.network.isolation import isolated


@isolated
def test_modes_of_files_apply_to_the_functions_user(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    script = "#!/bin/sh\necho ran\n"
    files = dict.fromkeys(("run", "plain", "owner", "nobody", "group"), script)
    modes = {"run": 0o100755, "owner": 0o100600, "nobody": 0o100000, "group": 0o100750}
    spec = replace(SPEC, code_sha256="modes", code=zip_of({"app.py": HANDLER, **files}, modes))
    value = "__import__('subprocess').check_output('/var/task/run', text=True)"
    assert harness.value(value, spec) == "ran\n"
    assert harness.value("open('/var/task/plain').read()", spec) == script
    assert harness.value("os.stat('/var/task/run').st_mode & 0o777", spec) == 0o755
    refused = {name: f"open('/var/task/{name}')" for name in ("owner", "nobody", "group")}
    refused["plain"] = "os.execv('/var/task/plain', ['plain'])"
    for name, expression in refused.items():
        kind, message = failure(harness.call(spec, value=expression))
        assert kind == "PermissionError" and name in message + expression


@isolated
def test_unreadable_module_cannot_be_imported(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    code = zip_of({"app.py": HANDLER, "secret.py": "x = 1"}, {"secret.py": 0o100600})
    answer = harness.call(replace(SPEC, code_sha256="unreadable", code=code), run="import secret")
    assert failure(answer) == ("PermissionError", "[Errno 13] Permission denied: '/var/task/secret.py'")


@isolated
def test_entries_without_a_mode_are_readable(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    code = BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", HANDLER)
        explicit = zipfile.ZipInfo("secret")
        explicit.external_attr = 0o600 << 16
        archive.writestr(explicit, "x")
        windows = zipfile.ZipInfo("windows")
        windows.create_system = 0
        archive.writestr(windows, "y")
    spec = replace(SPEC, code_sha256="writestr", code=code.getvalue())
    assert harness.value("open('/var/task/windows').read()", spec) == "y"
    assert failure(harness.call(spec, value="open('/var/task/secret')"))[0] == "PermissionError"


@isolated
def test_links_of_a_package_are_links(tmp_path: Path) -> None:
    harness = RuntimeHarness(tmp_path)
    (tmp_path / "outside").write_text("outside")
    files = {
        "app.py": HANDLER,
        "real.py": "x = 3",
        "link.py": "real.py",
        "package/module.py": "y = 4",
        "alias": "package",
        "broken": "nowhere",
        "outside": str(tmp_path / "outside"),
    }
    links = dict.fromkeys(("link.py", "alias", "broken", "outside"), 0o120777)
    spec = replace(SPEC, code_sha256="links", code=zip_of(files, links))
    assert harness.value("[__import__('link').x, __import__('alias.module').module.y]", spec) == [3, 4]
    assert harness.value("[os.readlink('link.py'), os.path.exists('broken')]", spec) == ["real.py", False]
    assert failure(harness.call(spec, value="open('outside').read()"))[0] == "FileNotFoundError"
