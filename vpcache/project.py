"""A clone of this project: its environments, functions and stacks."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vpcache.bundle import bundle
from vpcache.errors import VpcacheError
from vpcache.lab.settings import LabSettings
from vpcache.stack.stack import Stack
from vpcache.stack.target import Target
from vpcache.terraform.root_module import EnvironmentValues, declared_variables, environment_values

_NAME = re.compile(r"[a-z][a-z0-9-]{1,30}")


def default_name(environment: str) -> str:
    """Return the default name of an environment's stack."""
    return f"vpcache-{Path(environment).name}"


def check_stack_name(name: str) -> None:
    """Raise VpcacheError if `name` is not valid in the names of all AWS resources."""
    if not _NAME.fullmatch(name):
        raise VpcacheError(
            f"invalid stack name '{name}': use 2 to 31 lower-case letters, digits and hyphens, a letter first"
        )


@dataclass(frozen=True)
class Project:
    """The folder with `envs/` and `lambda/`. Generated files are in its folder `.vpcache/`."""

    root: Path

    @property
    def work_dir(self) -> Path:
        """The folder of logs, bundles and Terraform's data, all of which can be generated again."""
        return self.root / ".vpcache"

    def environments(self) -> list[str]:
        """Return the names of the environments."""
        return sorted(main.parent.name for main in self.root.glob("envs/*/main.tf"))

    def environment_dir(self, environment: str) -> Path:
        """Return the root module of an environment: a folder of envs/ by name, or any folder by path.

        Raises VpcacheError if neither has Terraform files.
        """
        for folder in (self.root / "envs" / environment, self.root / environment):
            if any(folder.glob("*.tf")):
                return folder
        names = ", ".join(self.environments())
        choices = (
            f"choose from {names}, or the path of a root module" if names else "use the path of a root module"
        )
        raise VpcacheError(f"unknown environment '{environment}'; {choices}")

    def environment_name(self, environment: str) -> str:
        """Return the one name of an environment: `dev` for `dev/` and `envs/dev`, else the path.

        Raises VpcacheError for an unknown environment.
        """
        folder = self.environment_dir(environment).resolve()
        is_in_envs = folder.parent == (self.root / "envs").resolve()
        return folder.name if is_in_envs else os.path.relpath(folder, self.root.resolve())

    def has_environment(self, environment: str) -> bool:
        """Return whether the root module of an environment exists in this project."""
        try:
            return self.environment_dir(environment).is_dir()
        except VpcacheError:
            return False

    def lab_settings(self) -> dict[str, int | str]:
        """Return the settings of labs that the tasks start: the table `tool.vpcache.lab` of pyproject.toml.

        Raises LabError for unknown names and invalid values, and VpcacheError for invalid TOML.
        """
        file = self.root / "pyproject.toml"
        if not file.is_file():
            return {}
        try:
            settings = tomllib.loads(file.read_text()).get("tool", {}).get("vpcache", {}).get("lab", {})
        except tomllib.TOMLDecodeError as error:
            raise VpcacheError(f"{file} is not valid TOML: {error}") from error
        LabSettings().changed(settings)
        return dict(settings)

    def values(self, environment: str) -> EnvironmentValues:
        """Return the region, account and protection in the environment's terraform.tfvars."""
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
        """Return the stack of `environment` on `target`. Raises VpcacheError if a name is invalid."""
        environment_dir = self.environment_dir(environment)
        name = name or default_name(environment)
        check_stack_name(name)
        takes_bundles = "bundles" in declared_variables(environment_dir)
        bundles = self.bundles(environment_dir) if takes_bundles else {}
        values = self.values(environment)
        return Stack(
            name=name,
            environment_dir=environment_dir,
            environment=self.environment_name(environment),
            target=target,
            work_dir=self.work_dir / "stacks" / target.name / target.region / name,
            variables={"bundles": bundles} if bundles else {},  # a project may have no functions
            notice=notice,
            temporary=temporary,
            protected=values.is_protected and not temporary,
            expected_account=None if target.is_lab else values.account_id,
        )

    def bundles(self, root_module: Path | None = None) -> dict[str, dict[str, str]]:
        """Return path, relative to `root_module`, and hash of each function's bundle by folder name."""
        return {
            source.name: bundle(source, self.work_dir / "bundles").as_variable(root_module)
            for source in sorted(handler.parent for handler in self.root.glob("lambda/*/handler.py"))
        }
