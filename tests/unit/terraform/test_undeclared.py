"""Values of variables and attributes that a root module does not declare."""

from __future__ import annotations

import pytest

from vpcache.errors import VpcacheError
from vpcache.terraform.undeclared import check_values, unset_variables

VARIABLES = """
variable "origin_url" {
  type    = string
  default = null
}

variable "zones" {
  type = map(object({ public_cidr = string, private_cidr = optional(string) }))
}

variable "api" {
  type    = object({ purge = optional(object({ callers = set(string) })), tags = optional(map(string), {}) })
  default = {}
}

variable "rules" {
  type    = list(object({ port = number }))
  default = []
}

variable "free" {
  type    = any
  default = {}
}

variable "untyped" {
  default = {}
}
"""


@pytest.fixture
def module(tmp_path):
    (tmp_path / "variables.tf").write_text(VARIABLES)
    return tmp_path


@pytest.fixture
def rejection(module):
    """A function that returns the error for a .tfvars file, without the folder's name."""

    def of(text, file="terraform.tfvars"):
        (module / file).write_text(text)
        with pytest.raises(VpcacheError) as error:
            check_values(module)
        return str(error.value).replace(f"{module}/", "")

    return of


@pytest.mark.parametrize("file", ["terraform.tfvars", "late.auto.tfvars"])
def test_undeclared_variable_has_file_line_and_suggestion(rejection, file):
    message = rejection('zones = {}\n# comment\norgin_url = "https://x"\n', file)
    assert message == f'{file}:3: the root module has no variable "orgin_url": did you mean origin_url?'


def test_unlike_name_lists_the_variables(rejection):
    message = rejection("quux = 1")
    assert message.endswith('no variable "quux"; choose from api, free, origin_url, rules, untyped, zones')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'zones = {\n  a = {\n    publik_cidr = "x"\n  }\n}',
            ':3: zones["a"] has no attribute "publik_cidr"',
        ),
        (
            "api = {\n  purge = { caller = [] }\n}",
            ':2: api.purge has no attribute "caller": did you mean callers?',
        ),
        ("rules = [{ port = 1 },\n{ prot = 2 }]", ':2: rules[1] has no attribute "prot": did you mean port?'),
        ('api = { "purges" = {} }', ':1: api has no attribute "purges": did you mean purge?'),
    ],
)
def test_undeclared_attribute_is_named_by_its_path(rejection, text, message):
    assert message in rejection(text)


def test_all_problems_are_in_one_message(rejection):
    assert rejection("orgin_url = 1\nzone = {}").count("the root module has no variable") == 2


def test_json_values_are_checked(rejection):
    message = rejection('{\n  "zones": {"a": {"publik": 1}},\n  "orgin_url": 1\n}', "x.auto.tfvars.json")
    assert 'x.auto.tfvars.json: zones["a"] has no attribute "publik"; choose from private_cidr' in message
    assert 'x.auto.tfvars.json:3: the root module has no variable "orgin_url"' in message


@pytest.mark.parametrize(
    "text",
    [
        "free = { a = { b = 1 } }\nuntyped = { c = 2 }",
        'api = { tags = { any_key = "x" } }',
        'zones = { a = { public_cidr = "x", private_cidr = null } }',
        "zones = null",
    ],
)
def test_declared_values_pass(module, text):
    (module / "terraform.tfvars").write_text(text)
    check_values(module)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("origin_url =\n", "terraform.tfvars:1: unexpected end of line"),
        ('origin_url = "x"\nzones = {\n', "terraform.tfvars:3: unexpected end of file"),
        ("origin_url = = 1", "terraform.tfvars:1: unexpected '= 1'"),
    ],
)
def test_syntax_error_has_file_and_line(rejection, text, message):
    assert f"cannot parse {message}" in rejection(text)


def test_syntax_error_in_json_has_file_and_line(rejection):
    assert "cannot parse x.auto.tfvars.json:2: " in rejection('{\n"a" 1}', "x.auto.tfvars.json")


def test_unparsable_configuration_accepts_all_attributes(module):
    (module / "broken.tf").write_text('variable "loose" {\n  type = object({\n}\n')
    (module / "terraform.tfvars").write_text("loose = { a = 1 }")
    check_values(module)


def test_variables_in_json_configuration_are_declared(module):
    (module / "more.tf.json").write_text('{"variable": {"extra": {}}}')
    (module / "terraform.tfvars").write_text("extra = { a = 1 }")
    check_values(module)


def test_required_variables_without_value_are_found(module):
    (module / "variables.tf").write_text(f'{VARIABLES}variable "bundle" {{}}\nvariable "name" {{}}\n')
    assert unset_variables(module, {"name"}) == ["bundle", "zones"]
    (module / "terraform.tfvars").write_text("zones = {}")
    assert unset_variables(module, {"name", "bundle"}) == []
