"""The choice of the AWS region for a command. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from vpcache.errors import VpcacheError

DEFAULT_REGION = "us-east-1"
_REGION = re.compile(r"[a-z]{2,5}(-[a-z]+)+-\d+")


def chosen_region(
    *, option: str | None, pinned: str | None, environ: Mapping[str, str], profile_region: str | None
) -> str:
    """Return the region from the first source that sets one.

    The sources are, in this order: the option --region, the region in the environment's terraform.tfvars,
    AWS_REGION or AWS_DEFAULT_REGION, the profile, and the default us-east-1. An option overrides the shell,
    but not the environment. Raises VpcacheError if two sources contradict each other, or if the value is not
    the name of a region.
    """
    if option and pinned and option != pinned:
        raise VpcacheError(
            f'--region is {option}, but the environment\'s terraform.tfvars sets region = "{pinned}": '
            "omit --region, or change the file"
        )
    region = option or _environment_region(pinned, environ) or profile_region or DEFAULT_REGION
    if not _REGION.fullmatch(region):
        raise VpcacheError(
            f"region '{region}' is not the name of an AWS region: use a name such as eu-west-1"
        )
    return region


def _environment_region(pinned: str | None, environ: Mapping[str, str]) -> str | None:
    shell = {name: environ[name] for name in ("AWS_REGION", "AWS_DEFAULT_REGION") if environ.get(name)}
    for name, value in shell.items():
        if pinned and value != pinned:
            raise VpcacheError(
                f'{name} is {value}, but the environment\'s terraform.tfvars sets region = "{pinned}": '
                f"unset {name}, or add --region {pinned}"
            )
    if len(set(shell.values())) > 1:
        values = " and ".join(f"{name} is {value}" for name, value in shell.items())
        raise VpcacheError(f"{values}: unset one of them, or use --region")
    return pinned or next(iter(shell.values()), None)
