"""A target with one process of the AWS provider for all Terraform commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from vpcache.stack.target import Target
from vpcache.terraform.process_environment import terraform_environment
from vpcache.terraform.provider.attached import attached_provider
from vpcache.terraform.runner import PROVIDER, plugin_dir


@contextmanager
def attached(target: Target, folder: Path) -> Iterator[Target]:
    """Yield the target with a provider process that ends with the context, with its log in `folder`.

    The commands for the target must run one after the other. Without a folder on this machine that holds one
    version of the provider, it is the target itself, and `init` downloads the provider.
    """
    plugins = plugin_dir(target.environment)
    if plugins is None or len(list((plugins / PROVIDER).iterdir())) != 1:
        yield target
        return
    (folder / "providers").symlink_to(plugins)
    with attached_provider(folder, terraform_environment(target.environment, folder)) as environment:
        variable = "TF_REATTACH_PROVIDERS"
        yield replace(target, environment={**target.environment, variable: environment[variable]})
