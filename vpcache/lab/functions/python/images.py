"""The images of Python runtimes: the interpreter that a runtime names, and the packages of AWS's runtime."""

from __future__ import annotations

import compileall
import importlib.metadata
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from vpcache.lab.functions.archive import CA_FILES
from vpcache.lab.functions.image import RUNTIME_DIR, Image
from vpcache.lab.functions.python.interpreters import (
    Interpreter,
    find_interpreter,
    host_interpreter,
    version_of,
)
from vpcache.lab.functions.trust import Trust

_CLIENT = ("awslambdaric", "snapshot-restore-py", "simplejson")
_SDK = (
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "python-dateutil",
    "six",
    "urllib3",
)
"""The distributions in AWS's Python runtime: its runtime client, and boto3. Function processes see no other
package of the lab's environment, so that a bundle without one of its dependencies fails as it does on AWS."""
_OLDEST_OF_SDK = (3, 10)  # the oldest Python that the lab's boto3 supports
_NO_SDK = """raise ImportError(
    "the lab's boto3 requires Python {}.{}, newer than this runtime: add a boto3 to the function's package"
)
"""
_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
_REPLACEMENT = Path(__file__).with_name("runtime_client.py")
_EXTENSION = ".so"  # of the lab's Python
_DATA = "data"  # of botocore, 28 MB, and of boto3
_Additions = tuple[dict[str, str], dict[str, str]]  # mounts and overlays


class PythonImages:
    """The images of Python runtimes, below the new folder `work`. For several threads.

    `falls_back` returns whether runtimes whose Python this machine lacks run on the lab's. `environ` has the
    variables that say where interpreters are.
    """

    def __init__(
        self,
        work: Path,
        trust: Trust,
        falls_back: Callable[[], bool] = lambda: False,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        work.mkdir()
        self._work = work
        self._trust = trust
        self._falls_back = falls_back
        self._environ = environ
        self._lock = threading.Lock()
        self._found: dict[tuple[int, int], Interpreter | None] = {}
        self._substituted: set[str] = set()
        self._images: dict[tuple[int, int], Image] = {}
        self._host = host_interpreter()
        self._image_of(self._host)

    def check(self, runtime: str) -> None:
        """Raise NotImplementedError if no Python runs the functions of a runtime."""
        self._interpreter(runtime)

    def of(self, runtime: str) -> Image:
        """Return the image of a runtime. Raises NotImplementedError if no Python runs its functions."""
        return self._image_of(self._interpreter(runtime))

    def prepare(self, runtime: str) -> None:
        """Check a runtime and create its image in the background, before the first invocation needs it.

        A Python that was missing at the last call is looked for again. Raises NotImplementedError.
        """
        version = version_of(runtime)
        if version and not self._found.get(version):
            self._found.pop(version, None)
        interpreter = self._interpreter(runtime)
        if interpreter.version not in self._images:
            threading.Thread(target=self._image_of, args=(interpreter,), daemon=True).start()

    def notices(self) -> list[str]:
        """Return a line for each runtime whose functions run on another Python."""
        return [
            f"functions with the runtime {runtime} run on this machine's {self._host.name}: "
            f"`uv python install {runtime.removeprefix('python')}` installs theirs"
            for runtime in sorted(self._substituted)
        ]

    def _interpreter(self, runtime: str) -> Interpreter:
        version = version_of(runtime)
        if version is None:
            raise NotImplementedError(f"The runtime {runtime} is not supported: use a Python runtime.")
        if version not in self._found:
            self._found[version] = find_interpreter(version, self._environ)
        if found := self._found[version]:
            self._substituted.discard(runtime)
            return found
        if self._falls_back():
            self._substituted.add(runtime)
            return self._host
        number = f"{version[0]}.{version[1]}"
        raise NotImplementedError(
            f"The runtime {runtime} is not supported on this machine, which has no Python {number}: install "
            f"it, for example with `uv python install {number}`, or run such functions on this machine's "
            f"{self._host.name} with `lab.configure missing_runtime host`."
        )

    def _image_of(self, interpreter: Interpreter) -> Image:
        with self._lock:
            if interpreter.version not in self._images:
                self._images[interpreter.version] = self._new_image(interpreter)
            return self._images[interpreter.version]

    def _new_image(self, interpreter: Interpreter) -> Image:
        folder = self._work / interpreter.name
        folder.mkdir()
        is_host = interpreter == self._host
        add = _link_packages if is_host else _copy_packages
        mounts, overlays = add(folder, interpreter, self._trust.ca_file)
        of_openssl, variables = self._trust.of_openssl(interpreter.authorities)
        program = f"/var/lang/bin/{interpreter.name}"
        return Image(
            name=interpreter.name,
            # -S: the site packages are the host's
            command=lambda _: (program, "-S", f"{RUNTIME_DIR}/{_BOOTSTRAP.name}"),
            mounts={RUNTIME_DIR: str(folder), interpreter.prefix: interpreter.prefix, **mounts},
            links=dict.fromkeys(
                (program, "/var/lang/bin/python", "/var/lang/bin/python3"), interpreter.executable
            ),
            overlays=overlays | of_openssl,
            variables={"PYTHONPATH": RUNTIME_DIR, **variables},
            compile=_compile if is_host else partial(_compile_with, interpreter),
        )


def _installed(names: tuple[str, ...]) -> Iterator[Path]:
    """Yield the files and folders of distributions in the lab's environment."""
    for name in names:
        distribution = importlib.metadata.distribution(name)
        site = Path(str(distribution.locate_file(""))).resolve()
        tops = {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}
        yield from (site / top for top in sorted(tops))


def _link_packages(folder: Path, _: Interpreter, ca_file: Path) -> _Additions:
    """Link the packages, with their extension modules, into `folder`."""
    sites = set()
    for path in _installed(_CLIENT + _SDK):
        (folder / path.name).symlink_to(path)
        sites.add(path.parent)
    shutil.copyfile(_BOOTSTRAP, folder / _BOOTSTRAP.name)
    overlays = {
        str(site / name): str(ca_file) for site in sites for name in CA_FILES if (site / name).is_file()
    }
    return {str(site): str(site) for site in sorted(sites)}, overlays


def _copy_packages(folder: Path, interpreter: Interpreter, ca_file: Path) -> _Additions:
    """Copy the packages, without extension modules, into `folder`, and compile them."""
    has_sdk = interpreter.version >= _OLDEST_OF_SDK
    overlays = {}
    for path in _installed(_CLIENT + (_SDK if has_sdk else ())):
        if path.is_dir():
            shutil.copytree(path, folder / path.name, ignore=_not_copied)
        elif path.suffix == ".py":
            shutil.copyfile(path, folder / path.name)
        if (data := path / _DATA).is_dir():
            (folder / path.name / _DATA).mkdir()
            overlays[f"{RUNTIME_DIR}/{path.name}/{_DATA}"] = str(data)
    if not has_sdk:
        (folder / "boto3.py").write_text(_NO_SDK.format(*_OLDEST_OF_SDK))
    for name in CA_FILES:
        if (folder / name).is_file():
            shutil.copyfile(ca_file, folder / name)
    for file in (_BOOTSTRAP, _REPLACEMENT):
        shutil.copyfile(file, folder / file.name)
    _compile_with(interpreter, folder, inside=RUNTIME_DIR)
    return {}, overlays


def _not_copied(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name in ("__pycache__", _DATA) or name.endswith(_EXTENSION)}


def _compile(folder: Path, inside: str) -> None:
    compileall.compile_dir(folder, quiet=2, stripdir=str(folder), prependdir=inside)


def _compile_with(interpreter: Interpreter, folder: Path, inside: str) -> None:
    """Compile the modules in `folder` with an interpreter, for use at the path `inside`."""
    command = (interpreter.executable, "-I", "-S", "-m", "compileall", "-qq", "-d", inside)
    subprocess.run([*command, str(folder)], stdin=subprocess.DEVNULL, capture_output=True, check=False)
