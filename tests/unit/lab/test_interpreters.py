"""Where an interpreter of a runtime's Python is looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from vpcache.lab.functions.python.interpreters import (
    candidates,
    find_interpreter,
    host_interpreter,
    version_of,
)


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True)
    path.touch(0o755)
    return path


@pytest.mark.parametrize(
    ("runtime", "version"),
    [("python3.8", (3, 8)), ("python3.14", (3, 14)), ("nodejs22.x", None), ("provided.al2023", None)],
)
def test_runtime_names_a_version_of_python(runtime: str, version: tuple[int, int] | None) -> None:
    assert version_of(runtime) == version


def test_path_precedes_pyenv_and_uv_and_newer_precede_older(tmp_path: Path) -> None:
    on_path = program(tmp_path / "bin/python3.12")
    pyenv = [program(tmp_path / f".pyenv/versions/3.12.{n}/bin/python3.12") for n in (10, 9)]
    uv = [
        program(tmp_path / f".local/share/uv/python/cpython-3.12.{n}-linux-x86_64-gnu/bin/python3.12")
        for n in (10, 9)
    ]
    program(tmp_path / ".pyenv/versions/3.1.2/bin/python3.1")
    environ = {"PATH": f"{tmp_path}/none:{tmp_path}/bin", "HOME": str(tmp_path)}
    assert list(candidates((3, 12), environ)) == [on_path, *pyenv, *uv]
    assert list(candidates((3, 13), environ)) == []


def test_variables_of_pyenv_and_uv_name_their_folders(tmp_path: Path) -> None:
    pyenv = program(tmp_path / "pyenv/versions/3.12.1/bin/python3.12")
    uv = program(tmp_path / "uv/cpython-3.12.1-linux-x86_64-gnu/bin/python3.12")
    environ = {"PATH": "", "PYENV_ROOT": f"{tmp_path}/pyenv", "UV_PYTHON_INSTALL_DIR": f"{tmp_path}/uv"}
    assert list(candidates((3, 12), environ)) == [pyenv, uv]
    data = program(tmp_path / "data/uv/python/cpython-3.12.1-linux-x86_64-gnu/bin/python3.12")
    assert list(candidates((3, 12), {"PATH": "", "XDG_DATA_HOME": f"{tmp_path}/data"})) == [data]


def test_programs_that_cannot_run_are_no_candidates(tmp_path: Path) -> None:
    program(tmp_path / "bin/python3.12").chmod(0o644)
    (tmp_path / "other/python3.12").mkdir(parents=True)
    assert list(candidates((3, 12), {"PATH": f"{tmp_path}/bin:{tmp_path}/other", "HOME": "/none"})) == []


def test_own_interpreter_is_preferred() -> None:
    host = host_interpreter()
    assert find_interpreter(host.version, {"PATH": ""}) == host
