"""A stack: an environment that is applied to a target under a name."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from python_terraform import IsFlagged

from vpcache.errors import VpcacheError
from vpcache.stack import journal, lock
from vpcache.stack.command_line import command_for
from vpcache.stack.leftovers import Leftover, leftovers, remove, settled_leftovers
from vpcache.stack.outside import Outside, mark, outside, unknown_to
from vpcache.stack.state import (
    StateLocation,
    ensure_bucket,
    other_regions,
    read_state,
    state_exists,
    state_location,
)
from vpcache.stack.state_history import (
    Version,
    has_resources,
    versions_since,
    written_names,
    written_outputs,
)
from vpcache.stack.target import Target
from vpcache.terraform.diagnostics import warning
from vpcache.terraform.drift import Drift, drift
from vpcache.terraform.initialisation import initialise, module_folders
from vpcache.terraform.installation import find_terraform
from vpcache.terraform.plans import PlannedChange, planned_change
from vpcache.terraform.process_environment import terraform_environment
from vpcache.terraform.provider import lock as provider_lock
from vpcache.terraform.provider.configurations import each_has_one_configuration
from vpcache.terraform.root_module import check_provider_region, check_root_module, declared_variables
from vpcache.terraform.runner import Event, Terraform, TerraformError, TerraformKilledError, plugin_dir
from vpcache.terraform.undeclared import check_values, unset_variables

_UNWRITTEN_STATE = "errored.tfstate"
"""The file in the root module to which Terraform writes a state that the backend rejects."""


class Outputs(dict[str, Any]):
    """The outputs of a root module by name. Raises VpcacheError for an unknown name."""

    def __missing__(self, name: str) -> Any:
        known = ", ".join(sorted(self)) or "none"
        raise VpcacheError(f"the environment has no output '{name}': add it to outputs.tf; it has {known}")


@dataclass(frozen=True)
class Plan:
    """The plan of an apply or of a destroy.

    `path` is Terraform's plan file, None for a destroy of a stack without a state. `outside` are the
    resources that an interrupted run left outside the state. An apply of this plan deletes those in
    `outside.remove`, and no others.
    """

    add: int
    change: int
    remove: int
    path: Path | None
    render: Callable[[], str]
    changes: tuple[PlannedChange, ...] = ()
    outside: Outside = field(default_factory=Outside)

    @cached_property
    def text(self) -> str:
        """The plan as Terraform's human-readable text. The first access takes a second or two."""
        return self.render()

    @property
    def is_empty(self) -> bool:
        """Whether the stack is up to date with its environment."""
        return not (self.add or self.change or self.remove or self.outside.remove)


@dataclass
class _HeldLock:
    """The descriptor of the lock file while the stack is locked. Stacks from `with_variables` share it."""

    descriptor: int | None = None


def _environment_of(folder: Path) -> str:
    """Return the value of --env that selects a root module: its name in envs/, else its path."""
    return folder.name if folder.parent.name == "envs" else os.path.relpath(folder)


class Stack:
    """An environment on a target, which is applied, read and destroyed through python-terraform.

    `environment_dir` is the root module. `work_dir` is this stack's folder for logs and Terraform's data,
    which is a cache: the state is in the target's bucket. `variables` are variables of the root module.
    `notice` receives unexpected events, one line each: a wait for another run, leftovers of an earlier run. A
    `temporary` stack belongs to a test run: a sweep destroys it if it still exists hours later. A `protected`
    stack is destroyed only after its name was typed. Credentials of another account than `expected_account`
    are rejected. `environment` is the value of --env, by default derived from the root module's folder.
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
        environment: str = "",
    ) -> None:
        self.name = name
        self.environment_dir = environment_dir
        self.environment = environment or _environment_of(environment_dir)
        self.target = target
        self.work_dir = work_dir
        self.variables = {"name": name, **variables}
        if "region" in declared_variables(environment_dir):
            self.variables["region"] = target.region
        self._notice = notice
        self.protected = protected
        self._temporary = temporary
        self._expected_account = expected_account
        self._lock = _HeldLock()
        self._warnings: set[str] = set()

    @cached_property
    def account(self) -> str:
        """The account ID. Raises VpcacheError if the environment expects another account."""
        account = self.target.account()
        if self._expected_account not in (None, account):
            raise VpcacheError(
                f'{self.environment_dir}/terraform.tfvars sets account_id = "{self._expected_account}", but '
                f"the credentials belong to account {account}: set AWS_PROFILE, or change the file"
            )
        return account

    @cached_property
    def state(self) -> StateLocation:
        """The location of this stack's state."""
        return state_location(self.target, self.account, self.name)

    def init(self) -> None:
        """Run `terraform init` for this stack if it has something to do, and create the state bucket.

        Raises VpcacheError if the root module is not suitable for a stack.
        """
        check_root_module(self.environment_dir)
        check_provider_region(self.environment_dir, self.target.region, self.variables)
        ensure_bucket(self.target, self.state)
        plugins = plugin_dir(self.target.environment)
        try:
            initialise(
                self._terraform,
                backend_config=self.state.backend_config(),
                reconfigure=IsFlagged,
                plugin_dir=str(plugins) if plugins else None,
                lockfile=provider_lock.lockfile_mode(self.environment_dir, self.target.environment),
            )
        except TerraformError as error:
            if remedy := provider_lock.remedy(str(error), self.environment_dir, plugins):
                raise VpcacheError(remedy) from error
            raise

    def ensure_initialised(self) -> None:
        """Call `init` unless Terraform's data of this stack exist."""
        if not self._is_initialised:
            self.init()

    def check_values(self) -> None:
        """Raise VpcacheError for values that the root module does not declare, and for missing values."""
        check_values(self.environment_dir)
        if unset := unset_variables(self.environment_dir, {*self.variables, "account_id"}):
            raise VpcacheError(
                f"root module {self.environment_dir}: no value of variable {', '.join(unset)}: set it in "
                "terraform.tfvars or, in a test, return it from the fixture stack_variables"
            )

    @contextmanager
    def one_provider(self) -> Iterator[None]:
        """Use one provider process for the plans in the `with` block, on a lab.

        Otherwise Terraform starts the provider several times for each plan, and once more to show it. It
        still does so on AWS, where it compares the provider with the lock file before each start, and for a
        root module with several configurations of a provider, as the process holds only one.
        """
        folders = set(module_folders(self.environment_dir, self.data_dir).values())
        is_safe = self.target.is_lab and each_has_one_configuration(folders)
        with self._terraform.attached_provider() if is_safe else nullcontext():
            yield

    def _read(self, command: str, *arguments: str, **options: Any) -> tuple[int, str, str]:
        """Run a Terraform command that changes nothing."""
        with self.one_provider():
            return self._terraform.cmd(command, *arguments, **options)

    def plan(self, *, destroy: bool = False, on_event: Callable[[Event], None] | None = None) -> Plan:
        """Plan an apply or a destroy. Requires `init`, except for a destroy without a state."""
        with self.exclusive_lock():
            return self._plan(destroy, on_event)

    def changes(self, plan: Plan) -> dict[str, tuple[str, ...]]:
        """Return the actions of a plan by address: create, update, delete, or two of them in order."""
        return {
            change["address"]: tuple(change["change"]["actions"])
            for change in self.plan_json(plan).get("resource_changes", [])
            if change["change"]["actions"] not in (["no-op"], ["read"])
        }

    def plan_json(self, plan: Plan) -> dict[str, Any]:
        """Return the output of `terraform show -json` for a plan of this stack."""
        _, text, _ = self._read("show", str(plan.path), json=IsFlagged)
        document: dict[str, Any] = json.loads(text)
        return document

    def drift(self) -> list[Drift]:
        """Return the resources that were changed or deleted outside Terraform.

        A refresh-only plan finds them; it changes nothing and holds no lock:
        https://developer.hashicorp.com/terraform/tutorials/state/refresh
        Raises VpcacheError if the stack is not applied.
        """
        if not self._has_state():
            raise self.not_applied()
        path = self.work_dir / "drift.tfplan"
        with self.one_provider():
            self._terraform.cmd(
                "plan",
                var_file=self.variables_file(),
                out=str(path),
                refresh_only=IsFlagged,
                lock=False,
                input=False,
                json=IsFlagged,
            )
            _, text, _ = self._terraform.cmd("show", str(path), json=IsFlagged)
        return drift(json.loads(text))

    def with_variables(self, **variables: Any) -> Stack:
        """Return this stack with other variables. It shares the lock of this stack."""
        stack = Stack(
            name=self.name,
            environment_dir=self.environment_dir,
            environment=self.environment,
            target=self.target,
            work_dir=self.work_dir,
            variables=self.variables | variables,
            notice=self._notice,
            temporary=self._temporary,
            protected=self.protected,
            expected_account=self._expected_account,
        )
        stack._lock = self._lock
        return stack

    def _plan(self, destroy: bool, on_event: Callable[[Event], None] | None) -> Plan:
        if destroy and not state_exists(self.target, self.state):
            return Plan(0, 0, 0, path=None, render=str, outside=self.outside_state())
        if not destroy:
            self.check_values()
        path = self.work_dir / "plan.tfplan"
        counts = {"add": 0, "change": 0, "remove": 0}
        changes: list[PlannedChange] = []

        def count(event: Event) -> None:
            if event.get("type") == "change_summary":
                counts.update({key: event["changes"][key] for key in counts})
            if change := planned_change(event):
                changes.append(change)
            self._warning_of(event)
            if on_event is not None:
                on_event(event)

        self._read(
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
            render=lambda: self._read("show", str(path), no_color=IsFlagged)[1],
            changes=tuple(changes),
            outside=self.outside_state(),
        )

    def outside_state(self) -> Outside:
        """Return the resources outside the state, if the last run was interrupted."""
        entry = journal.read(self.target, self.state, self._notice)
        if entry is None or not entry.is_interrupted:
            return Outside()
        left = leftovers(self.target, self.name, since=entry.began)
        unknown = unknown_to(written_names(read_state(self.target, self.state)), left)
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
        """Hold the lock on the stack, see `lock.exclusive_lock`. Reentrant, also for `with_variables`."""
        if self._lock.descriptor is not None:
            yield
            return
        with lock.exclusive_lock(self.target, self.state, self.name, self._notice) as descriptor:
            self._lock.descriptor = descriptor
            try:
                yield
            finally:
                self._lock.descriptor = None

    def apply(self, plan: Plan | None = None, on_event: Callable[[Event], None] | None = None) -> None:
        """Apply the environment, or a `plan`. Requires `init`.

        Resources that an interrupted run left outside the state are deleted first. With a `plan`, only those
        that it names are deleted.
        """
        if plan is None:
            self.check_values()
        with self.exclusive_lock():
            entry, has_rest = self._begin(journal.APPLYING, plan)
            with self._recording_failure(entry, has_rest):
                self._change("apply", plan, on_event)
            self._record(replace(entry, existing=None), journal.APPLIED)

    def destroy(
        self, plan: Plan | None = None, on_event: Callable[[Event], None] | None = None
    ) -> list[Leftover]:
        """Destroy the resources in the state, or those in a `plan`, and return the leftovers in the account.

        Requires `init` if there is a state. Resources that an interrupted run left outside the state are
        deleted too. With a `plan`, only those that it names are deleted.
        """
        with self.exclusive_lock():
            vpc_id = self.output_or_none("vpc_id")
            if not state_exists(self.target, self.state) and not journal.read(self.target, self.state):
                return leftovers(self.target, self.name)
            known = written_names(read_state(self.target, self.state))
            # first: resources outside the state may block the deletion of resources in the state
            entry, has_rest = self._begin(journal.DESTROYING, plan, timeout=0)
            if state_exists(self.target, self.state):
                with self._recording_failure(entry, has_rest):
                    self._change("destroy", plan, on_event)
            if has_rest:
                self._remove_outside(plan)  # those that resources in the state blocked
            left = settled_leftovers(
                lambda: leftovers(self.target, self.name, vpc_id, since=entry.began),
                lambda item: bool((item.names | item.owners) & known) or item.is_others_interface,
            )
            if not left:
                journal.erase(self.target, self.state)
            return left

    def show_json(self) -> dict[str, Any] | None:
        """Return the output of `terraform show -json` for the state, None if the stack is not applied."""
        if not self._has_state():
            return None
        _, text, _ = self._read("show", json=IsFlagged)
        document: dict[str, Any] = json.loads(text)
        return document if "values" in document else None

    def outputs(self) -> Outputs:
        """Return the root module's outputs. Raises VpcacheError if the stack is not applied."""
        text = read_state(self.target, self.state)
        outputs = Outputs(written_outputs(text))
        if not outputs and not has_resources(text):
            raise self.not_applied()
        return outputs

    def written_state(self) -> str:
        """Return the content of the state. Raises VpcacheError if the stack is not applied."""
        text = read_state(self.target, self.state)
        if not text:
            raise self.not_applied()
        return text

    def not_applied(self) -> VpcacheError:
        """Return the error that the stack has no state, with the command that applies it."""
        return VpcacheError(
            self.elsewhere()
            or f"stack {self.name} is not applied on {self.target.name} in {self.target.region}: run "
            f"`{command_for('apply', self.target, env=self.environment, name=self.name)}`"
        )

    def elsewhere(self) -> str:
        """Return a message about other regions with a stack of this name, empty if there are none."""
        regions = other_regions(self.target, self.account, self.name)
        if not regions:
            return ""
        return (
            f"stack {self.name} is not applied in {self.target.region}, but in {', '.join(regions)}: "
            f"use --region {regions[0]}"
        )

    def output_or_none(self, name: str) -> Any:
        """Return one output, None if the stack is not applied or only partially applied."""
        return written_outputs(read_state(self.target, self.state)).get(name)

    def _has_state(self) -> bool:
        """Return whether a state exists. If so, Terraform is initialised to read it."""
        if not state_exists(self.target, self.state):
            return False
        self.ensure_initialised()
        return True

    @property
    def _is_initialised(self) -> bool:
        """Whether Terraform's data exist and refer to the same state."""
        try:
            backend = json.loads((self.data_dir / "terraform.tfstate").read_text())["backend"]["config"]
        except (OSError, ValueError, KeyError):
            return False
        return (backend["bucket"], backend["key"]) == (self.state.bucket, self.state.key)

    @property
    def data_dir(self) -> Path:
        """The folder of Terraform's data: its modules and providers, and the location of the state."""
        return self.work_dir / "terraform"

    @cached_property
    def _terraform(self) -> Terraform:
        self.work_dir.mkdir(parents=True, exist_ok=True)
        return Terraform(
            self.environment_dir,
            executable=find_terraform(self.target.environment),
            environment=terraform_environment(self.target.environment, self.data_dir),
            log_dir=self.work_dir / "logs",
            check_target=self.target.check_running,
        )

    def _begin(
        self, phase: str, plan: Plan | None, *, timeout: float | None = None
    ) -> tuple[journal.JournalEntry, bool]:
        """Delete the resources that an interrupted run left outside the state, and write a journal entry.

        Returns the entry, and whether resources outside the state remain.
        """
        before = journal.read(self.target, self.state)
        entry = journal.new_entry(
            self.name,
            self.environment,
            phase,
            temporary=self._temporary,
            protected=self.protected,
        )
        has_rest = False
        if before is not None:
            entry = replace(entry, applied=before.last_applied)
        if before is not None and before.is_interrupted:
            has_rest = self._remove_outside(plan, timeout=timeout)
            entry = replace(entry, since=before.since, existing=before.existing)
        else:
            existing = leftovers(self.target, self.name)
            entry = replace(entry, existing=tuple(mark(item) for item in existing if item.is_tagged))
        journal.write(self.target, self.state, entry)
        return entry, has_rest

    def _remove_outside(self, plan: Plan | None, *, timeout: float | None = None) -> bool:
        """Delete the resources that an interrupted run left outside the state; return whether some remain.

        Resources that `plan` does not name are kept, and so are those that another run has added to the state
        since then.
        """
        with lock.state_lock(self.target, self.state, self.name):
            current = self.outside_state()
            confirmed = [item for item in current.remove if plan is None or item in plan.outside.remove]
            refused = remove(
                self.target,
                confirmed,
                lambda item: self._notice(f"removed {item}, which is not in the state"),
                self._notice,
                **({} if timeout is None else {"timeout": timeout}),
            )
        for item, reason in refused.items():
            self._notice(f"could not remove {item}: {reason}")
        return bool(refused or current.keep or len(confirmed) < len(current.remove))

    @contextmanager
    def _recording_failure(self, entry: journal.JournalEntry, has_rest: bool) -> Iterator[None]:
        """Record in the journal that Terraform exited with an error: its state has all that it created.

        The change stays interrupted if Terraform was killed, or could not write its state, or if resources of
        an earlier interrupted run remain outside the state.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except TerraformKilledError:
            raise
        except TerraformError:
            if not has_rest and not (self.environment_dir / _UNWRITTEN_STATE).exists():
                with suppress(
                    BotoCoreError, ClientError
                ):  # invalid credentials may be the reason of the error
                    self._record(entry, journal.FAILED)
            raise

    def _record(self, entry: journal.JournalEntry, phase: str) -> None:
        journal.write(self.target, self.state, journal.changed(entry, phase))

    def _warning_of(self, event: Event) -> None:
        """Report the warning in an event, each once: an apply repeats those of its plan."""
        text = warning(event, self.environment_dir)
        if text is not None and text not in self._warnings:
            self._warnings.add(text)
            self._notice(text)

    def _change(self, command: str, plan: Plan | None, on_event: Callable[[Event], None] | None) -> None:
        def report(event: Event) -> None:
            self._warning_of(event)
            if on_event is not None:
                on_event(event)

        if plan is not None:
            assert plan.path is not None  # noqa: S101  # a state exists, so Terraform wrote the plan
            self._terraform.cmd(
                "apply",
                str(plan.path),
                json=IsFlagged,
                input=False,
                on_event=report,
                lock_fd=self._lock.descriptor,
            )
            return
        self._terraform.cmd(
            command,
            var_file=self.variables_file(),
            auto_approve=IsFlagged,
            json=IsFlagged,
            input=False,
            on_event=report,
            lock_fd=self._lock.descriptor,
        )

    def variables_file(self, account: str | None = None) -> str:
        """Write the variables to a file for Terraform and return its path.

        A root module that declares `region` or `account_id` gets the target's values. `account` avoids the
        request for the account ID.
        """
        variables = dict(self.variables)
        if "account_id" in declared_variables(self.environment_dir):
            variables["account_id"] = account or self.account
        path = self.work_dir / "variables.tfvars.json"
        path.write_text(json.dumps(variables, indent=2, sort_keys=True))
        return str(path)
