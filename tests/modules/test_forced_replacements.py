"""An upgrade of the modules replaces no deployed resource.

A changed name or description forces Terraform to replace some resources. A security group in use, a role or a
cluster cannot be replaced without an interruption, so a release must not change these attributes.
`forced_replacements.json` has their values in deployed stacks, by resource address.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import ROOT
from vpcache.project import Project
from vpcache.stack.mock_plan import mock_plan
from vpcache.stack.stack import Stack
from vpcache.stack.target import lab_target

NOWHERE = "http://127.0.0.1:1"  # nothing listens there
DEPLOYED: dict[str, dict[str, dict[str, str]]] = json.loads(
    Path(__file__).with_name("forced_replacements.json").read_text()
)

# from each resource's page in the provider's documentation; other tests cover IDs and CIDR blocks
# https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs
FORCES_REPLACEMENT = {
    "aws_cloudwatch_log_group": {"name"},
    "aws_cloudwatch_metric_alarm": {"alarm_name"},
    "aws_default_security_group": set(),
    "aws_eip": {"domain"},
    "aws_elasticache_cluster": {"cluster_id", "engine", "port", "subnet_group_name"},
    "aws_elasticache_parameter_group": {"name", "description", "family"},
    "aws_elasticache_subnet_group": {"name"},
    "aws_flow_log": set(),
    "aws_iam_role": {"name"},
    "aws_iam_role_policy": {"name", "role"},
    "aws_internet_gateway": set(),
    "aws_lambda_alias": {"name", "function_name"},
    "aws_lambda_function": {"function_name"},
    "aws_lambda_function_url": {"function_name"},
    "aws_lambda_permission": {"action", "function_name", "principal", "statement_id"},
    "aws_nat_gateway": set(),
    "aws_route": {"destination_cidr_block"},
    "aws_route_table": set(),
    "aws_route_table_association": set(),
    "aws_security_group": {"name", "description"},
    "aws_sns_topic": {"name"},
    "aws_subnet": {"availability_zone"},
    "aws_vpc": set(),
    "aws_vpc_endpoint": {"service_name", "vpc_endpoint_type"},
    "aws_vpc_endpoint_route_table_association": set(),
    "aws_vpc_security_group_egress_rule": set(),
    "aws_vpc_security_group_ingress_rule": set(),
}

ROOT_MODULES = {
    "envs/dev": {
        "alarms": True,
        "alarm_receivers": {"silenced": True},
        "flow_logs": {},
        "gateway_endpoints": ["s3"],
    },
    "modules/vpc_lambda/examples/alias": {},
}


@pytest.mark.parametrize("folder", ROOT_MODULES)
def test_upgrade_replaces_no_deployed_resource(folder: str, tmp_path: Path) -> None:
    bundles = Project(ROOT).bundles()
    functions = {"bundles": bundles} if folder.startswith("envs") else {"bundle": bundles["egress_probe"]}
    stack = Stack(
        name="shop",
        environment_dir=ROOT / folder,
        target=lab_target(NOWHERE, os.environ),
        work_dir=tmp_path,
        variables={**functions, **ROOT_MODULES[folder]},
    )
    planned = dict(_names(mock_plan(stack)))
    deployed = DEPLOYED[folder]
    assert {address: planned.get(address) for address in deployed} == deployed
    assert planned.keys() == deployed.keys(), "add the new resources to forced_replacements.json"


def _names(plan: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the address of each managed resource and its attributes that force a replacement."""
    for change in plan["resource_changes"]:
        if change["mode"] == "managed":
            forcing = FORCES_REPLACEMENT[change["type"]]
            after = change["change"]["after"]
            yield change["address"], {name: str(after[name]) for name in sorted(forcing)}
