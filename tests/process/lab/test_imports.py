"""What a test suite imports does not load the lab, and the start of the lab loads no control plane."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

CONTROL_PLANE = ("boto3", "botocore", "flask", "moto", "responses", "werkzeug")
HEAVY = (
    *CONTROL_PLANE,
    "dnslib",
    "vpcache.lab.aws",
    "vpcache.lab.functions",
    "vpcache.lab.memcached",
    "vpcache.lab.network",
    "vpcache.lab.services",
)
RARE = (
    *(
        f"moto.{name}"
        for name in ("apigatewayv2", "batch", "cloudformation", "ecs", "eks", "rds", "redshift")
    ),
    "vpcache.lab.aws.apigateway.backend",
    "vpcache.lab.aws.authorization.enforcement",
    "vpcache.lab.aws.cloudformation.backend",
)
"""What few stacks need."""


def loaded_after(statements: str) -> list[str]:
    """Return the names of the modules that another process has loaded after some statements."""
    program = f"import json, sys; {statements}; print(json.dumps(sorted(sys.modules)))"
    interpreter = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    names: list[str] = json.loads(interpreter.stdout)
    return names


@pytest.mark.parametrize(
    "module", ["vpcache.lab.client", "vpcache.lab.settings", "vpcache.lab.addresses", "vpcache.lab.faults"]
)
def test_light_modules_load_no_network_planner(module: str) -> None:
    loaded = loaded_after(f"import {module}")
    assert module in loaded
    assert [name for name in loaded if name.startswith(HEAVY)] == []


def test_lab_is_ready_without_its_control_plane() -> None:
    modules = ("server", "http_server", "region", "startup")  # what the daemon imports before it is ready
    loaded = loaded_after(f"import {', '.join(f'vpcache.lab.daemon.{name}' for name in modules)}")
    assert [name for name in loaded if name.startswith(CONTROL_PLANE)] == []


def test_control_plane_loads_rare_services_on_demand() -> None:
    loaded = loaded_after(
        "from vpcache.lab.aws.loading.reduction import reduce_data; reduce_data(); "
        "from vpcache.lab.aws.gateway.app import create_app; create_app(None, print); "
        "import vpcache.lab.daemon.application"
    )
    assert "moto.ec2.models" in loaded
    assert [name for name in loaded if name.startswith(RARE)] == []
    assert "moto.iam.aws_managed_policies" not in loaded  # the text of all policies
