"""A function with an alias: changed, and moved out of a zone that old versions are attached to."""

from __future__ import annotations

import os

import pytest

from tests.support.paths import MODULES
from tests.support.terraform.attached import attached
from vpcache.functions import call
from vpcache.stack.stack import Stack
from vpcache.stack.target import lab_target

pytestmark = pytest.mark.lab

LINGER_SECONDS = 5  # until unused interfaces of a function are deleted; on AWS up to 45 minutes
ROOT_MODULE = f"""
terraform {{
  backend "s3" {{}}

  required_providers {{
    aws = {{
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }}
  }}
}}

provider "aws" {{
  region = "us-east-1"

  default_tags {{
    tags = {{ Stack = var.name }}
  }}
}}

variable "name" {{
  type = string
}}

variable "bundle" {{
  type = object({{ path = string, sha256 = string }})
}}

variable "zones" {{
  type = map(object({{ public_cidr = string, private_cidr = string }}))
}}

variable "function" {{
  type = object({{ zones = list(string), alias = optional(string), memory_size = optional(number) }})
}}

module "vpc" {{
  source = "{MODULES}/vpc"

  name       = var.name
  cidr_block = "10.0.0.0/24"
  zones      = var.zones
}}

module "function" {{
  source = "{MODULES}/vpc_lambda"

  name        = var.name
  bundle      = var.bundle
  vpc_id      = module.vpc.vpc_id
  subnets     = {{ for zone in var.function.zones : zone => module.vpc.zones[zone].private_subnet_id }}
  alias       = var.function.alias
  memory_size = var.function.memory_size
}}

output "alias_arn" {{
  value = module.function.alias_arn
}}
"""
A = {"us-east-1a": {"public_cidr": "10.0.0.0/26", "private_cidr": "10.0.0.128/26"}}
B = {"us-east-1b": {"public_cidr": "10.0.0.64/26", "private_cidr": "10.0.0.192/26"}}
BOTH = ["us-east-1a", "us-east-1b"]


@pytest.fixture
def root_module(tmp_path):
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra/main.tf").write_text(ROOT_MODULE)
    return tmp_path / "infra"


@pytest.fixture
def target(vpcache_run, tmp_path, root_module):
    with vpcache_run.own_lab() as lab:
        lab.start(tmp_path / "lab.log")
        lab.configure(interface_linger_seconds=LINGER_SECONDS, missing_runtime="host")
        with attached(lab_target(lab.endpoint, os.environ), root_module) as with_provider:
            yield with_provider


@pytest.fixture
def stack(target, tmp_path, root_module, stack_variables):
    stack = Stack(
        name="vpcache-alias",
        environment_dir=root_module,
        target=target,
        work_dir=tmp_path / "work",
        variables={
            "bundle": stack_variables["bundles"]["egress_probe"],
            "zones": A | B,
            "function": {"zones": BOTH},
        },
        temporary=True,
    )
    stack.init()
    yield stack
    assert stack.destroy() == []


def test_zone_is_removed_after_its_old_versions(stack, target):
    def change(zones, function):
        changed = stack.with_variables(zones=zones, function=function)
        changed.apply()
        second = changed.plan()
        assert second.is_empty, second.text

    def versions() -> list[str]:
        found = target.client("lambda").list_versions_by_function(FunctionName=stack.name)["Versions"]
        return [version["Version"] for version in found if version["Version"] != "$LATEST"]

    change(A | B, {"zones": BOTH})
    change(A | B, {"zones": BOTH, "alias": "live"})
    change(A | B, {"zones": BOTH, "alias": "live", "memory_size": 512})
    assert len(versions()) == 2
    alias = stack.outputs()["alias_arn"]

    # the steps of modules/vpc_lambda/README.md
    change(A | B, {"zones": ["us-east-1a"], "alias": "live", "memory_size": 512})
    for version in versions()[:-1]:
        target.client("lambda").delete_function(FunctionName=stack.name, Qualifier=version)
    change(A, {"zones": ["us-east-1a"], "alias": "live", "memory_size": 512})

    assert call(target, alias, {"connect": "10.0.0.129:1"}).payload["outcome"]
