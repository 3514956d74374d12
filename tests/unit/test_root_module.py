import pytest

from vpcache.errors import VpcacheError
from vpcache.root_module import check_root_module

BACKEND = 'terraform {\n  backend "s3" {}\n}\n'
NAME = 'variable "name" {\n  type = string\n}\n'


@pytest.fixture
def refusal(tmp_path):
    """Return what is said against HCL, as far as the folder's name goes."""

    def of(hcl, variables=()):
        (tmp_path / "main.tf").write_text(hcl)
        with pytest.raises(VpcacheError) as error:
            check_root_module(tmp_path, variables)
        return str(error.value).removeprefix(f"root module {tmp_path} ")

    return of


def test_hcl_with_backend_and_variables_is_fit_whatever_files_they_are_in(tmp_path):
    (tmp_path / "versions.tf").write_text(BACKEND)
    (tmp_path / "variables.tf").write_text(f'{NAME}\nvariable "bundle" {{}}\n')
    check_root_module(tmp_path, ["name", "bundle"])


def test_a_folder_without_hcl_is_named(tmp_path):
    with pytest.raises(VpcacheError, match=r"root module .* has no \.tf file"):
        check_root_module(tmp_path / "absent", ["name"])


def test_a_state_that_would_lie_elsewhere_is_refused(refusal):
    assert refusal(NAME).startswith('has no backend: write `backend "s3" {}` into its')
    assert refusal(BACKEND.replace("s3", "local") + NAME).startswith("has the backend local: write")
    assert refusal("# " + BACKEND.replace("\n", " ") + "\n" + NAME).startswith("has no backend")


def test_stacks_that_could_not_stand_side_by_side_are_refused(refusal):
    assert refusal(BACKEND).startswith('has no variable "name": write `variable "name" { type = string }`')


def test_a_variable_spelt_wrong_is_refused(refusal):
    said = refusal(f'{BACKEND}{NAME}variable "bundle" {{}}', ["name", "bundel"])
    assert said == "has no variable bundel: it takes bundle, name"
