"""The outputs in a state's content: the same as from Terraform."""

import json
import os
import subprocess

import pytest

from vpcache.errors import VpcacheError
from vpcache.stack.state_history import has_resources, written_outputs
from vpcache.terraform.installation import find_terraform

ROOT_MODULE = """
locals { zones = ["us-east-1a", "us-east-1b"] }
output "text" { value = "ünï \\"quoted\\" <&>" }
output "large" { value = 12345678901234567890 }
output "fraction" { value = 0.1 }
output "flag" { value = true }
output "nothing" { value = null }
output "list" { value = local.zones }
output "set" { value = toset(reverse(local.zones)) }
output "map" { value = { for zone in local.zones : zone => { id = zone, port = 11211, none = null } } }
output "tuple" { value = [1, "a", { b = [true] }] }
output "empty" { value = {} }
output "secret" {
  value     = "hidden"
  sensitive = true
}
"""


def test_outputs_in_a_state_are_those_of_terraform(tmp_path):
    (tmp_path / "main.tf").write_text(ROOT_MODULE)

    def terraform(*words):
        return subprocess.run(
            [find_terraform(os.environ), *words], cwd=tmp_path, check=True, capture_output=True
        ).stdout

    terraform("apply", "-auto-approve", "-input=false")
    expected = {name: output["value"] for name, output in json.loads(terraform("output", "-json")).items()}
    text = (tmp_path / "terraform.tfstate").read_text()
    assert written_outputs(text) == expected
    assert expected.keys() >= {"text", "secret", "empty"}
    assert not has_resources(text)


def test_state_without_content_has_no_outputs():
    assert written_outputs("") == {}
    assert not has_resources("")


@pytest.mark.parametrize(
    ("text", "message"), [("[]", "not valid JSON of Terraform"), ('{"version": 5}', "has format 5, not 4")]
)
def test_unknown_format_is_an_error(text, message):
    with pytest.raises(VpcacheError, match=message):
        written_outputs(text)
