"""The folder of a new environment: a copy of another one with its own values."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from ipaddress import IPv4Network
from pathlib import Path
from urllib.parse import urlsplit

from vpcache.environments.address_plan import address_plan, chosen_block
from vpcache.environments.values import REQUIRED_VARIABLES, NewEnvironment, cidr_blocks, values_text
from vpcache.environments.zones import chosen_letters
from vpcache.errors import VpcacheError
from vpcache.lab.aws.regions import known_regions, zone_letters
from vpcache.project import Project
from vpcache.terraform.root_module import declared_variables, descriptions, values

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_MAX_NAME = 23  # the stack is vpcache-NAME, of at most 31 characters
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_OWN_FILES = ("*.tfvars", "*.tfvars.json", "*.tfstate*", "*.tfplan", ".terraform", "tests", "__pycache__")
"""What is not copied: values, Terraform's work files, and tests, which are about the values."""


def new_environment(
    project: Project, name: str, *, like: str, region: str, zones: str, cidr: str, origin_url: str
) -> NewEnvironment:
    """Return an environment that can be created from the options as typed.

    Raises VpcacheError for an invalid option, an existing folder, or an environment that cannot be copied.
    """
    if not _NAME.fullmatch(name) or len(name) > _MAX_NAME:
        raise VpcacheError(
            f"invalid environment name '{name}': use 1 to {_MAX_NAME} lower-case letters, digits and single "
            "hyphens, a letter first"
        )
    if (project.root / "envs" / name).exists():
        raise VpcacheError(f"envs/{name} already exists: use another name, or delete the folder")
    _check_source(project, like)
    if region not in known_regions():
        raise VpcacheError(f"unknown region '{region}'; choose from {_choices(region, known_regions())}")
    letters = zone_letters(region)
    chosen = chosen_letters(zones, region, letters)
    if origin_url:
        _check_origin(origin_url)
    return NewEnvironment(
        name, region, address_plan(chosen_block(cidr, _taken(project)), chosen, letters), origin_url
    )


def create(project: Project, new: NewEnvironment, like: str) -> Path:
    """Create the folder of an environment with the files of the environment `like`, and return it.

    An interrupted creation leaves no environment behind.
    """
    source = project.environment_dir(like)
    text = values_text(new, values(source), descriptions(source))
    with tempfile.TemporaryDirectory(prefix=".new-env-", dir=project.root / "envs") as temporary:
        folder = Path(temporary, new.name)
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns(*_OWN_FILES))
        (folder / "terraform.tfvars").write_text(text)
        return folder.rename(project.root / "envs" / new.name)


def _check_source(project: Project, like: str) -> None:
    """Raise VpcacheError unless `like` is an environment of envs/ whose values can be changed."""
    if like not in project.environments():
        names = ", ".join(project.environments())
        raise VpcacheError(
            f"unknown environment '{like}' to copy; choose --like from {names}"
            if names
            else "this project has no environment in envs/ to copy: copy the folder of your root module, "
            "and use its path with --env"
        )
    missing = [
        name for name in REQUIRED_VARIABLES if name not in declared_variables(project.environment_dir(like))
    ]
    if missing:
        raise VpcacheError(
            f"cannot copy envs/{like}: it has no variable {', '.join(missing)}, which each environment sets; "
            "copy the folder and change its values by hand"
        )


def _taken(project: Project) -> Mapping[str, list[IPv4Network]]:
    """Return the CIDR blocks of the project's environments, by name."""
    return {name: cidr_blocks(values(project.environment_dir(name))) for name in project.environments()}


def _choices(name: str, known: Iterable[str]) -> str:
    return ", ".join(get_close_matches(name, known, n=3) or sorted(known))


def _check_origin(url: str) -> None:
    """Raise VpcacheError unless `url` is the base of an HTTPS API on port 443, the only port of egress."""
    parts = urlsplit(url)
    is_base = not (parts.query or parts.fragment or re.search(r"[\s\"\\]", url))
    if parts.scheme != "https" or not _HOST.fullmatch(parts.netloc) or not is_base:
        raise VpcacheError(
            f"--origin-url is '{url}': must be https:// with a host name in lower case, on port 443, and a "
            "path if any, e.g. https://api.example.com/v1"
        )
