"""A stack: one environment applied to one target under a name."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from python_terraform import IsFlagged

from vpcache.errors import VpcacheError
from vpcache.stack import journal, lock
from vpcache.stack.command_line import typed
from vpcache.stack.leftovers import Leftover, leftovers, remove, without_vanishing
from vpcache.stack.outside import Outside, mark, outside, unknown_to
from vpcache.stack.state import (
    StateLocation,
    ensure_bucket,
    other_regions,
    read_state,
    state_exists,
    state_location,
)
from vpcache.stack.state_history import Version, shown_names, versions_since, written_names
from vpcache.stack.target import Target
from vpcache.terraform import provider_lock
from vpcache.terraform.installation import find_terraform
from vpcache.terraform.plans import Change, planned_change
from vpcache.terraform.process_environment import terraform_environment
from vpcache.terraform.root_module import check_provider_region, check_root_module, declared_variables
from vpcache.terraform.runner import Event, Terraform, TerraformError, TerraformKilledError, plugin_dir

_UNWRITTEN_STATE = "errored.tfstate"
"""Terraform's file in the root module for a state that the backend would not take."""


class Outputs(dict[str, Any]):
    """A root module's outputs by name. Raises VpcacheError for one that it does not have."""

    def __missing__(self, name: str) -> Any:
        known = ", ".join(sorted(self))
        raise VpcacheError(f"the environment has no output '{name}': add it to its outputs.tf beside {known}")


@dataclass(frozen=True)
class Plan:
    """What an apply or a destroy would do.

    `path` is Terraform's plan file, None for a destroy of a stack without a state. `outside` is what an
    interrupted run left outside the state: an apply of this plan deletes what is to be removed of it, and no
    more.
    """

    add: int
    change: int
    remove: int
    path: Path | None
    render: Callable[[], str]
    changes: tuple[Change, ...] = ()
    outside: Outside = field(default_factory=Outside)

    @cached_property
    def text(self) -> str:
        """The plan as Terraform shows it to people. Takes a second or two, so ask for it only to show it."""
        return self.render()

    @property
    def is_empty(self) -> bool:
        """Whether the stack already is as its environment says."""
        return not (self.add or self.change or self.remove or self.outside.remove)


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

    @property
    def environment(self) -> str:
        """The value of the option --env that means this root module: a folder of envs/, or a path."""
        folder = self.environment_dir
        return folder.name if folder.parent.name == "envs" else os.path.relpath(folder)

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
        try:
            self._terraform.cmd(
                "init",
                backend_config=self.state.backend_config(),
                reconfigure=IsFlagged,
                input=False,
                no_color=IsFlagged,
                plugin_dir=str(plugins) if plugins else None,
                lockfile=provider_lock.lockfile_mode(self.environment_dir, self.target.environment),
            )
        except TerraformError as error:
            if remedy := provider_lock.remedy(str(error), self.environment_dir, plugins):
                raise VpcacheError(remedy) from error
            raise

    def plan(self, *, destroy: bool = False, on_event: Callable[[Event], None] | None = None) -> Plan:
        """Plan an apply (or a destroy). Needs `init` before, unless there is no state to destroy."""
        with self.exclusive_lock():
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
        if destroy and not state_exists(self.target, self.state):
            return Plan(0, 0, 0, path=None, render=str, outside=self.outside_state())
        path = self.work_dir / "plan.tfplan"
        counts = {"add": 0, "change": 0, "remove": 0}
        changes: list[Change] = []

        def count(event: Event) -> None:
            if event.get("type") == "change_summary":
                counts.update({key: event["changes"][key] for key in counts})
            if change := planned_change(event):
                changes.append(change)
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
        return Plan(
            **counts,
            path=path,
            render=lambda: self._terraform.cmd("show", str(path), no_color=IsFlagged)[1],
            changes=tuple(changes),
            outside=self.outside_state(),
        )

    def outside_state(self) -> Outside:
        """Return what an interrupted run left outside the state, if the last run was interrupted."""
        entry = journal.read(self.target, self.state, self._notice)
        if entry is None or not entry.is_interrupted:
            return Outside()
        left = leftovers(self.target, self.name, since=entry.began)
        unknown = unknown_to(shown_names(self.show_json()), left)
        return outside(unknown, entry.run, self._versions(entry.began)) if unknown else Outside()

    def _versions(self, since: datetime) -> list[Version] | None:
        from botocore.exceptions import ClientError

        try:
            return versions_since(self.target, self.state, since)
        except (ClientError, VpcacheError) as error:
            self._notice(f"cannot read the earlier versions of the state of {self.name}: {error}")
            return None

    @contextmanager
    def exclusive_lock(self) -> Iterator[None]:
        """Keep other runs from the stack meanwhile: see `lock.exclusive_lock`."""
        if self._lock is not None:
            yield
            return
        with lock.exclusive_lock(self.target, self.state, self.name, self._notice) as descriptor:
            self._lock = descriptor
            try:
                yield
            finally:
                self._lock = None

    def apply(self, plan: Plan | None = None, on_event: Callable[[Event], None] | None = None) -> None:
        """Make the stack as its environment says, or as `plan` says. Needs `init` before.

        What an interrupted run created and could not write into the state is removed first: of it, what
        `plan` says.
        """
        with self.exclusive_lock():
            entry, is_rest = self._begin(journal.APPLYING, plan)
            with self._noting_failure(entry, is_rest):
                self._change("apply", plan, on_event)
            self._note(replace(entry, existing=None), journal.APPLIED)

    def destroy(
        self, plan: Plan | None = None, on_event: Callable[[Event], None] | None = None
    ) -> list[Leftover]:
        """Destroy all that the state knows, or what `plan` says, and return what is left in the account.

        Needs `init` before, if there is a state. What an interrupted run created and could not write into the
        state is removed too: of it, what `plan` says.
        """
        with self.exclusive_lock():
            vpc_id = self.output_or_none("vpc_id")
            if not state_exists(self.target, self.state) and not journal.read(self.target, self.state):
                return leftovers(self.target, self.name)
            known = written_names(read_state(self.target, self.state))
            # first: what the state knows cannot go while things stand in it that it does not know
            entry, is_rest = self._begin(journal.DESTROYING, plan, timeout=0)
            if state_exists(self.target, self.state):
                with self._noting_failure(entry, is_rest):
                    self._change("destroy", plan, on_event)
            if is_rest:
                self._remove_outside(plan)  # and what these kept from going
            left = without_vanishing(
                lambda: leftovers(self.target, self.name, vpc_id, since=entry.began),
                lambda item: bool((item.names | item.owners) & known) or item.is_others_interface,
            )
            if not left:
                journal.erase(self.target, self.state)
            return left

    def show_json(self) -> dict[str, Any] | None:
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
                self.elsewhere()
                or f"stack {self.name} is not applied on {self.target.name} in {self.target.region}: "
                f"`{typed('apply', self.target, env=self.environment, name=self.name)}` applies it"
            )
        return outputs

    def elsewhere(self) -> str:
        """Return a line that says where else a stack of this name is applied, empty if nowhere."""
        regions = other_regions(self.target, self.account, self.name)
        if not regions:
            return ""
        return (
            f"stack {self.name} is not applied in {self.target.region}, but in {', '.join(regions)}: "
            f"add --region {regions[0]}"
        )

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

    def _begin(
        self, phase: str, plan: Plan | None, *, timeout: float | None = None
    ) -> tuple[journal.Entry, bool]:
        """Remove what an interrupted run left outside the state, and write down what begins.

        Returns the entry, and whether anything is left outside the state.
        """
        before = journal.read(self.target, self.state)
        entry = journal.new_entry(
            self.name,
            self.environment,
            phase,
            temporary=self._temporary,
            protected=self.protected,
        )
        is_rest = False
        if before is not None and before.is_interrupted:
            is_rest = self._remove_outside(plan, timeout=timeout)
            entry = replace(entry, since=before.since, existing=before.existing)
        else:
            there = leftovers(self.target, self.name)
            entry = replace(entry, existing=tuple(mark(item) for item in there if item.is_tagged))
        journal.write(self.target, self.state, entry)
        return entry, is_rest

    def _remove_outside(self, plan: Plan | None, *, timeout: float | None = None) -> bool:
        """Remove what an interrupted run left outside the state, and return whether anything is left of that.

        What `plan` does not name is kept, and so is what another run has taken into the state since then.
        """
        with lock.state_lock(self.target, self.state, self.name):
            found = self.outside_state()
            agreed = [item for item in found.remove if plan is None or item in plan.outside.remove]
            refused = remove(
                self.target,
                agreed,
                lambda item: self._notice(f"removed {item}, which is not in the state"),
                self._notice,
                **({} if timeout is None else {"timeout": timeout}),
            )
        for item, reason in refused.items():
            self._notice(f"could not remove {item}: {reason}")
        return bool(refused or found.keep or len(agreed) < len(found.remove))

    @contextmanager
    def _noting_failure(self, entry: journal.Entry, is_rest: bool) -> Iterator[None]:
        """Write down that Terraform ended by itself with an error: its state knows all that it created.

        Not so if it was killed, or could not write its state and left it in a file; nor is an earlier
        interruption over while anything of it is outside the state.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except TerraformKilledError:
            raise
        except TerraformError:
            if not is_rest and not (self.environment_dir / _UNWRITTEN_STATE).exists():
                with suppress(BotoCoreError, ClientError):  # credentials may be what failed
                    self._note(entry, journal.FAILED)
            raise

    def _note(self, entry: journal.Entry, phase: str) -> None:
        journal.write(self.target, self.state, journal.changed(entry, phase))

    def _change(self, command: str, plan: Plan | None, on_event: Callable[[Event], None] | None) -> None:
        if plan is not None:
            assert plan.path is not None  # there is a state, so it was planned by Terraform
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
