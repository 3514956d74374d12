"""The dependency lock file of a root module: which build of the AWS provider `terraform init` may install.

https://developer.hashicorp.com/terraform/language/files/dependency-lock
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from vpcache.terraform.installation import this_platform

LOCK_FILE = ".terraform.lock.hcl"
_REFUSED = "previously recorded in the dependency lock file"


def lockfile_mode(root_module: Path, environ: Mapping[str, str]) -> str | None:
    """Return the value of init's option `-lockfile`, None to leave it out.

    In CI, which sets CI=true, a lock file that is there is only read. Elsewhere `init` may record the hash of
    another platform, or a provider that a user's root module gained.
    """
    is_read_only = environ.get("CI") == "true" and (root_module / LOCK_FILE).exists()
    return "readonly" if is_read_only else None


def remedy(error: str, root_module: Path, plugins: Path | None) -> str | None:
    """Return how to accept the provider that `init` refused with `error`, None if it failed otherwise.

    `plugins` is the folder that `init` took the provider from, None for the registry.
    """
    if _REFUSED not in " ".join(error.split()):
        return None
    mirror = f"-fs-mirror={plugins.resolve()} " if plugins else ""
    return (
        f"{root_module / LOCK_FILE} does not list this build of the provider: if you trust it, `terraform "
        f"-chdir={root_module} providers lock {mirror}-platform={this_platform()}` adds it"
    )
