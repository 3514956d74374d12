"""The packages in requirements.lock suffice for users: nothing that they run imports one of developers."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import packages_distributions

from packaging.utils import canonicalize_name

from tests.support.paths import ROOT

_IMPORT_ALL = """
import importlib, pkgutil, sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

other_interpreters = {"vpcache.lab.functions.python.bootstrap", "vpcache.lab.functions.python.runtime_client"}
hidden = set(sys.argv[1].split())
sys.meta_path.insert(0, Hidden())
sys.path.insert(0, ".")
import tasks, tools, vpcache

def modules(package):
    return [each.name for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]

for name in (*modules(vpcache), *modules(tools)):
    if name not in other_interpreters:
        importlib.import_module(name)
print(len(sys.modules))
"""


def _names(lock: str) -> set[str]:
    lines = (ROOT / lock).read_text().splitlines()
    return {canonicalize_name(line.partition("==")[0]) for line in lines if "==" in line and line[0] != " "}


def test_modules_of_users_and_tasks_import_no_package_of_developers() -> None:
    extra = _names("requirements-dev.lock") - _names("requirements.lock")
    hidden = [
        module
        for module, packages in packages_distributions().items()
        if all(canonicalize_name(package) in extra for package in packages)
    ]
    assert {"pymemcache", "hypothesis", "xdist"} <= set(hidden)
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_ALL, " ".join(hidden)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
