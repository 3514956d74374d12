"""The use of a kept stack by a test run: its claim, its lab, what differs, and its release."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from vpcache.drills.injection import restore_interrupted_drill
from vpcache.errors import VpcacheError
from vpcache.lab.client import Lab
from vpcache.program import command
from vpcache.stack import journal
from vpcache.stack.stack import Stack
from vpcache.stack.state import read_state, state_location
from vpcache.stack.state_history import has_resources
from vpcache.stack.target import LAB, Target
from vpcache.terraform.runner import TerraformError, TerraformKilledError
from vpcache.testing.kept.calls import changes
from vpcache.testing.kept.code_update import update_code
from vpcache.testing.kept.decision import Action, Expected, Seen, action, differences, stale, unsuitable
from vpcache.testing.kept.fingerprint import Fingerprint, fingerprint, package_version
from vpcache.testing.kept.lab_state import restore, seen
from vpcache.testing.kept.record import (
    KeptStack,
    LabProcess,
    Phase,
    Records,
    now,
    record_key,
    records,
)
from vpcache.testing.kept.removal import is_used, remove

Notify = Callable[[str], None]


@dataclass(frozen=True)
class KeepOptions:
    """The options of a run for its kept stack. `root` is pytest's root directory, `work_dir` its folder for
    files of vpcache; `name` may be empty.

    With `keep` the run uses the kept stack and keeps it, with `fresh` it destroys that of earlier runs first.
    """

    root: Path
    work_dir: Path
    root_module: Path
    target: str
    name: str
    keep: bool
    fresh: bool

    @property
    def key(self) -> str:
        """The key of the kept stack's record."""
        return record_key(self.root, self.root_module, self.target, self.name)

    @property
    def stack_name(self) -> str:
        """The name of the kept stack, by default as long as that of a temporary one."""
        return self.name or f"vpcache-ci-{self.key[-8:]}"


@dataclass(frozen=True)
class Reuse:
    """The use of a kept stack by the run in the folder `run`, whose lab has `settings`."""

    options: KeepOptions
    run: Path
    settings: Mapping[str, int | str]
    notify: Notify
    records: Records = field(default_factory=records)

    def claim(self) -> bool:
        """Claim the stack for this run until `release`. Returns False if another run uses it."""
        options = self.options
        with self.records.exclusive():
            record = self.records.read(options.key)
            if record is not None and is_used(record):
                self.notify(
                    f"another test run uses the kept stack {record.name}: this run uses a temporary stack"
                )
                return False
            self._write(replace(record, run=str(self.run)) if record else self._new_record())
            return True

    def kept_lab(self, target_of: Callable[[Lab], Target]) -> Lab | None:
        """Return the lab of the kept stack, restored; None if the run has to start a new lab.

        One line says why a stack is not reused. Its lab is stopped.
        """
        record = self._record()
        if record.lab is None:
            return None
        if reason := self._reason_against(record, target_of):
            self.notify(f"the kept stack {record.name} is not reused: {reason}; starting from scratch")
            self._start_over()
            return None
        lab = record.lab.lab
        target = target_of(lab)
        location = state_location(target, target.account(), record.name)
        restore(lab, target, location, self.settings, self.notify)
        return lab

    @property
    def lab_log(self) -> Path:
        """The log of the kept lab, which outlives the run."""
        return Path(self._record().work_dir, "lab.log")

    def record_lab(self, lab: Lab, region: str) -> None:
        """Record the new lab of this run."""
        self._write(replace(self._record(), lab=LabProcess.of(lab), region=region))

    def bring_up_to_date(self, stack: Stack, apply: Callable[[], None]) -> None:
        """Apply what differs from the last run. `apply` applies the stack by Terraform.

        Raises VpcacheError if the apply fails, or if a stack of this name is not a test run's.
        """
        record = self._record()
        is_new = record.fingerprint is None
        current = fingerprint(stack.environment_dir, stack.data_dir, stack.variables)
        before = self._seen(record, stack)
        is_proven = before is not None and not before.has_data and not stale(record, before)
        match action(record, current, is_proven=is_proven):
            case Action.REUSE:
                stack.ensure_initialised()
                self.notify(f"reusing {stack.name}, nothing changed")
                return
            case Action.UPDATE_CODE:
                stack.ensure_initialised()
                self._write(replace(record, phase=Phase.APPLYING))
                if self._updates_code(record, stack, current):
                    self._applied(stack, current)
                    return
        if not stack.target.is_lab:
            self._check_is_of_these_tests(stack)
        if changed := differences(record, current):
            self.notify(f"{stack.name}: {', '.join(changed)} changed since the last run")
        stack.init()
        stack.check_values()  # before anything changes
        if not stack.target.is_lab:
            restore_interrupted_drill(stack.target, stack.state, self.notify)
            if self.options.fresh:
                self._destroy(stack)
        # before the apply: files that change during it differ at the next run
        current = fingerprint(stack.environment_dir, stack.data_dir, stack.variables)
        self._write(replace(record, phase=Phase.APPLYING, region=stack.target.region))
        try:
            apply()
        except TerraformKilledError:
            raise
        except TerraformError:
            if not (is_new and stack.target.is_lab):
                self._failed(stack)
            raise
        self._applied(stack, current)

    def release(self, notify: Notify) -> None:
        """End the use of the stack at the end of the run, and `notify` how to remove it.

        A stack whose apply is incomplete is not kept on a lab: the lab is stopped. The logs remain, as
        messages name them. Without an apply, nothing is kept.
        """
        record = self._record()
        if record.target == LAB and (record.phase is Phase.APPLYING or record.has_ended):
            remove(self.records, self.options.key, record, keeps_files=True)
            return
        if not record.region:
            self.records.erase(self.options.key)
            return
        self._write(replace(record, run="", used=now()))
        where = f" --target {record.target} --region {record.region}" if record.lab is None else ""
        notify(f"kept {record.name}: `{command('sweep', name=record.name)}{where}` removes it")

    def discard(self) -> None:
        """Stop the kept lab, if any, and erase the record."""
        if record := self.records.read(self.options.key):
            remove(self.records, self.options.key, record)

    def _record(self) -> KeptStack:
        record = self.records.read(self.options.key)
        if record is None:
            raise VpcacheError(
                f"the record of the kept stack {self.options.stack_name} was deleted during the run: "
                "run again"
            )
        return record

    def _write(self, record: KeptStack) -> None:
        self.records.write(self.options.key, record)

    def _new_record(self) -> KeptStack:
        return KeptStack(
            name=self.options.stack_name,
            root=str(self.options.root),
            root_module=str(self.options.root_module),
            target=self.options.target,
            region="",
            version=package_version(),
            settings=dict(self.settings),
            lab=None,
            work_dir=str(self.options.work_dir / "stacks" / self.options.target / self.options.stack_name),
            run=str(self.run),
            used=now(),
        )

    def _start_over(self) -> None:
        """Stop the kept lab. The run keeps its claim."""
        self.discard()
        self._write(self._new_record())

    def _reason_against(self, record: KeptStack, target_of: Callable[[Lab], Target]) -> str:
        """Return why this run does not reuse a kept stack, empty if it does."""
        from botocore.exceptions import BotoCoreError, ClientError

        assert record.lab is not None  # noqa: S101
        if self.options.fresh:
            return "--vpcache-fresh"
        if not record.lab.is_alive():
            return "its lab has ended"
        try:
            target = target_of(record.lab.lab)
            expected = Expected(package_version(), target.region, self.settings)
            if reason := unsuitable(record, expected):
                return reason
            location = state_location(target, target.account(), record.name)
            return stale(record, seen(record.lab.lab, target, location))
        except (BotoCoreError, ClientError, VpcacheError) as error:
            return f"its lab does not answer ({error})"

    def _seen(self, record: KeptStack, stack: Stack) -> Seen | None:
        return seen(record.lab.lab, stack.target, stack.state) if record.lab else None

    def _updates_code(self, record: KeptStack, stack: Stack, current: Fingerprint) -> bool:
        from botocore.exceptions import BotoCoreError, ClientError

        assert record.fingerprint is not None  # noqa: S101
        try:
            if not update_code(stack, record.fingerprint, current):
                return False
        except (BotoCoreError, ClientError) as error:
            raise VpcacheError(f"cannot update the code of functions of {stack.name}: {error}") from error
        self.notify(f"updated the code of functions of {stack.name}, nothing else changed")
        return True

    def _applied(self, stack: Stack, current: Fingerprint) -> None:
        self._ended(stack, Phase.APPLIED, current)

    def _failed(self, stack: Stack) -> None:
        """Record that Terraform ended with an error: its state has all that it created."""
        self._ended(stack, Phase.FAILED, self._record().fingerprint)

    def _ended(self, stack: Stack, phase: Phase, current: Fingerprint | None) -> None:
        record = self._record()
        after = self._seen(record, stack)
        self._write(
            replace(
                record,
                region=stack.target.region,
                phase=phase,
                fingerprint=current,
                state=after.state if after else "",
                calls=changes(after.calls) if after else {},
            )
        )

    def _check_is_of_these_tests(self, stack: Stack) -> None:
        """Raise VpcacheError if a stack of this name exists that no test run of this root module applied.

        Root modules are compared by the names of their folders: runs may begin in different folders.
        """
        entry = journal.read(stack.target, stack.state)
        if entry is None:
            is_other = has_resources(read_state(stack.target, stack.state))
        else:
            is_other = not entry.temporary or Path(entry.environment).name != stack.environment_dir.name
        if is_other:
            raise VpcacheError(
                f"stack {stack.name} exists on {stack.target.name} in {stack.target.region} and was not "
                f"applied by test runs of {self.options.root_module}: choose another --vpcache-name"
            )

    def _destroy(self, stack: Stack) -> None:
        """Destroy a stack on AWS, as --vpcache-fresh asks for. Raises VpcacheError if something is left."""
        self.notify(f"destroying {stack.name}: --vpcache-fresh")
        if left := stack.destroy():
            raise VpcacheError(f"leftovers of {stack.name} after destroy: {', '.join(map(str, left))}")
