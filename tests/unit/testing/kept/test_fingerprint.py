"""What changes the fingerprint of a configuration."""

import json

import pytest

from vpcache.testing.kept.fingerprint import fingerprint, package_version

MAIN = 'variable "name" {}\n'


@pytest.fixture
def configuration(tmp_path):
    """A root module with a local module, as `terraform init` lists it."""
    for folder in ("infra", "modules/network", "data/modules"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "infra/main.tf").write_text(MAIN)
    (tmp_path / "modules/network/main.tf").write_text(MAIN)
    modules = [
        {"Key": "", "Source": "", "Dir": "."},
        {"Key": "network", "Source": "../modules/network", "Dir": "../modules/network"},
    ]
    (tmp_path / "data/modules/modules.json").write_text(json.dumps({"Modules": modules}))
    return tmp_path


def of(configuration, **variables):
    return fingerprint(configuration / "infra", configuration / "data", {"name": "one", **variables})


def test_same_configuration_has_the_same_fingerprint(configuration):
    assert of(configuration) == of(configuration)
    assert not of(configuration).open


@pytest.mark.parametrize(
    "file",
    ["infra/main.tf", "infra/more.tf", "infra/x.auto.tfvars", "infra/.terraform.lock.hcl"],
)
def test_file_of_the_root_module_counts(configuration, file):
    before = of(configuration)
    with (configuration / file).open("a") as text:
        text.write("\n# changed\n")
    assert of(configuration).hcl != before.hcl


def test_file_of_a_local_module_counts(configuration):
    before = of(configuration)
    (configuration / "modules/network/subnets.tf").write_text("# new\n")
    assert of(configuration).hcl != before.hcl


def test_other_files_do_not_count(configuration):
    before = of(configuration)
    (configuration / "infra/README.md").write_text("text")
    assert of(configuration) == before


def test_bundles_are_apart_from_the_other_variables(configuration):
    one, two = ({"path": f"{number}.zip", "sha256": f"{number}"} for number in (1, 2))
    before, after = (of(configuration, bundles={"api": bundle}, size=1) for bundle in (one, two))
    assert before.variables == after.variables
    assert (before.bundles, after.bundles) == ({"bundles.api": one}, {"bundles.api": two})
    assert of(configuration, bundles={"api": one}, size=2).variables != before.variables


@pytest.mark.parametrize("call", ["file", "filebase64sha256", "templatefile"])
def test_file_that_a_function_reads_counts(configuration, call):
    (configuration / "infra/policy.json").write_text("{}")
    text = f'locals {{ policy = {call}("${{path.module}}/policy.json") }}\n'
    (configuration / "infra/main.tf").write_text(text)
    before = of(configuration)
    assert not before.open
    (configuration / "infra/policy.json").write_text("[]")
    assert of(configuration).hcl != before.hcl


@pytest.mark.parametrize(
    "text",
    [
        "locals { x = file(var.path) }",
        'locals { x = file("${path.module}/${var.file}") }',
        'locals { x = fileset(path.module, "*.json") }',
        "locals { x = timestamp() }",
        'data "external" "x" {\n}',
        'data "terraform_remote_state" "x" {\n}',
    ],
)
def test_configuration_that_reads_something_else_is_open(configuration, text):
    (configuration / "modules/network/main.tf").write_text(f"{text}\n")
    assert of(configuration).open


def test_call_within_a_message_is_text(configuration):
    text = r'variable "x" { description = "set it to filebase64sha256(\"bundle.zip\")" }'
    (configuration / "infra/main.tf").write_text(text)
    assert not of(configuration).open


def test_version_has_the_source():
    assert package_version().count("(") == 1
