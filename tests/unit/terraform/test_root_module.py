import pytest

from vpcache.errors import VpcacheError
from vpcache.terraform.root_module import (
    EnvironmentValues,
    check_provider_region,
    check_root_module,
    environment_values,
)

BACKEND = 'terraform {\n  backend "s3" {}\n}\n'
NAME = 'variable "name" {\n  type = string\n}\n'


@pytest.fixture
def rejection(tmp_path):
    """A function that returns the error for HCL, without the folder's name."""

    def of(hcl, variables=()):
        (tmp_path / "main.tf").write_text(hcl)
        with pytest.raises(VpcacheError) as error:
            check_root_module(tmp_path, variables)
        return str(error.value).removeprefix(f"root module {tmp_path} ")

    return of


def test_backend_and_variables_in_any_file_pass(tmp_path):
    (tmp_path / "versions.tf").write_text(BACKEND)
    (tmp_path / "variables.tf").write_text(f'{NAME}\nvariable "bundle" {{}}\n')
    check_root_module(tmp_path, ["name", "bundle"])


def test_folder_without_hcl_is_rejected(tmp_path):
    with pytest.raises(VpcacheError, match=r"root module .* has no \.tf file"):
        check_root_module(tmp_path / "absent", ["name"])


def test_missing_s3_backend_is_rejected(rejection):
    assert rejection(NAME).startswith('has no backend: write an empty `backend "s3" {}` into its')
    assert rejection(BACKEND.replace("s3", "local") + NAME).startswith("has the backend local: write")
    assert rejection("# " + BACKEND.replace("\n", " ") + "\n" + NAME).startswith("has no backend")


def test_missing_name_variable_is_rejected(rejection):
    assert rejection(BACKEND).startswith('has no variable "name": write `variable "name" { type = string }`')


def test_misspelt_variable_is_rejected(rejection):
    message = rejection(f'{BACKEND}{NAME}variable "bundle" {{}}', ["name", "bundel"])
    assert message == "has no variable bundel: it has bundle, name"


@pytest.mark.parametrize(
    ("hcl", "variables"),
    [
        ('provider "aws" {\n  region = "us-east-1"\n}', {}),
        ('provider "aws" {\n  region = var.region\n}\nvariable "region" {\n  default = "us-east-1"\n}', {}),
        (
            'provider "aws" {\n  region = var.aws_region\n}\nvariable "aws_region" {}',
            {"aws_region": "us-east-1"},
        ),
    ],
)
def test_provider_in_another_region_is_rejected(hcl, variables, tmp_path):
    (tmp_path / "main.tf").write_text(hcl)
    check_provider_region(tmp_path, "us-east-1", variables)
    with pytest.raises(VpcacheError) as error:
        check_provider_region(tmp_path, "eu-west-1", variables)
    assert 'sets region = "us-east-1" in its AWS provider, but the target is eu-west-1' in str(error.value)
    assert "add --region us-east-1" in str(error.value)


def test_provider_region_in_tfvars_is_read(tmp_path):
    (tmp_path / "main.tf").write_text('provider "aws" {\n  region = var.region\n}\nvariable "region" {}')
    (tmp_path / "terraform.tfvars").write_text('region = "us-west-2"')
    with pytest.raises(VpcacheError, match="us-west-2"):
        check_provider_region(tmp_path, "eu-west-1", {})
    (tmp_path / "late.auto.tfvars.json").write_text('{"region": "eu-west-1"}')
    check_provider_region(tmp_path, "eu-west-1", {})


@pytest.mark.parametrize(
    "hcl",
    [
        'provider "aws" {}',
        'provider "aws" {\n  alias  = "certificates"\n  region = "us-east-1"\n}',
        'provider "aws" {\n  region = local.region\n}',
        'provider "google" {\n  region = "us-east1"\n}',
        "provider {{{ syntax error",
    ],
)
def test_undecidable_provider_region_passes(hcl, tmp_path):
    (tmp_path / "main.tf").write_text(hcl)
    check_provider_region(tmp_path, "eu-west-1", {})


def test_environment_values_come_from_tfvars(tmp_path):
    assert environment_values(tmp_path) == EnvironmentValues()
    (tmp_path / "terraform.tfvars").write_text(
        'region     = "eu-west-1"\naccount_id = "111122223333"\nprotected  = true\nzones = { a = {} }\n'
    )
    assert environment_values(tmp_path) == EnvironmentValues("eu-west-1", "111122223333", is_protected=True)


@pytest.mark.parametrize(
    ("tfvars", "message"),
    [
        ('protected = "yes"', "protected in .* must be true or false, not 'yes'"),
        ("account_id = 111122223333", "account_id in .* must be a string, not 111122223333"),
        ("protected = = true", "cannot parse .*terraform.tfvars:1: "),
    ],
)
def test_bad_environment_values_are_rejected(tfvars, message, tmp_path):
    (tmp_path / "terraform.tfvars").write_text(tfvars)
    with pytest.raises(VpcacheError, match=message):
        environment_values(tmp_path)
