"""The dependency lock file of a root module: the AWS provider builds that `terraform init` may install.

https://developer.hashicorp.com/terraform/language/files/dependency-lock
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from vpcache.terraform.installation import this_platform

LOCK_FILE = ".terraform.lock.hcl"
_REJECTED = "previously recorded in the dependency lock file"


def lockfile_mode(root_module: Path, environ: Mapping[str, str]) -> str | None:
    """Return the value of the option `-lockfile` of `terraform init`, None to omit the option.

    In CI, which sets CI=true, an existing lock file is read-only. Elsewhere `init` may add the hash of
    another platform, or a new provider of a user's root module.
    """
    is_read_only = environ.get("CI") == "true" and (root_module / LOCK_FILE).exists()
    return "readonly" if is_read_only else None


def remedy(error: str, root_module: Path, plugins: Path | None) -> str | None:
    """Return how to accept the provider that `init` rejected with `error`, None for another error.

    `plugins` is the folder from which `init` installs the provider, None for the registry.
    """
    if _REJECTED not in " ".join(error.split()):
        return None
    mirror = f"-fs-mirror={plugins.resolve()} " if plugins else ""
    return (
        f"{root_module / LOCK_FILE} does not list this build of the provider: if you trust it, add it with "
        f"`terraform -chdir={root_module} providers lock {mirror}-platform={this_platform()}`"
    )
