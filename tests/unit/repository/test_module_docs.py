import pytest

from tests.support.paths import MODULES
from tools.module_docs import Input, Output, Provider, Resource, read_module, tables, with_tables
from vpcache.errors import VpcacheError

FOLDERS = sorted(path for path in MODULES.iterdir() if path.is_dir())

HCL = """
terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

variable "alarms" {
  description = "Alarms to a topic. Set to `null` to disable."
  type = object({
    topic_arn = string
    s3        = optional(object({ bucket = string, key = string }))
    errors    = optional(number, 0)
  })
  default = null

  validation {
    condition     = var.alarms == null
    error_message = "alarms"
  }
}

variable "name" {
  description = "Name prefix, with a \\"quote\\" and a | bar."
  type        = string
  nullable    = false
}

variable "zones" {
  description = <<-EOT
    Zones of
    the stack.
  EOT
  type        = list(string)
  default     = ["us-east-1a"]
}

resource "aws_vpc_endpoint" "this" {
  count = 1
}

resource "random_id" "this" {}

data "aws_region" "this" {}

output "id" {
  description = "ID of the endpoint."
  value       = aws_vpc_endpoint.this[0].id
}
"""


@pytest.fixture
def module(tmp_path):
    (tmp_path / "main.tf").write_text(HCL)
    return tmp_path


def test_module_is_read_from_hcl(module):
    read = read_module(module)
    assert read.terraform_version == ">= 1.11"
    assert read.providers == [Provider("aws", "hashicorp/aws", ">= 5.100, < 7.0")]
    assert read.resources == [
        Resource("aws_region", "this", is_data=True),
        Resource("aws_vpc_endpoint", "this", is_data=False),
        Resource("random_id", "this", is_data=False),
    ]
    assert read.outputs == [Output("id", "ID of the endpoint.")]
    type_ = (
        "object({topic_arn = string, s3 = optional(object({bucket = string, key = string})), "
        "errors = optional(number, 0)})"
    )
    assert read.inputs == [
        Input("alarms", "Alarms to a topic. Set to `null` to disable.", type_, "null"),
        Input("name", 'Name prefix, with a "quote" and a | bar.', "string", None),
        Input("zones", "Zones of the stack.", "list(string)", '["us-east-1a"]'),
    ]


def test_tables_have_the_layout_of_terraform_docs(module):
    lines = tables(read_module(module)).splitlines()
    assert [line for line in lines if line.startswith("## ")] == [
        "## Requirements",
        "## Providers",
        "## Resources",
        "## Inputs",
        "## Outputs",
    ]
    assert "| Name | Description | Type | Default | Required |" in lines
    object_ = (
        "<pre>object({<br>  topic_arn = string<br>  s3 = optional(object({bucket = string, key = string}))"
        "<br>  errors = optional(number, 0)<br>})</pre>"
    )
    assert f"| alarms | Alarms to a topic. Set to `null` to disable. | {object_} | `null` | no |" in lines
    assert '| name | Name prefix, with a "quote" and a \\| bar. | `string` | n/a | yes |' in lines
    docs = "https://registry.terraform.io/providers/hashicorp/aws/latest/docs"
    assert f"| [aws_region.this]({docs}/data-sources/region) | data source |" in lines
    assert f"| [aws_vpc_endpoint.this]({docs}/resources/vpc_endpoint) | resource |" in lines
    assert "| random_id.this | resource |" in lines


def test_empty_section_has_a_sentence(tmp_path):
    (tmp_path / "main.tf").write_text('variable "name" {\n  description = "Name."\n}\n')
    lines = tables(read_module(tmp_path)).splitlines()
    assert "No outputs." in lines
    assert "| name | Name. | `any` | n/a | yes |" in lines


@pytest.mark.parametrize(
    ("hcl", "message"),
    [
        ('output "id" {\n  value = 1\n}\n', "output id has no description: add one sentence"),
        ('variable "id" {}\n', "variable id has no description: add one sentence"),
        ('variable "id" {\n', r"cannot parse .*main\.tf: "),
    ],
)
def test_incomplete_hcl_is_refused(hcl, message, tmp_path):
    (tmp_path / "main.tf").write_text(hcl)
    with pytest.raises(VpcacheError, match=message):
        read_module(tmp_path)


def test_text_outside_the_markers_is_retained(module):
    readme = "# cache\n\n<!-- BEGIN_TF_DOCS -->\nold\n<!-- END_TF_DOCS -->\n\nafter\n"
    updated = with_tables(readme, module)
    assert updated.startswith("# cache\n\n<!-- BEGIN_TF_DOCS -->\n## Requirements\n")
    assert updated.endswith("<!-- END_TF_DOCS -->\n\nafter\n")
    assert "old" not in updated
    assert with_tables(updated, module) == updated


def test_readme_without_markers_is_refused(module):
    with pytest.raises(VpcacheError, match=r"README\.md has no reference: add the lines <!-- BEGIN_TF_DOCS"):
        with_tables("# cache\n", module)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_readme_is_current(folder):
    readme = (folder / "README.md").read_text()
    assert with_tables(readme, folder) == readme, "run `./inv docs`"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_readme_links_every_example(folder):
    readme = (folder / "README.md").read_text()
    examples = [main.parent for main in folder.glob("examples/*/main.tf")]
    assert examples
    for example in examples:
        assert f"](examples/{example.name})" in readme
        assert {path.name for path in example.iterdir()} >= {
            "README.md",
            "main.tf",
            "outputs.tf",
            "variables.tf",
            "versions.tf",
        }
