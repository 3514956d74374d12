"""The Python interpreters of this machine: which one runs the functions of a runtime.

Looked for in this order: the interpreter of the lab itself, PATH, the versions of pyenv, those of uv.
https://docs.astral.sh/uv/reference/storage/, https://github.com/pyenv/pyenv#environment-variables
"""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_PYTHON = re.compile(r"python(\d+)\.(\d+)")
_NUMBERS = re.compile(r"\d+")
_SECONDS = 20.0  # for an interpreter to describe itself
_DESCRIPTION = """
import json, os, sys
try:
    import ssl
    authorities = ssl.get_default_verify_paths().openssl_cafile
except ImportError:
    authorities = ""
print(json.dumps([
    sys.implementation.name,
    sys.version_info[:2],
    os.path.realpath(sys.executable),
    sys.base_prefix,
    authorities,
]))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """An installation of CPython."""

    version: tuple[int, int]
    executable: str  # without symbolic links
    prefix: str  # the folder of the installation
    authorities: str  # the file where its OpenSSL looks for certificate authorities, "" without OpenSSL

    @property
    def name(self) -> str:
        """The name of its program: "python3.12"."""
        return f"python{self.version[0]}.{self.version[1]}"


def host_interpreter() -> Interpreter:
    """Return the interpreter that this process runs on."""
    return Interpreter(
        sys.version_info[:2],
        os.path.realpath(sys.executable),
        sys.base_prefix,
        ssl.get_default_verify_paths().openssl_cafile,
    )


def version_of(runtime: str) -> tuple[int, int] | None:
    """Return the Python version that a runtime names, None if it is of another language."""
    match = _PYTHON.fullmatch(runtime)
    return (int(match[1]), int(match[2])) if match else None


def find_interpreter(version: tuple[int, int], environ: Mapping[str, str]) -> Interpreter | None:
    """Return an interpreter of this version that works, None if this machine has none."""
    host = host_interpreter()
    if host.version == version:
        return host
    found = (_examined(path, version, environ) for path in candidates(version, environ))
    return next((each for each in found if each), None)


def candidates(version: tuple[int, int], environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the files that may be an interpreter of this version, the preferred ones first."""
    name = f"python{version[0]}.{version[1]}"
    for folder in environ.get("PATH", os.defpath).split(os.pathsep):
        yield from _existing([Path(folder, name)])
    home = Path(environ.get("HOME") or "/")
    pyenv = Path(environ.get("PYENV_ROOT") or home / ".pyenv")
    yield from _existing(_newest_first(pyenv.glob(f"versions/{version[0]}.{version[1]}.*/bin/{name}")))
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local/share")
    uv = Path(environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv/python")
    yield from _existing(_newest_first(uv.glob(f"cpython-{version[0]}.{version[1]}.*/bin/{name}")))


def _existing(paths: list[Path]) -> Iterator[Path]:
    return (path for path in paths if os.access(path, os.X_OK) and path.is_file())


def _newest_first(paths: Iterator[Path]) -> list[Path]:
    """Sort paths by the version in the name of the folder above bin/."""
    return sorted(paths, key=lambda path: list(map(int, _NUMBERS.findall(path.parts[-3])))[:3], reverse=True)


def _examined(path: Path, version: tuple[int, int], environ: Mapping[str, str]) -> Interpreter | None:
    """Return the interpreter at `path`, None if it does not run: a shim of pyenv may have nothing to run."""
    passed = {name: environ[name] for name in ("HOME", "PATH", "PYENV_ROOT") if name in environ}
    try:
        process = subprocess.run(
            [str(path), "-I", "-S", "-c", _DESCRIPTION],
            env=passed,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
        )
        implementation, found, executable, prefix, authorities = json.loads(process.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    if implementation != "cpython" or tuple(found) != version:
        return None
    return Interpreter(version, executable, prefix, authorities)
