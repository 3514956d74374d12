"""Modules that a test suite imports do not load the lab's data plane and control plane."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = (
    "boto3",
    "botocore",
    "dnslib",
    "moto",
    "vpcache.lab.aws",
    "vpcache.lab.functions",
    "vpcache.lab.memcached",
    "vpcache.lab.network",
    "vpcache.lab.services",
    "werkzeug",
)


@pytest.mark.parametrize(
    "module", ["vpcache.lab.client", "vpcache.lab.settings", "vpcache.lab.addresses", "vpcache.lab.faults"]
)
def test_light_modules_load_no_network_planner(module: str) -> None:
    program = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    interpreter = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = json.loads(interpreter.stdout)
    assert module in loaded
    assert [name for name in loaded if name.startswith(HEAVY)] == []
