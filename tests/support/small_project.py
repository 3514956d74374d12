"""A project with an environment that Terraform applies in seconds: a VPC and other fast resources."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support.paths import ROOT
from tests.support.terraform.attached import attached
from vpcache.project import Project
from vpcache.stack.target import Target

ROOT_MODULE = """
terraform {
  backend "s3" {}
}

variable "name" {}
"""
STACK_OF_MARKS = """
resource "terraform_data" "this" {
  provisioner "local-exec" {
    command = "echo applied >> marks"
  }

  provisioner "local-exec" {
    when    = destroy
    command = "echo destroyed >> marks"
  }
}

output "greeting" {
  value = "hello ${var.name}"
}
"""
HEAD = """
terraform {
  backend "s3" {}

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { Stack = var.name, Region = var.region }
  }
}

variable "name" {
  type = string
}

variable "region" {
  type = string
}
"""

MAIN = (
    HEAD
    + """
module "vpc" {
  source = "../../modules/vpc"

  name       = var.name
  cidr_block = "10.7.0.0/24"
  zones      = { "${var.region}a" = { public_cidr = "10.7.0.0/26", private_cidr = "10.7.0.128/26" } }
}

resource "aws_cloudwatch_log_group" "this" {
  count = 6

  name = "/aws/lambda/${var.name}-${count.index}"
}

resource "aws_elasticache_parameter_group" "this" {
  name   = var.name
  family = "memcached1.6"
}

output "vpc_id" {
  value = module.vpc.vpc_id
}
"""
)


def make_small_project(folder: Path) -> Path:
    """Create a project with this repository's tasks and modules and an environment; return its root."""
    (folder / "envs/small").mkdir(parents=True)
    (folder / "envs/small/main.tf").write_text(MAIN)
    (folder / "lambda").mkdir()
    for shared in ("modules", "tools", "requirements-dev.lock"):
        (folder / shared).symlink_to(ROOT / shared)
    shutil.copy(ROOT / "tasks.py", folder)
    return folder


def apply_small_stack(root: Path, target: Target, name: str) -> None:
    """Apply the environment in `root` without a new process; `./inv` then finds the stack under its name."""
    project = Project(root)
    with attached(target, project.environment_dir("small")) as with_provider:
        stack = project.stack("small", with_provider, name)
        stack.init()
        stack.apply()
