"""A stack: one environment applied to one target under a name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from python_terraform import IsFlagged

from vpcache import journal, lock
from vpcache.errors import VpcacheError
from vpcache.leftovers import Leftover, leftovers, remove
from vpcache.process_environment import terraform_environment
from vpcache.root_module import check_provider_region, check_root_module, declared_variables
from vpcache.state import StateLocation, ensure_bucket, read_state, state_exists, state_location
from vpcache.target import Target
from vpcache.terraform import Event, Terraform, plugin_dir
from vpcache.terraform_release import find_terraform


class Outputs(dict[str, Any]):
    """A root module's outputs by name. Raises VpcacheError for one that it does not have."""

    def __missing__(self, name: str) -> Any:
        known = ", ".join(sorted(self))
        raise VpcacheError(f"the environment has no output '{name}': add it to its outputs.tf beside {known}")


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
    data (a cache: the state is in the target's bucket), `variables` are the root module's. `notice` is told,
    in one line each, what the user would not expect: a wait for another run, what an earlier one left.
    A `temporary` stack is a test run's: if it is still there hours later, a sweep takes it. A `protected`
    stack is destroyed only after its name was typed. Credentials of another account than `expected_account`
    are refused.
    """

    def __init__(
        self,
        *,
        name: str,
        environment_dir: Path,
        target: Target,
        work_dir: Path,
        variables: Mapping[str, Any],
        notice: Callable[[str], None] = lambda _: None,
        temporary: bool = False,
        protected: bool = False,
        expected_account: str | None = None,
    ) -> None:
        self.name = name
        self.environment_dir = environment_dir
        self.target = target
        self.work_dir = work_dir
        self.variables = {"name": name, **variables}
        if "region" in declared_variables(environment_dir):
            self.variables["region"] = target.region
        self._notice = notice
        self.protected = protected
        self._temporary = temporary
        self._expected_account = expected_account
        self._lock: int | None = None

    @cached_property
    def account(self) -> str:
        """The account's id. Raises VpcacheError if it is not the one that the environment expects."""
        account = self.target.account()
        if self._expected_account not in (None, account):
            raise VpcacheError(
                f'{self.environment_dir}/terraform.tfvars says account_id = "{self._expected_account}", but '
                f"the credentials are of account {account}: choose others by AWS_PROFILE, or change the file"
            )
        return account

    @cached_property
    def state(self) -> StateLocation:
        """Where this stack's state lies."""
        return state_location(self.target, self.account, self.name)

    def init(self) -> None:
        """Prepare Terraform's data for this stack, the state bucket included.

        Raises VpcacheError if the root module cannot be a stack.
        """
        check_root_module(self.environment_dir)
        check_provider_region(self.environment_dir, self.target.region, self.variables)
        ensure_bucket(self.target, self.state)
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
        with self.alone():
            return self._plan(destroy, on_event)

    def changes(self, plan: Plan) -> dict[str, tuple[str, ...]]:
        """Return what a plan does to each address that it touches: create, update, delete, or two in turn."""
        _, text, _ = self._terraform.cmd("show", str(plan.path), json=IsFlagged)
        return {
            change["address"]: tuple(change["change"]["actions"])
            for change in json.loads(text).get("resource_changes", [])
            if change["change"]["actions"] not in (["no-op"], ["read"])
        }

    def with_variables(self, **variables: Any) -> Stack:
        """Return the same stack as it would be with other variables."""
        return Stack(
            name=self.name,
            environment_dir=self.environment_dir,
            target=self.target,
            work_dir=self.work_dir,
            variables=self.variables | variables,
            notice=self._notice,
            temporary=self._temporary,
            protected=self.protected,
            expected_account=self._expected_account,
        )

    def _plan(self, destroy: bool, on_event: Callable[[Event], None] | None) -> Plan:
        path = self.work_dir / "plan.tfplan"
        counts = {"add": 0, "change": 0, "remove": 0}

        def count(event: Event) -> None:
            if event.get("type") == "change_summary":
                counts.update({key: event["changes"][key] for key in counts})
            if on_event is not None:
                on_event(event)

        self._terraform.cmd(
            "plan",
            var_file=self.variables_file(),
            out=str(path),
            input=False,
            json=IsFlagged,
            destroy=IsFlagged if destroy else None,
            on_event=count,
        )
        _, text, _ = self._terraform.cmd("show", str(path), no_color=IsFlagged)
        return Plan(**counts, text=text, path=path)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other runs from the stack meanwhile: see `lock.alone`."""
        if self._lock is not None:
            yield
            return
        with lock.alone(self.target, self.state, self.name, self._notice) as descriptor:
            self._lock = descriptor
            try:
                yield
            finally:
                self._lock = None

    def apply(self, plan: Plan | None = None, on_event: Callable[[Event], None] | None = None) -> None:
        """Make the stack as its environment says, or as `plan` says. Needs `init` before.

        What an interrupted run made and could not write into the state is removed first.
        """
        with self.alone():
            entry = journal.read(self.target, self.state)
            if entry is not None and entry.is_interrupted:
                self._remove_unknown()
            self._note(journal.APPLYING)
            self._change("apply", plan, on_event)
            self._note(journal.APPLIED)

    def destroy(
        self, plan: Plan | None = None, on_event: Callable[[Event], None] | None = None
    ) -> list[Leftover]:
        """Destroy all that the state knows, or what `plan` says, and return what is left in the account.

        Needs `init` before, if there is a state. After an interrupted run what is left and bears the
        stack's tag is removed too.
        """
        with self.alone():
            vpc_id = self.output_or_none("vpc_id")
            entry = journal.read(self.target, self.state)
            if entry is None and not state_exists(self.target, self.state):
                return leftovers(self.target, self.name)
            interrupted = entry is not None and entry.is_interrupted
            self._note(journal.DESTROYING)
            if interrupted:
                self._remove_unknown()  # first: what the state knows of cannot go while these stand in it
            if state_exists(self.target, self.state):
                self._change("destroy", plan, on_event)
            if interrupted:
                self._remove_unknown()  # and what these kept from going
            left = leftovers(self.target, self.name, vpc_id)
            if not left:
                journal.erase(self.target, self.state)
            return left

    def shown(self) -> dict[str, Any] | None:
        """Return the state as `terraform show -json` prints it, None if nothing is applied."""
        if not self._has_state():
            return None
        _, text, _ = self._terraform.cmd("show", json=IsFlagged)
        document: dict[str, Any] = json.loads(text)
        return document if "values" in document else None

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
        if not self._has_state():
            return Outputs()
        _, text, _ = self._terraform.cmd("output", json=IsFlagged)
        return Outputs({key: output["value"] for key, output in json.loads(text).items()})

    def _has_state(self) -> bool:
        """Whether a state was ever written; if so, Terraform is ready to read it."""
        if not state_exists(self.target, self.state):
            return False
        if not self._is_initialised:
            self.init()
        return True

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

    def _remove_unknown(self) -> None:
        """Remove what bears the stack's tag and is nowhere in its state."""
        with lock.state_lock(self.target, self.state, self.name):
            state = read_state(self.target, self.state)
            unknown = [item for item in leftovers(self.target, self.name) if f'"{item.id}"' not in state]
            refused = remove(
                self.target, unknown, lambda item: self._notice(f"removed {item}, which no state knew of")
            )
        for item, reason in refused.items():
            self._notice(f"could not remove {item}: {reason}")

    def _note(self, phase: str) -> None:
        entry = journal.new_entry(self.name, self.environment_dir.name, phase, temporary=self._temporary)
        journal.write(self.target, self.state, entry)

    def _change(self, command: str, plan: Plan | None, on_event: Callable[[Event], None] | None) -> None:
        if plan is not None:
            self._terraform.cmd(
                "apply", str(plan.path), json=IsFlagged, input=False, on_event=on_event, lock_fd=self._lock
            )
            return
        self._terraform.cmd(
            command,
            var_file=self.variables_file(),
            auto_approve=IsFlagged,
            json=IsFlagged,
            input=False,
            on_event=on_event,
            lock_fd=self._lock,
        )

    def variables_file(self, account: str | None = None) -> str:
        """Write the variables down for Terraform and return where.

        A root module that declares `region` or `account_id` gets the target's; the account is looked up
        unless `account` is given.
        """
        variables = dict(self.variables)
        if "account_id" in declared_variables(self.environment_dir):
            variables["account_id"] = account or self.account
        path = self.work_dir / "variables.tfvars.json"
        path.write_text(json.dumps(variables, indent=2, sort_keys=True))
        return str(path)
