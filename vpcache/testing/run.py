"""A test run: its lab and its stack, shared by pytest and its pytest-xdist workers."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import socket
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vpcache.drills.injection import restore_interrupted_drill
from vpcache.errors import VpcacheError
from vpcache.lab.client import Lab
from vpcache.program import command
from vpcache.stack.leftovers import leftovers
from vpcache.stack.resource_types import STACK_TAG
from vpcache.stack.stack import Stack
from vpcache.stack.target import AWS, LAB, Target, aws_target, lab_target, target_name
from vpcache.terraform.root_module import check_root_module
from vpcache.testing import liveness
from vpcache.testing.apply_progress import ApplyProgress
from vpcache.testing.kept.record import records
from vpcache.testing.kept.removal import remove_ended
from vpcache.testing.kept.reuse import KeepOptions, Reuse
from vpcache.testing.report.facts import Facts, noted

_FOLDERS = "vpcache-ci-"

Notify = Callable[[str], None]


@dataclass(frozen=True)
class PytestRun:
    """One test run on one target. Its processes share a folder, with a journal of the stack.

    The folder's name is unique, and is the name of the stack too. The first process that joins creates it.
    """

    folder: Path
    target_name: str
    lab_settings: Mapping[str, int | str] = field(default_factory=dict)  # overrides for the run's lab
    region_option: str | None = None  # from the option --vpcache-region
    pinned_region: str | None = None  # from the values of the root module
    keep_options: KeepOptions | None = None  # None without a root module
    notify: Notify = lambda _: None  # receives lines about a kept stack

    @contextmanager
    def joined(self, notice: Callable[[str], None]) -> Iterator[None]:
        """Join the run as one of its processes. Other runs treat it as alive while a process has joined.

        The first process creates the folder, and cleans up after dead runs on this machine. `notice` receives
        one line for each dead run.
        """
        if not self.folder.exists():
            _clean_up_dead_runs(self.folder.parent, notice)
            remove_ended(records(), notice)
        with liveness.hold(self.folder):
            yield

    @property
    def stack_name(self) -> str:
        """The name of the stack: that of the kept stack if the run uses it, else a unique one."""
        return self._kept_name() or self.folder.name

    @property
    def facts(self) -> Facts:
        """The facts that the run's processes record."""
        return Facts(self.folder / "facts")

    @contextmanager
    def in_use(self, *, exclusive: bool) -> Iterator[None]:
        """Hold the stack, shared with other tests or exclusively."""
        with (self.folder / "in-use").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
            yield

    def lab(self) -> Lab:
        """Return this run's lab. The first call starts it."""
        with self._setup_lock():
            if not self._lab_port.exists():
                reuse = self._reuse()
                lab = reuse.kept_lab(self._lab_target) if reuse else None
                if lab is not None:
                    self._lab_port.write_text(str(lab.port))
                else:
                    self._start_lab(reuse)
            return Lab(int(self._lab_port.read_text()))

    @contextmanager
    def own_lab(self) -> Iterator[Lab]:
        """Provide a separate lab for one test, which has to start it.

        The lab stops at the end of the test, or at the end of the run: on a signal pytest-xdist kills its
        workers, and their teardown does not run.
        """
        lab = Lab(free_port())
        self._own_labs.mkdir(exist_ok=True)
        record = self._own_labs / str(lab.port)
        record.touch()
        try:
            yield lab
        finally:
            lab.stop()
            record.unlink(missing_ok=True)  # the run may have ended before

    def target(self) -> Target:
        """Return the target of this run's stack. Raises VpcacheError if the target's name is unknown."""
        if target_name(self.target_name, {}) != LAB:
            return aws_target(os.environ, region=self.region_option, pinned_region=self.pinned_region)
        return self._lab_target(self.lab())

    def stack(
        self, root_module: Path, variables: Mapping[str, Any], work_dir: Path, notify: Notify = lambda _: None
    ) -> Stack:
        """Return this run's stack, with its files below `work_dir`. The first call applies it.

        `notify` receives lines about the progress of the apply. Raises VpcacheError if the apply fails, and
        so does every later call. Warns if none of the stack's resources has its tag.
        """
        with self._setup_lock():
            self._reuse()  # before the name of the stack is read
        stack = self._stack(root_module, variables, work_dir)
        with self._setup_lock():
            if self._failure.exists():
                raise VpcacheError(self._failure.read_text())
            if not self._is_applied.exists():
                self._apply(stack, notify)
        return stack

    def show_json(self) -> dict[str, Any] | None:
        """Return the output of `terraform show -json` for this run's stack, None if it is not applied."""
        return self._journaled_stack().show_json() if self._journal.exists() else None

    def notices(self) -> list[str]:
        """Return how functions on this run's lab differ from AWS's for lack of a Python on this machine."""
        return Lab(int(self._lab_port.read_text())).notices() if self._lab_port.exists() else []

    def end(self, notify: Callable[[str], None], *, skip_destroy: bool = False) -> None:
        """Announce the destroy with `notify` and destroy the stack. Raises VpcacheError if something is left.

        With `skip_destroy`, a stack on the run's lab is not destroyed: it ends when the lab stops. A running
        Terraform process is awaited. A kept stack is not destroyed.
        """
        if reuse := self._decided_reuse():
            if skip_destroy and self._journal.exists() and not self._is_applied.exists():
                with self._journaled_stack().exclusive_lock():  # Terraform may outlive the worker
                    pass
            reuse.release(notify)
            return
        if not self._journal.exists():
            return
        stack = self._journaled_stack()
        if skip_destroy and stack.target.is_lab:
            notify(f"{stack.name} is not destroyed: it ends when its lab stops")
            with stack.exclusive_lock():
                shutil.rmtree(stack.work_dir)
            return
        notify(f"destroying {stack.name}")
        self._destroy(stack)

    def clean_up(self) -> None:
        """Stop the run's labs, except that of a kept stack, and delete its folder. Stacks end with labs."""
        ports = [record.name for record in self._own_labs.glob("*")]
        if self._lab_port.exists():
            ports.append(self._lab_port.read_text())
        kept = {str(record.lab.port) for record in records().all().values() if record.lab is not None}
        for port in ports:
            if port not in kept:
                Lab(int(port)).stop()
        shutil.rmtree(self.folder)

    @property
    def may_exist_on_aws(self) -> bool:
        """Whether a stack of this run may exist in an AWS account."""
        return self._journal.exists() and json.loads(self._journal.read_text())["target"] != LAB

    @property
    def region(self) -> str:
        """The region of the stack that the journal names."""
        return str(json.loads(self._journal.read_text())["region"])

    @contextmanager
    def _setup_lock(self) -> Iterator[None]:
        """Prevent the run's other processes from starting the lab or applying the stack at the same time."""
        with (self.folder / "making").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _reuse(self) -> Reuse | None:
        """Return the use of the kept stack, None if this run has a temporary one. The first call decides.

        The setup lock must be held. With --vpcache-fresh alone, the kept stack is removed.
        """
        options = self.keep_options
        if options is None or not (options.keep or options.fresh):
            return None
        if not self._kept_file.exists():
            reuse = self._reuse_of(options)
            is_claimed = reuse.claim()
            if is_claimed and not options.keep:
                reuse.discard()
            self._kept_file.write_text(options.stack_name if is_claimed and options.keep else "")
        return self._decided_reuse()

    def _decided_reuse(self) -> Reuse | None:
        """Return what `_reuse` has returned, None if it was not called."""
        if self.keep_options is None or not self._kept_name():
            return None
        return self._reuse_of(self.keep_options)

    def _reuse_of(self, options: KeepOptions) -> Reuse:
        # pytest may be within a line of dots
        return Reuse(options, self.folder, self.lab_settings, lambda line: self.notify(f"\nvpcache: {line}"))

    def _kept_name(self) -> str:
        """Return the name of the kept stack if this run uses it, else nothing."""
        return self._kept_file.read_text() if self._kept_file.exists() else ""

    def _lab_target(self, lab: Lab) -> Target:
        return lab_target(
            lab.endpoint, os.environ, region=self.region_option, pinned_region=self.pinned_region
        )

    def _start_lab(self, reuse: Reuse | None) -> None:
        lab = Lab(free_port())
        self._lab_port.write_text(str(lab.port))
        lab.start(self.folder / "lab.log" if reuse is None else reuse.lab_log)
        if self.lab_settings:
            lab.configure(**self.lab_settings)
        if reuse is not None:
            reuse.record_lab(lab, self._lab_target(lab).region)

    def _stack(self, root_module: Path, variables: Mapping[str, Any], work_dir: Path) -> Stack:
        return Stack(
            name=self.stack_name,
            environment_dir=root_module,
            target=self.target(),
            work_dir=work_dir / "stacks" / self.target_name / self.stack_name,
            variables=variables,
            temporary=True,
        )

    def _apply(self, stack: Stack, notify: Notify) -> None:
        reuse = self._decided_reuse()
        try:
            check_root_module(stack.environment_dir, stack.variables)
            if reuse is not None:
                self._write_journal(stack)
                reuse.bring_up_to_date(stack, lambda: self._apply_by_terraform(stack, notify))
            else:
                stack.init()
                # before the first resource is created, so that an interrupted apply is followed by a destroy
                self._write_journal(stack)
                self._apply_by_terraform(stack, notify)
        except VpcacheError as error:
            self._failure.write_text(str(error))
            raise
        self._is_applied.touch()

    def _write_journal(self, stack: Stack) -> None:
        self._journal.write_text(
            json.dumps(
                {
                    "target": self.target_name,
                    "region": stack.target.region,
                    "root_module": str(stack.environment_dir),
                    "variables": stack.variables,
                    "work_dir": str(stack.work_dir.parents[2]),
                }
            )
        )

    def _apply_by_terraform(self, stack: Stack, notify: Notify) -> None:
        with noted(self.facts, "apply", stack) as note:
            progress = ApplyProgress(notify, f"{stack.name} on {stack.target.name}", note.events.append)
            stack.apply(on_event=progress)
            progress.end()
        if not any(item.is_tagged for item in leftovers(stack.target, stack.name)):
            warnings.warn(
                f"no resource of {stack.name} has the tag {STACK_TAG}, so leftovers of a destroy cannot be "
                f"found: write `default_tags {{ tags = {{ {STACK_TAG} = var.name }} }}` in the provider "
                f"of {stack.environment_dir}",
                stacklevel=2,
            )

    def _journaled_stack(self) -> Stack:
        """Return the stack that the journal names."""
        entry = json.loads(self._journal.read_text())
        return self._stack(Path(entry["root_module"]), entry["variables"], Path(entry["work_dir"]))

    def _destroy(self, stack: Stack) -> None:
        stack.init()
        # a drill may have been killed with its worker: its changes would outlive the destroy, or block it
        restore_interrupted_drill(stack.target, stack.state, lambda line: warnings.warn(line, stacklevel=2))
        with noted(self.facts, "destroy", stack) as note:
            left = stack.destroy(on_event=note.events.append)
            note.left = tuple(map(str, left))
        if not self._failure.exists():  # the message of a failure names log files in this folder
            shutil.rmtree(stack.work_dir)
        if left:
            raise VpcacheError(f"leftovers of {stack.name} after destroy: {', '.join(map(str, left))}")

    @property
    def _lab_port(self) -> Path:
        return self.folder / "lab-port"

    @property
    def _own_labs(self) -> Path:
        return self.folder / "own-labs"

    @property
    def _kept_file(self) -> Path:
        """Has the name of the kept stack that the run uses, or nothing if it uses a temporary one."""
        return self.folder / "kept"

    @property
    def _journal(self) -> Path:
        return self.folder / "stack-begun.json"

    @property
    def _failure(self) -> Path:
        return self.folder / "stack-failed"

    @property
    def _is_applied(self) -> Path:
        return self.folder / "stack-applied"


def new_run_folder() -> Path:
    """Return the path of a folder that does not exist yet, with a unique name."""
    return Path(tempfile.gettempdir()) / f"{_FOLDERS}{secrets.token_hex(4)}"


def free_port() -> int:
    """Return an unused port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _clean_up_dead_runs(folders: Path, notice: Callable[[str], None]) -> None:
    for folder in folders.glob(f"{_FOLDERS}*"):
        if not os.access(folder, os.W_OK):  # a folder of another user
            continue
        with liveness.dead(folder) as is_dead:
            if not is_dead:
                continue
            dead = PytestRun(folder, LAB)
            on_aws = (
                "; its stack may still exist on aws: "
                f"`{command('sweep', name=dead.stack_name, target=AWS, region=dead.region)}`"
                if dead.may_exist_on_aws
                else ""
            )
            dead.clean_up()
            notice(f"cleaned up after the dead test run {dead.folder.name}{on_aws}")
