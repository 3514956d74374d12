"""What a root module must have to be applied as a stack."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from vpcache.errors import VpcacheError

_BACKEND = re.compile(r'^\s*backend\s+"([\w-]+)"', re.MULTILINE)
_VARIABLE = re.compile(r'^\s*variable\s+"([\w-]+)"', re.MULTILINE)


def check_root_module(folder: Path, variables: Iterable[str] = ()) -> None:
    """Raise VpcacheError unless the HCL in `folder` has an `s3` backend, a variable `name`, and `variables`.

    Terraform only warns of either: without the backend the state would lie in the folder, where no other
    run finds it, and a variable spelt wrong would keep its default.
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
            f'root module {folder} has {has}: write `backend "s3" {{}}` into its terraform block, with '
            "nothing in it, as the target says where the state lies"
        )
    known = set(_VARIABLE.findall(hcl))
    if "name" not in known:
        raise VpcacheError(
            f'root module {folder} has no variable "name": write `variable "name" {{ type = string }}` and '
            "begin the names of its resources with it, as stacks side by side differ in nothing else"
        )
    if unknown := sorted(set(variables) - known):
        raise VpcacheError(
            f"root module {folder} has no variable {', '.join(unknown)}: it takes {', '.join(sorted(known))}"
        )
