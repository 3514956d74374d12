"""Diagrams of environments before their first apply, from plans with a mock of AWS."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from vpcache.diagram.model import Diagram, ResourceKind, SubnetView, Tier
from vpcache.diagram.parser import parse
from vpcache.project import Project
from vpcache.stack.mock_plan import mock_plan
from vpcache.stack.stack import Stack
from vpcache.stack.target import aws_target, lab_target
from vpcache.terraform.runner import TerraformError

NOWHERE = "http://127.0.0.1:1"  # no server listens on this port

FOREIGN = """
terraform {
  backend "s3" {}
}

provider "aws" {
  region = "eu-west-3"
}

variable "name" {
  type = string
}

variable "newbits" {
  type = number
}

data "aws_availability_zones" "all" {}
data "aws_caller_identity" "me" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
  }
}

data "aws_vpc" "given" {
  id = "vpc-0123456789abcdef0"
}

resource "aws_subnet" "private" {
  count = 3

  vpc_id            = data.aws_vpc.given.id
  availability_zone = data.aws_availability_zones.all.names[count.index]
  cidr_block        = cidrsubnet("10.5.0.0/16", var.newbits, count.index)

  lifecycle {
    precondition {
      condition     = can(regex("^[0-9]{12}$", data.aws_caller_identity.me.account_id))
      error_message = "no account"
    }
  }
}

resource "aws_iam_role" "this" {
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_security_group" "this" {
  vpc_id = data.aws_vpc.given.id
}

resource "aws_lambda_function" "this" {
  function_name = "${var.name}-hello"
  role          = aws_iam_role.this.arn
  package_type  = "Image"
  image_uri     = "${data.aws_caller_identity.me.account_id}.dkr.ecr.eu-west-3.amazonaws.com/hello:1"

  vpc_config {
    subnet_ids         = slice(aws_subnet.private[*].id, 0, 2)
    security_group_ids = [aws_security_group.this.id]
  }
}
"""


def drawn(stack: Stack) -> Diagram:
    found = parse(mock_plan(stack))
    assert len(found.vpcs) == 1
    return found


def names_of(subnet: SubnetView, kind: ResourceKind) -> list[str]:
    return [each.name for each in subnet.resources if each.kind is kind]


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_environment_diagram_is_complete_before_apply(environment: str, tmp_path: Path) -> None:
    stack = Stack(
        name="shop",
        environment_dir=ROOT / "envs" / environment,
        target=lab_target(NOWHERE, os.environ),
        work_dir=tmp_path,
        variables={"bundles": Project(ROOT).bundles()},
    )
    found = drawn(stack)
    probed = {"dev": ["checkip.amazonaws.com"], "prod": []}[environment]
    assert [host.name for host in found.hosts] == ["function URL of origin", *probed]
    (vpc,) = found.vpcs
    zones = {"dev": 2, "prod": 3}[environment]
    assert len(vpc.zones) == zones
    for zone in vpc.zones:
        subnets = {subnet.tier: subnet for subnet in vpc.subnets if subnet.zone == zone}
        cache_tier = {"dev": Tier.PRIVATE, "prod": Tier.ISOLATED}[environment]
        assert subnets.keys() == {Tier.PUBLIC, Tier.PRIVATE, cache_tier}
        public, private = subnets[Tier.PUBLIC], subnets[Tier.PRIVATE]
        assert [gateway.id for gateway in public.nat_gateways] == [private.nat_gateway_id]
        functions = {"dev": ["cached-api", "egress-probe", "origin"], "prod": ["cached-api", "origin"]}
        assert names_of(private, ResourceKind.FUNCTION) == functions[environment]
        assert len(names_of(subnets[cache_tier], ResourceKind.CACHE_NODE)) == 1
    names = {group.id: group.name for group in vpc.groups}
    assert [(names[rule.source], names[rule.target], rule.traffic) for rule in vpc.permissions] == [
        ("cached-api", "cache", "tcp 11211")
    ]


@pytest.fixture
def foreign(tmp_path: Path) -> Stack:
    """Return a third-party root module whose arguments depend on data of the account."""
    folder = tmp_path / "infra"
    folder.mkdir()
    (folder / "main.tf").write_text(FOREIGN)
    (folder / "some.auto.tfvars").write_text("newbits = 8\n")
    environ = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "eu-west-3",
        "AWS_ENDPOINT_URL": NOWHERE,
    }
    return Stack(
        name="shop",
        environment_dir=folder,
        target=aws_target(environ),
        work_dir=tmp_path / "work",
        variables={},
    )


def test_third_party_root_module_has_a_diagram(foreign: Stack) -> None:
    (vpc,) = drawn(foreign).vpcs
    assert vpc.zones == ["eu-west-3a", "eu-west-3b", "eu-west-3c"]
    assert [subnet.cidr for subnet in vpc.subnets] == ["10.5.0.0/24", "10.5.1.0/24", "10.5.2.0/24"]
    assert [len(subnet.resources) for subnet in vpc.subnets] == [1, 1, 0]
    assert vpc.subnets[0].resources[0].groups == {group.id for group in vpc.groups}
    left = sorted(path.name for path in foreign.environment_dir.iterdir())
    assert left == ["main.tf", "some.auto.tfvars"]


def test_failed_mock_plan_has_terraforms_message(foreign: Stack) -> None:
    (foreign.environment_dir / "some.auto.tfvars").write_text("newbits = 99\n")
    with pytest.raises(TerraformError, match="insufficient address space"):
        mock_plan(foreign)
