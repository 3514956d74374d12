"""A stack: one environment applied to one target under a name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from python_terraform import IsFlagged

from vpcache.errors import VpcacheError
from vpcache.state import StateLocation, ensure_bucket, state_exists, state_location
from vpcache.target import Target
from vpcache.terraform import Event, Terraform, find_terraform, plugin_dir, terraform_environment

Outputs = Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """What an apply would do; `path` is Terraform's plan file."""

    add: int
    change: int
    remove: int
    text: str
    path: Path

    @property
    def is_empty(self) -> bool:
        """Whether the stack already is as its environment says."""
        return not (self.add or self.change or self.remove)


class Stack:
    """Applies, questions and destroys one environment on one target, over python-terraform.

    `environment_dir` is the root module, `work_dir` a folder of this stack's own for logs and Terraform's
    data (a cache: the state is in the target's bucket), `variables` are the root module's.
    """

    def __init__(
        self,
        *,
        name: str,
        environment_dir: Path,
        target: Target,
        work_dir: Path,
        variables: Mapping[str, Any],
    ) -> None:
        self.name = name
        self.environment_dir = environment_dir
        self.target = target
        self.work_dir = work_dir
        self.variables = {"name": name, **variables}

    @cached_property
    def account(self) -> str:
        """The account's id."""
        return self.target.account()

    @cached_property
    def state(self) -> StateLocation:
        """Where this stack's state lies."""
        return state_location(self.target, self.account, self.name)

    def init(self) -> None:
        """Prepare Terraform's data for this stack, the state bucket included."""
        ensure_bucket(self.target, self.state.bucket)
        plugins = plugin_dir(self.target.environment)
        self._terraform.cmd(
            "init",
            backend_config=self.state.backend_config(),
            reconfigure=IsFlagged,
            input=False,
            no_color=IsFlagged,
            plugin_dir=str(plugins) if plugins else None,
        )

    def plan(self, *, destroy: bool = False, on_event: Callable[[Event], None] | None = None) -> Plan:
        """Plan an apply (or a destroy). Needs `init` before."""
        path = self.work_dir / "plan.tfplan"
        counts = {"add": 0, "change": 0, "remove": 0}

        def count(event: Event) -> None:
            if event.get("type") == "change_summary":
                counts.update({key: event["changes"][key] for key in counts})
            if on_event is not None:
                on_event(event)

        self._terraform.cmd(
            "plan",
            var_file=self._variables_file(),
            out=str(path),
            input=False,
            json=IsFlagged,
            destroy=IsFlagged if destroy else None,
            on_event=count,
        )
        _, text, _ = self._terraform.cmd("show", str(path), no_color=IsFlagged)
        return Plan(**counts, text=text, path=path)

    def apply(self, plan: Plan | None = None, on_event: Callable[[Event], None] | None = None) -> None:
        """Make the stack as its environment says, or as `plan` says. Needs `init` before."""
        self._change("apply", plan, on_event)

    def destroy(self, plan: Plan | None = None, on_event: Callable[[Event], None] | None = None) -> None:
        """Destroy all that the state knows, or what `plan` says. Needs `init` before."""
        self._change("destroy", plan, on_event)

    def outputs(self) -> Outputs:
        """Return the root module's outputs. Raises VpcacheError if the stack is not applied."""
        outputs = self._outputs()
        if not outputs:
            raise VpcacheError(
                f"stack {self.name} is not applied on {self.target.name}: `invoke apply --env "
                f"{self.environment_dir.name}` makes it"
            )
        return outputs

    def output_or_none(self, name: str) -> Any:
        """Return one output, or None if the stack is not applied or not whole."""
        return self._outputs().get(name)

    def _outputs(self) -> Outputs:
        if not state_exists(self.target, self.state):
            return {}
        if not self._is_initialised:
            self.init()
        _, text, _ = self._terraform.cmd("output", json=IsFlagged)
        return {key: output["value"] for key, output in json.loads(text).items()}

    @property
    def _is_initialised(self) -> bool:
        """Whether Terraform's data are there and speak of the same state."""
        try:
            known = json.loads((self._data_dir / "terraform.tfstate").read_text())["backend"]["config"]
        except (OSError, ValueError, KeyError):
            return False
        return (known["bucket"], known["key"]) == (self.state.bucket, self.state.key)

    @property
    def _data_dir(self) -> Path:
        return self.work_dir / "terraform"

    @cached_property
    def _terraform(self) -> Terraform:
        self.work_dir.mkdir(parents=True, exist_ok=True)
        return Terraform(
            self.environment_dir,
            executable=find_terraform(self.target.environment),
            environment=terraform_environment(self.target.environment, self._data_dir),
            log_dir=self.work_dir / "logs",
        )

    def _change(self, command: str, plan: Plan | None, on_event: Callable[[Event], None] | None) -> None:
        if plan is not None:
            self._terraform.cmd("apply", str(plan.path), json=IsFlagged, input=False, on_event=on_event)
            return
        self._terraform.cmd(
            command,
            var_file=self._variables_file(),
            auto_approve=IsFlagged,
            json=IsFlagged,
            input=False,
            on_event=on_event,
        )

    def _variables_file(self) -> str:
        path = self.work_dir / "variables.tfvars.json"
        path.write_text(json.dumps(self.variables, indent=2, sort_keys=True))
        return str(path)
