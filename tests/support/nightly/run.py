"""Run the commands of the nightly workflow against a dedicated lab with default settings and `--target aws`.

    .venv/bin/python -m tests.support.nightly.run [--record]

prints the result of each step, and the API calls that the role of examples/nightly-role denies. It exits with
status 1 if a step failed or a call is denied. --record updates calls.json. The lab listens on
VPCACHE_LAB_PORT or a free port. The run takes as long as the test suite.
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

from tests.support.nightly.role import denied_calls
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
    """Return the environment of the workflow's steps, with the endpoint of a lab."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "VPCACHE_"))}
    # an expression such as ${{ vars.AWS_REGION || 'us-east-1' }} has its default, as no variable is set
    own = {key: re.sub(r"\$\{\{.*'(.*)' \}\}", r"\1", value) for key, value in workflow["env"].items()}
    keys = {"AWS_ACCESS_KEY_ID": "nightly", "AWS_SECRET_ACCESS_KEY": "nightly", "AWS_ENDPOINT_URL": endpoint}
    return kept | own | keys | {"CI": "true"}


def run_scripts(lab: Lab) -> bool:
    """Run each script, even after a failed one, and return whether all succeeded."""
    workflow = yaml.safe_load(WORKFLOW.read_text())
    passed = True
    for script in scripts(workflow):
        began = time.monotonic()
        # GitHub's shell options: https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#defaultsrunshell
        step = subprocess.run(
            ["bash", "-e", "-c", script], cwd=ROOT, env=environment(workflow, lab.endpoint), check=False
        )
        passed &= step.returncode == 0
        status = "passed" if step.returncode == 0 else f"failed with status {step.returncode}"
        print(f"{status} after {time.monotonic() - began:.0f} s: {script.strip()}", flush=True)
    return passed


def main() -> int:
    """Start a lab, run the scripts, check the calls."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--record", action="store_true", help="update calls.json")
    record = parser.parse_args().record
    (ROOT / "reports").mkdir(exist_ok=True)
    lab = Lab(int(os.environ.get("VPCACHE_LAB_PORT") or free_port()))
    with tempfile.TemporaryDirectory() as folder:
        lab.start(Path(folder) / "lab.log")
        lab.configure(missing_runtime="host")
        try:
            passed = run_scripts(lab)
            calls = lab.calls()
        finally:
            lab.stop()
    if record:
        CALLS.write_text(json.dumps(sorted(calls), indent=2) + "\n")
    denied = denied_calls(calls)
    for call, missing in denied.items():
        print(f"the role denies {call}: it lacks {', '.join(sorted(missing))}")
    print(f"the role allows {len(calls) - len(denied)} of the {len(calls)} operations that were called")
    return 0 if passed and not denied else 1


if __name__ == "__main__":
    sys.exit(main())
