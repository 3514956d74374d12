"""A checkout of this project: its environments, its functions, its stacks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vpcache.bundle import bundle
from vpcache.errors import VpcacheError
from vpcache.stack.stack import Stack
from vpcache.stack.target import Target
from vpcache.terraform.root_module import EnvironmentValues, environment_values

_NAME = re.compile(r"[a-z][a-z0-9-]{1,30}")


def default_name(environment: str) -> str:
    """Return the name of an environment's stack where --name gives no other."""
    return f"vpcache-{Path(environment).name}"


def check_stack_name(name: str) -> None:
    """Raise VpcacheError if AWS would not take `name` in the names of all resources."""
    if not _NAME.fullmatch(name):
        raise VpcacheError(
            f"stack name '{name}': use 2 to 31 lower-case letters, digits and hyphens, a letter first"
        )


@dataclass(frozen=True)
class Project:
    """The folder that holds `envs/` and `lambda/`; what it makes lies in `.vpcache/` there."""

    root: Path

    @property
    def work_dir(self) -> Path:
        """Where logs, bundles and Terraform's data lie; all of it can be made again."""
        return self.root / ".vpcache"

    def environments(self) -> list[str]:
        """Return the names of the environments."""
        return sorted(main.parent.name for main in self.root.glob("envs/*/main.tf"))

    def environment_dir(self, environment: str) -> Path:
        """Return the root module of an environment: a folder of envs/ by its name, or any folder by its path.

        Raises VpcacheError if neither has Terraform files.
        """
        for folder in (self.root / "envs" / environment, self.root / environment):
            if any(folder.glob("*.tf")):
                return folder
        known = ", ".join(self.environments()) or "none"
        raise VpcacheError(
            f"unknown environment '{environment}': give a folder of envs/ ({known}) "
            "or the path of a root module"
        )

    def has_environment(self, environment: str) -> bool:
        """Return whether an environment's root module is in this project."""
        try:
            return self.environment_dir(environment).is_dir()
        except VpcacheError:
            return False

    def values(self, environment: str) -> EnvironmentValues:
        """Return what the environment's terraform.tfvars says about its region, account and protection."""
        return environment_values(self.environment_dir(environment))

    def stack(
        self,
        environment: str,
        target: Target,
        name: str | None = None,
        *,
        notice: Callable[[str], None] = lambda _: None,
        temporary: bool = False,
    ) -> Stack:
        """Return the stack of `environment` on `target`. Raises VpcacheError for either name unfit."""
        environment_dir = self.environment_dir(environment)
        name = name or default_name(environment)
        check_stack_name(name)
        bundles = self.bundles(environment_dir)
        values = self.values(environment)
        return Stack(
            name=name,
            environment_dir=environment_dir,
            target=target,
            work_dir=self.work_dir / "stacks" / target.name / target.region / name,
            variables={"bundles": bundles} if bundles else {},  # a project without functions takes none
            notice=notice,
            temporary=temporary,
            protected=values.protected and not temporary,
            expected_account=None if target.is_lab else values.account_id,
        )

    def bundles(self, root_module: Path | None = None) -> dict[str, dict[str, str]]:
        """Return path, seen from `root_module`, and hash of each function's bundle by folder name."""
        return {
            source.name: bundle(source, self.work_dir / "bundles").as_variable(root_module)
            for source in sorted(handler.parent for handler in self.root.glob("lambda/*/handler.py"))
        }
