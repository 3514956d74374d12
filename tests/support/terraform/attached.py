"""A target with one process of the AWS provider for all Terraform commands."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from vpcache.stack.target import Target
from vpcache.terraform.process_environment import terraform_environment
from vpcache.terraform.provider.attached import attached_provider
from vpcache.terraform.runner import PROVIDER, plugin_dir


@contextmanager
def attached(target: Target, root_module: Path) -> Iterator[Target]:
    """Yield the target with a provider process for stacks of a root module. It ends with the context.

    The commands for the target must run one after the other. Without a folder on this machine that holds one
    version of the provider, it is the target itself, and `init` downloads the provider.
    """
    plugins = plugin_dir(target.environment)
    if plugins is None or len(list((plugins / PROVIDER).iterdir())) != 1:
        yield target
        return
    with tempfile.TemporaryDirectory() as name:
        data_dir = Path(name)
        (data_dir / "providers").symlink_to(plugins)
        environment = terraform_environment(target.environment, data_dir)
        with attached_provider(root_module, data_dir, environment) as with_provider:
            address = {"TF_REATTACH_PROVIDERS": with_provider["TF_REATTACH_PROVIDERS"]}
            yield replace(target, environment={**target.environment, **address})
