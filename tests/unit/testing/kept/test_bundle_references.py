"""Whether a bundle decides only the code of functions."""

import pytest

from tests.support.paths import ROOT
from vpcache.testing.kept.bundle_references import decides_only_code

FUNCTION = """
resource "aws_lambda_function" "this" {
  filename         = var.bundle.path
  s3_bucket        = try(var.bundle.s3.bucket, null)
  source_code_hash = var.bundle.sha256
}

variable "bundle" {
  type = object({ path = string, sha256 = string })

  validation {
    condition     = length(var.bundle.sha256) == 44
    error_message = "wrong"
  }
}
"""
CALL = """
module "api" {
  source = "./api"
  bundle = var.bundles["api"] # the code
}

module "job" {
  source = "./job"
  bundle = var.bundles.job
}
"""


def test_bundle_is_followed_to_the_function():
    assert decides_only_code({"": [CALL], "api": [FUNCTION], "job": [FUNCTION]}, "bundles.api")


def test_function_of_the_root_module():
    root = FUNCTION.replace("var.bundle", "var.code")
    assert decides_only_code({"": [root]}, "code")


def test_whole_map_of_bundles_may_be_passed():
    root = 'module "all" {\n  source = "./all"\n  bundles = var.bundles\n}\n'
    modules = {"": [root], "all": [CALL], "all.api": [FUNCTION], "all.job": [FUNCTION]}
    assert decides_only_code(modules, "bundles.api")


@pytest.mark.parametrize(
    "use",
    [
        'output "hash" {\n  value = var.bundles["api"].sha256\n}\n',
        'output "all" {\n  value = var.bundles\n}\n',
        "locals {\n  key = md5(jsonencode(var.bundles))\n}\n",
        'locals { short = substr(var.bundles["api"].sha256, 0, 8) }\n',
        'resource "terraform_data" "this" {\n  input = var.bundles["api"].sha256\n}\n',
        'resource "aws_lambda_layer_version" "this" {\n  filename = var.bundles["api"].path\n}\n',
        'resource "aws_lambda_function" "x" {\n  description = var.bundles["api"].sha256\n}\n',
        'module "each" {\n  source = "./api"\n  for_each = var.bundles\n  bundle = each.value\n}\n',
        'module "unknown" {\n  source = "./unknown"\n  bundle = var.bundles["api"]\n}\n',
        'output "code" {\n  value = module.api.function.code_sha256\n}\n',
        'output "function" {\n  value = aws_lambda_function.this\n}\n',
        'module "api" {\n  config = {\n    bundle = var.bundles["api"]\n  }\n}\n',
        'resource "aws_lambda_function" "x" {\n  x {\n    filename = var.bundles["api"].path\n  }\n}\n',
    ],
)
def test_other_use_of_the_bundle(use):
    modules = {"": [CALL, use], "api": [FUNCTION], "job": [FUNCTION]}
    assert not decides_only_code(modules, "bundles.api")


def test_use_of_another_bundle():
    use = 'output "hash" {\n  value = var.bundles["job"].sha256\n}\n'
    modules = {"": [CALL, use], "api": [FUNCTION], "job": [FUNCTION]}
    assert decides_only_code(modules, "bundles.api")
    assert not decides_only_code(modules, "bundles.job")


def test_modules_of_this_repository():
    def hcl(folder):
        return [file.read_text() for file in sorted((ROOT / folder).glob("*.tf"))]

    modules = {"": hcl("envs/dev")} | {
        key: hcl(f"modules/{name}")
        for key, name in {
            "cached_api": "vpc_lambda",
            "egress_probe": "vpc_lambda",
            "vpc": "vpc",
            "cache": "elasticache_memcached",
            "nat_per_az": "nat_per_az",
        }.items()
    }
    assert decides_only_code(modules, "bundles.egress_probe")
    del modules["egress_probe"]  # the bundle is used there
    assert not decides_only_code(modules, "bundles.egress_probe")
