"""`python -m bench.keep`: measure test runs of examples/platform-team that keep their stack.

Each figure is the median wall time of a pytest process, on a machine that should be quiet. The modules of the
example are those of this clone.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from vpcache.testing.kept.record import Records
from vpcache.testing.kept.removal import remove

ROOT = Path(__file__).parents[1]
RUNS = 3
MODULES = "git::https://example.com/vpcache.git//modules/"
RULE = 'egress_rules = {\n    more = { port = 8443, cidr_ipv4 = "0.0.0.0/0" }'
CHANGES = {
    "nothing changed": ("infra/main.tf", "", ""),
    "one line of the function changed": ("functions/courier/handler.py", "timeout=2", "timeout=3"),
    "one rule of a security group changed": ("infra/main.tf", "egress_rules = {", RULE),
}


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        project, state = _project(Path(folder)), Path(folder) / "state"
        environment = {**os.environ, "XDG_STATE_HOME": str(state)}
        try:
            _show("without the option", [_run(project, environment) for _ in range(RUNS)])
            first = ("--vpcache-keep", "--vpcache-fresh")
            _show("first run", [_run(project, environment, *first) for _ in range(RUNS)])
            for label, change in CHANGES.items():
                _show(label, [_after(project, environment, number, *change) for number in range(RUNS)])
        finally:
            kept = Records(state / "vpcache/kept")
            for key, record in kept.all().items():
                remove(kept, key, record)


def _project(folder: Path) -> Path:
    """Copy the example and the modules of this clone, which it uses by their relative path."""
    ignored = shutil.ignore_patterns(".terraform*", ".vpcache", "__pycache__")
    project = Path(shutil.copytree(ROOT / "examples/platform-team", folder / "project", ignore=ignored))
    shutil.copytree(ROOT / "modules", folder / "modules", ignore=ignored)
    main = project / "infra/main.tf"
    main.write_text(main.read_text().replace(MODULES, "../../modules/").replace("?ref=v0.3.0", ""))
    return project


def _after(
    project: Path, environment: Mapping[str, str], number: int, file: str, old: str, new: str
) -> float:
    """Return the time of a run after a change, which every second run takes back."""
    before, after = (old, new) if number % 2 == 0 else (new, old)
    path = project / file
    path.write_text(path.read_text().replace(before, after, 1))
    return _run(project, environment, "--vpcache-keep")


def _run(project: Path, environment: Mapping[str, str], *options: str) -> float:
    """Return the seconds of a run of the example's tests, all of which must pass."""
    settings = ("-o", "vpcache_lab_settings=missing_runtime=host")
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *settings, *options],
        cwd=project,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began


def _show(label: str, times: list[float]) -> None:
    each = ", ".join(f"{seconds:.1f}" for seconds in times)
    print(f"{label}: {statistics.median(times):.1f} s ({each})", flush=True)


if __name__ == "__main__":
    main()
