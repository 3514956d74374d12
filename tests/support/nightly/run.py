"""Type the nightly workflow's commands against a lab at its defaults, as its jobs do, with `--target aws`.

    .venv/bin/python -m tests.support.nightly.run [--record]

says of each step whether it succeeded, and then which calls the role of examples/nightly-role does not allow.
It exits with status 1 if a step failed or a call is not allowed. --record writes nightly_calls.json anew. The
lab is one of its own, on VPCACHE_LAB_PORT or a free port, and ends with it. It takes as long as the suite.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.support.nightly.role import refused_calls
from tests.support.paths import ROOT, TESTS
from vpcache.lab.client import Lab
from vpcache.testing.run import free_port

WORKFLOW = ROOT / ".github/workflows/nightly.yml"
CALLS = TESTS / "support/nightly/calls.json"


def scripts(workflow: Mapping[str, Any]) -> Iterator[str]:
    """Yield the scripts of the workflow's steps that run a task, in order."""
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            if "./inv " in step.get("run", ""):
                yield step["run"]


def environment(workflow: Mapping[str, Any], endpoint: str) -> dict[str, str]:
    """Return the environment of the workflow's steps, with a lab in the place of AWS."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "VPCACHE_"))}
    # an expression such as ${{ vars.AWS_REGION || 'us-east-1' }} has its default where no variable is set
    own = {key: re.sub(r"\$\{\{.*'(.*)' \}\}", r"\1", value) for key, value in workflow["env"].items()}
    keys = {"AWS_ACCESS_KEY_ID": "nightly", "AWS_SECRET_ACCESS_KEY": "nightly", "AWS_ENDPOINT_URL": endpoint}
    return kept | own | keys | {"CI": "true"}


def type_commands(lab: Lab) -> bool:
    """Run each script and return whether all succeeded. A failed one does not keep the next from its turn."""
    workflow = yaml.safe_load(WORKFLOW.read_text())
    passed = True
    for script in scripts(workflow):
        began = time.monotonic()
        # as GitHub runs it: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#defaultsrunshell
        step = subprocess.run(
            ["bash", "-e", "-c", script], cwd=ROOT, env=environment(workflow, lab.endpoint), check=False
        )
        passed &= step.returncode == 0
        status = "passed" if step.returncode == 0 else f"failed with status {step.returncode}"
        print(f"{status} after {time.monotonic() - began:.0f} s: {script.strip()}", flush=True)
    return passed


def main() -> int:
    """Start a lab, type the commands, judge the calls."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--record", action="store_true", help="write nightly_calls.json")
    record = parser.parse_args().record
    (ROOT / "reports").mkdir(exist_ok=True)
    lab = Lab(int(os.environ.get("VPCACHE_LAB_PORT") or free_port()))
    with tempfile.TemporaryDirectory() as folder:
        lab.start(Path(folder) / "lab.log")
        try:
            passed = type_commands(lab)
            calls = lab.calls()
        finally:
            lab.stop()
    if record:
        CALLS.write_text(json.dumps(sorted(calls), indent=2) + "\n")
    refused = refused_calls(calls)
    for call, lacking in refused.items():
        print(f"the role does not allow {call}: it lacks {', '.join(sorted(lacking))}")
    print(f"the role allows {len(calls) - len(refused)} of the {len(calls)} operations that were called")
    return 0 if passed and not refused else 1


if __name__ == "__main__":
    sys.exit(main())
