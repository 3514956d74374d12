"""A Terraform root module: the requirements for a stack, and the values in its files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vpcache.errors import VpcacheError
from vpcache.terraform.hcl import hcl_values

_BACKEND = re.compile(r'^\s*backend\s+"([\w-]+)"', re.MULTILINE)
_VARIABLE = re.compile(r'^\s*variable\s+"([\w-]+)"', re.MULTILINE)
_REFERENCE = re.compile(r"\$\{var\.([\w-]+)\}")


def check_root_module(folder: Path, variables: Iterable[str] = ()) -> None:
    """Raise VpcacheError unless the HCL in `folder` has an `s3` backend, a variable `name`, and `variables`.

    Terraform only warns in these cases. Without the backend the state would be a local file that other runs
    cannot find, and a misspelt variable would keep its default.
    """
    files = sorted(folder.glob("*.tf"))
    if not files:
        raise VpcacheError(
            f"root module {folder} has no .tf file: choose a folder with Terraform configuration"
        )
    hcl = "\n".join(file.read_text() for file in files)
    backends = _BACKEND.findall(hcl)
    if backends != ["s3"]:
        has = f"the backend {', '.join(backends)}" if backends else "no backend"
        raise VpcacheError(
            f'root module {folder} has {has}: write an empty `backend "s3" {{}}` into its terraform block; '
            "vpcache passes its settings"
        )
    known = declared_variables(folder)
    if "name" not in known:
        raise VpcacheError(
            f'root module {folder} has no variable "name": write `variable "name" {{ type = string }}` and '
            "use it as prefix of all resource names, so that several stacks can exist in one account"
        )
    if unknown := sorted(set(variables) - known):
        raise VpcacheError(
            f"root module {folder} has no variable {', '.join(unknown)}: it has {', '.join(sorted(known))}"
        )


def declared_variables(folder: Path) -> set[str]:
    """Return the names of the root module's variables."""
    return {name for file in folder.glob("*.tf") for name in _VARIABLE.findall(file.read_text())}


def descriptions(folder: Path) -> dict[str, str]:
    """Return the descriptions of the root module's variables by name. Variables without one are not in it."""
    variables = _blocks(folder, "variable")
    return {name: _unquoted(body["description"]) for name, body in variables if "description" in body}


def check_provider_region(folder: Path, region: str, variables: Mapping[str, Any]) -> None:
    """Raise VpcacheError if the AWS provider of the root module uses another region than `region`.

    The resources would be in another region than the state and the search for leftovers. A region that only
    Terraform can evaluate is not checked. Providers with an alias are not checked either.
    """
    for name, provider in _blocks(folder, "provider"):
        is_default = name == "aws" and "alias" not in provider
        provider_region = _value(provider.get("region"), folder, variables) if is_default else None
        if provider_region not in (None, region):
            raise VpcacheError(
                f'root module {folder} sets region = "{provider_region}" in its AWS provider, but the target '
                f"is {region}: remove the line (vpcache sets AWS_REGION), or add --region {provider_region}"
            )


def _value(expression: Any, folder: Path, variables: Mapping[str, Any]) -> str | None:
    """Return the value of a string or of a reference to a variable, None for any other expression."""
    if not isinstance(expression, str):
        return None
    if reference := _REFERENCE.fullmatch(expression):
        value = {**_defaults(folder), **values(folder), **variables}.get(reference[1])
        return value if isinstance(value, str) else None
    return None if "${" in expression else _unquoted(expression)


def _defaults(folder: Path) -> dict[str, Any]:
    variables = _blocks(folder, "variable")
    return {name: _unquoted(body["default"]) for name, body in variables if "default" in body}


@dataclass(frozen=True)
class EnvironmentValues:
    """The values of an environment that control its apply.

    `region` pins the region. `account_id` is the only account in which the stack may be applied on AWS. A
    stack that `is_protected` is destroyed only after its name was typed.
    """

    region: str | None = None
    account_id: str | None = None
    is_protected: bool = False


def environment_values(folder: Path) -> EnvironmentValues:
    """Return the values in the .tfvars files of `folder`. Raises VpcacheError for a value of a wrong type."""
    merged = values(folder)
    for name, type in (("region", str), ("account_id", str), ("protected", bool)):
        if merged.get(name) is not None and not isinstance(merged[name], type):
            expected = "true or false" if type is bool else "a string"
            raise VpcacheError(
                f"{name} in {folder}/terraform.tfvars must be {expected}, not {merged[name]!r}"
            )
    return EnvironmentValues(merged.get("region"), merged.get("account_id"), bool(merged.get("protected")))


def values(folder: Path) -> dict[str, Any]:
    """Return the values that Terraform reads from the .tfvars files of a root module.

    Raises VpcacheError if a file cannot be parsed.

    https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
    """
    merged: dict[str, Any] = {}
    for file in values_files(folder):
        merged |= json.loads(file.read_text()) if file.suffix == ".json" else hcl_values(file)
    return {name: _unquoted(value) for name, value in merged.items()}


def values_files(folder: Path) -> list[Path]:
    """Return the .tfvars files that Terraform loads automatically; later files take precedence."""
    names = [folder / "terraform.tfvars", folder / "terraform.tfvars.json"]
    automatic = sorted([*folder.glob("*.auto.tfvars"), *folder.glob("*.auto.tfvars.json")])
    return [file for file in (*names, *automatic) if file.exists()]


def _blocks(folder: Path, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield label and body of all blocks of a kind. Files that python-hcl2 cannot parse are skipped."""
    for file in sorted(folder.glob("*.tf")):
        with suppress(VpcacheError):
            for block in hcl_values(file).get(kind, []):
                yield from ((label.strip('"'), body) for label, body in block.items())


def _unquoted(value: Any) -> Any:
    """Return a string without the quotes that python-hcl2 retains."""
    is_quoted = isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"'
    return value[1:-1] if is_quoted else value
