"""A Terraform root module: what it must have to be applied as a stack, and the values in its files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vpcache.errors import VpcacheError

_BACKEND = re.compile(r'^\s*backend\s+"([\w-]+)"', re.MULTILINE)
_VARIABLE = re.compile(r'^\s*variable\s+"([\w-]+)"', re.MULTILINE)
_REFERENCE = re.compile(r"\$\{var\.([\w-]+)\}")


def check_root_module(folder: Path, variables: Iterable[str] = ()) -> None:
    """Raise VpcacheError unless the HCL in `folder` has an `s3` backend, a variable `name`, and `variables`.

    Terraform only warns of either: without the backend the state would be a file in the folder, where no
    other run finds it, and a misspelt variable would keep its default.
    """
    files = sorted(folder.glob("*.tf"))
    if not files:
        raise VpcacheError(
            f"root module {folder} has no .tf file: give the folder that Terraform is to apply"
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
            "begin the names of its resources with it, so that stacks can exist side by side"
        )
    if unknown := sorted(set(variables) - known):
        raise VpcacheError(
            f"root module {folder} has no variable {', '.join(unknown)}: it takes {', '.join(sorted(known))}"
        )


def declared_variables(folder: Path) -> set[str]:
    """Return the names of the root module's variables."""
    return {name for file in folder.glob("*.tf") for name in _VARIABLE.findall(file.read_text())}


def check_provider_region(folder: Path, region: str, variables: Mapping[str, Any]) -> None:
    """Raise VpcacheError if the AWS provider of the root module works in another region than `region`.

    The state, the search for leftovers and boto3 would be in one region, the resources in another. A region
    that only Terraform can evaluate is not checked, nor are providers with an alias.
    """
    for name, provider in _blocks(folder, "provider"):
        is_default = name == "aws" and "alias" not in provider
        found = _value(provider.get("region"), folder, variables) if is_default else None
        if found not in (None, region):
            raise VpcacheError(
                f'root module {folder} sets region = "{found}" in its AWS provider, but the target is '
                f"{region}: "
                f"remove the argument (vpcache sets AWS_REGION), or add --region {found}"
            )


def _value(expression: Any, folder: Path, variables: Mapping[str, Any]) -> str | None:
    """Return what a string or a reference to a variable evaluates to, None if that takes Terraform."""
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
    """What an environment's values say about where and how it is applied.

    `region` pins the region, `account_id` the account that the stack may be applied in on AWS; a stack that
    is `protected` is destroyed only after its name was typed.
    """

    region: str | None = None
    account_id: str | None = None
    protected: bool = False


def environment_values(folder: Path) -> EnvironmentValues:
    """Return the values of `folder`'s .tfvars files. Raises VpcacheError if one has the wrong type."""
    found = values(folder)
    for name, kind in (("region", str), ("account_id", str), ("protected", bool)):
        if found.get(name) is not None and not isinstance(found[name], kind):
            wanted = "true or false" if kind is bool else "a string"
            raise VpcacheError(f"{name} in {folder}/terraform.tfvars must be {wanted}, not {found[name]!r}")
    return EnvironmentValues(found.get("region"), found.get("account_id"), bool(found.get("protected")))


def values(folder: Path) -> dict[str, Any]:
    """Return the values that Terraform reads from the .tfvars files of a root module.

    Raises VpcacheError if a file cannot be parsed.

    https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
    """
    merged: dict[str, Any] = {}
    for file in values_files(folder):
        merged |= json.loads(file.read_text()) if file.suffix == ".json" else _hcl(file)
    return {name: _unquoted(value) for name, value in merged.items()}


def values_files(folder: Path) -> list[Path]:
    """Return the .tfvars files that Terraform reads by itself, in its order: a later one takes precedence."""
    names = [folder / "terraform.tfvars", folder / "terraform.tfvars.json"]
    automatic = sorted([*folder.glob("*.auto.tfvars"), *folder.glob("*.auto.tfvars.json")])
    return [file for file in (*names, *automatic) if file.exists()]


def _hcl(file: Path) -> dict[str, Any]:
    """Return a file's HCL as python-hcl2 has it. Raises VpcacheError if it cannot be parsed."""
    import hcl2

    try:
        with file.open() as stream:
            document: dict[str, Any] = hcl2.load(stream)
    except Exception as error:  # lark and python-hcl2 share no base class for their errors
        raise VpcacheError(f"cannot parse {file}: {str(error).splitlines()[0]}") from error
    return document


def _blocks(folder: Path, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield label and body of the blocks of a kind, without files that only Terraform can parse."""
    for file in sorted(folder.glob("*.tf")):
        with suppress(VpcacheError):
            for block in _hcl(file).get(kind, []):
                yield from ((label.strip('"'), body) for label, body in block.items())


def _unquoted(value: Any) -> Any:
    """Return a string without its quotes, which python-hcl2 keeps."""
    is_quoted = isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"'
    return value[1:-1] if is_quoted else value
