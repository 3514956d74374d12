"""Interpreters describe themselves; those that do not work are passed over."""

from __future__ import annotations

from pathlib import Path

import pytest

from vpcache.lab.functions.python.interpreters import Interpreter, find_interpreter

VERSION = (3, 99)
ANSWER = '["{}", [3, {}], "/opt/python/bin/python3.99", "/opt/python", "/etc/ssl/cert.pem"]'
RIGHT = f"echo '{ANSWER.format('cpython', 99)}'"


def install(folder: Path, script: str) -> None:
    folder.mkdir(parents=True)
    program = folder / "python3.99"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def found(folder: Path) -> Interpreter | None:
    return find_interpreter(VERSION, {"PATH": f"{folder}/first:{folder}/second:/bin", "HOME": str(folder)})


@pytest.mark.parametrize(
    "script",
    [
        'echo "pyenv: python3.99: command not found" >&2; exit 127',
        "kill -9 $$",
        "echo Python",
        f"echo '{ANSWER.format('pypy', 99)}'",
        f"echo '{ANSWER.format('cpython', 98)}'",
        '[ -n "$LD_LIBRARY_PATH$PYTHONPATH" ] && exec sleep 100; exit 1',
    ],
)
def test_program_that_is_no_such_python_is_passed_over(
    tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/surprise")
    install(tmp_path / "first", script)
    assert found(tmp_path) is None
    install(tmp_path / "second", RIGHT)
    assert found(tmp_path) == Interpreter(
        VERSION, "/opt/python/bin/python3.99", "/opt/python", "/etc/ssl/cert.pem"
    )


def test_python_that_uv_installed_is_found(tmp_path: Path) -> None:
    install(tmp_path / ".local/share/uv/python/cpython-3.99.0-linux-x86_64-gnu/bin", RIGHT)
    assert found(tmp_path) is not None
