"""A test run: a lab and a stack of its own, shared by pytest and its pytest-xdist workers."""

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
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from vpcache.drills.injection import restore_interrupted_drill
from vpcache.errors import VpcacheError
from vpcache.lab.client import Lab
from vpcache.program import command
from vpcache.stack.leftovers import leftovers
from vpcache.stack.resource_types import STACK_TAG
from vpcache.stack.stack import Stack
from vpcache.stack.target import AWS, LAB, Target, aws_target, lab_target, target_name
from vpcache.terraform.root_module import check_root_module
from vpcache.testing.report.facts import Facts, noted

_FOLDERS = "vpcache-ci-"


@dataclass(frozen=True)
class Run:
    """One test run on one target: a folder that its processes share, with a journal of what stands.

    The folder's name is the stack's too, so no other run has it; it is made when the first process joins.
    """

    folder: Path
    target_name: str
    lab_settings: Mapping[str, int] = field(default_factory=dict)  # of the run's lab, where not the defaults
    wanted_region: str | None = None  # that an option names
    pinned_region: str | None = None  # that the root module's values name

    @contextmanager
    def joined(self, notice: Callable[[str], None]) -> Iterator[None]:
        """Be one of the run's processes: as long as there is one, nobody takes the run for dead.

        The first one makes the folder and ends what dead runs left on this machine; `notice` is told of each
        in a line.
        """
        if not self.folder.exists():
            _end_dead_runs(self.folder.parent, notice)
        with self._sign_of_life():
            yield

    @property
    def stack_name(self) -> str:
        """A name that no other run has."""
        return self.folder.name

    @property
    def facts(self) -> Facts:
        """What the run's processes know to tell about it."""
        return Facts(self.folder / "facts")

    @contextmanager
    def in_use(self, *, exclusive: bool) -> Iterator[None]:
        """Hold the stack beside other tests that only look at it, or alone."""
        with (self.folder / "in-use").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
            yield

    def lab(self) -> Lab:
        """Return this run's lab, started by whoever asks first."""
        with self._making():
            if not self._lab_port.exists():
                lab = Lab(free_port())
                self._lab_port.write_text(str(lab.port))
                lab.start(self.folder / "lab.log")
                if self.lab_settings:
                    lab.configure(**self.lab_settings)
            return Lab(int(self._lab_port.read_text()))

    @contextmanager
    def own_lab(self) -> Iterator[Lab]:
        """Give a test a lab of its own, to be started by it.

        It ends with the test, or with the run: pytest-xdist kills workers on a signal, and their teardowns.
        """
        lab = Lab(free_port())
        self._own_labs.mkdir(exist_ok=True)
        record = self._own_labs / str(lab.port)
        record.touch()
        try:
            yield lab
        finally:
            lab.stop()
            record.unlink(missing_ok=True)  # the run may have ended first

    def target(self) -> Target:
        """Return where this run's stack is applied. Raises VpcacheError if there is no such target."""
        if target_name(self.target_name, {}) != LAB:
            return aws_target(os.environ, region=self.wanted_region, pinned_region=self.pinned_region)
        endpoint = self.lab().endpoint
        return lab_target(endpoint, os.environ, region=self.wanted_region, pinned_region=self.pinned_region)

    def stack(self, root_module: Path, variables: Mapping[str, Any], work_dir: Path) -> Stack:
        """Return this run's stack, applied by whoever asks first; its files lie below `work_dir`.

        Raises VpcacheError if it cannot be applied, to whoever asks later too. Warns if nothing of the stack
        bears its tag.
        """
        stack = self._stack(root_module, variables, work_dir)
        with self._making():
            if self._failure.exists():
                raise VpcacheError(self._failure.read_text())
            if not self._is_applied.exists():
                self._apply(stack)
        return stack

    def show_json(self) -> dict[str, Any] | None:
        """Return what `terraform show -json` tells of this run's stack, None if nothing stands."""
        return self._begun().show_json() if self._journal.exists() else None

    def end(self, say: Callable[[str], None], *, skip_destroy: bool = False) -> None:
        """Destroy what stands, and `say` so before. Raises VpcacheError if something is left.

        In haste, what stands on the run's own lab is left to end with it, once no Terraform is at work there.
        """
        if not self._journal.exists():
            return
        stack = self._begun()
        if skip_destroy and stack.target.is_lab:
            say(f"{stack.name} ends with its lab")
            with stack.exclusive_lock():
                shutil.rmtree(stack.work_dir)
            return
        say(f"destroying {stack.name}")
        self._destroy(stack)

    def clean_up(self) -> None:
        """Stop the run's labs, and with them whatever stands there, and forget the run."""
        ports = [record.name for record in self._own_labs.glob("*")]
        if self._lab_port.exists():
            ports.append(self._lab_port.read_text())
        for port in ports:
            Lab(int(port)).stop()
        shutil.rmtree(self.folder)

    @property
    def may_stand_on_aws(self) -> bool:
        """Whether a stack of this run stands, or may stand, in a real account."""
        return self._journal.exists() and json.loads(self._journal.read_text())["target"] != LAB

    @property
    def region(self) -> str:
        """The region of the stack that the journal names."""
        return str(json.loads(self._journal.read_text())["region"])

    @contextmanager
    def _making(self) -> Iterator[None]:
        """Keep the run's other processes from making the same thing."""
        with (self.folder / "making").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _stack(self, root_module: Path, variables: Mapping[str, Any], work_dir: Path) -> Stack:
        return Stack(
            name=self.stack_name,
            environment_dir=root_module,
            target=self.target(),
            work_dir=work_dir / "stacks" / self.target_name / self.stack_name,
            variables=variables,
            temporary=True,
        )

    def _apply(self, stack: Stack) -> None:
        try:
            check_root_module(stack.environment_dir, stack.variables)
            stack.init()
            # before the first resource: what is begun must be ended
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
            with noted(self.facts, "apply", stack) as note:
                stack.apply(on_event=note.events.append)
        except VpcacheError as error:
            self._failure.write_text(str(error))
            raise
        self._is_applied.touch()
        if not any(item.is_tagged for item in leftovers(stack.target, stack.name)):
            warnings.warn(
                f"nothing of {stack.name} bears the tag {STACK_TAG}, so what a destroy leaves behind would "
                f"go unseen: write `default_tags {{ tags = {{ {STACK_TAG} = var.name }} }}` in the provider "
                f"of {stack.environment_dir}",
                stacklevel=2,
            )

    def _begun(self) -> Stack:
        """Return the stack that the journal names."""
        begun = json.loads(self._journal.read_text())
        return self._stack(Path(begun["root_module"]), begun["variables"], Path(begun["work_dir"]))

    def _destroy(self, stack: Stack) -> None:
        stack.init()
        # a drill that was killed with its worker: what it changed would outlive the destroy, or stop it
        restore_interrupted_drill(stack.target, stack.state, lambda line: warnings.warn(line, stacklevel=2))
        with noted(self.facts, "destroy", stack) as note:
            left = stack.destroy(on_event=note.events.append)
            note.left = tuple(map(str, left))
        if not self._failure.exists():  # its logs are what the failure names
            shutil.rmtree(stack.work_dir)
        if left:
            raise VpcacheError(f"left of {stack.name} after destroy: {', '.join(map(str, left))}")

    def _sign_of_life(self) -> IO[str]:
        """Return a file that is locked until it is closed; a run is dead when nobody holds its lock.

        A new folder is only seen by others when the lock is held: until then it would look like a dead run's.
        """
        if not self.folder.exists():
            unseen = Path(tempfile.mkdtemp(prefix=f".{self.folder.name}-", dir=self.folder.parent))
            sign = (unseen / _SIGN).open("w")
            fcntl.flock(sign, fcntl.LOCK_SH)
            try:
                unseen.rename(self.folder)
                return sign
            except OSError:  # another process of this run was faster
                sign.close()
                shutil.rmtree(unseen)
        sign = (self.folder / _SIGN).open("w")
        fcntl.flock(sign, fcntl.LOCK_SH)
        return sign

    @property
    def _lab_port(self) -> Path:
        return self.folder / "lab-port"

    @property
    def _own_labs(self) -> Path:
        return self.folder / "own-labs"

    @property
    def _journal(self) -> Path:
        return self.folder / "stack-begun.json"

    @property
    def _failure(self) -> Path:
        return self.folder / "stack-failed"

    @property
    def _is_applied(self) -> Path:
        return self.folder / "stack-applied"


_SIGN = "alive"


def new_run_folder() -> Path:
    """Return a folder, not made yet, whose name no other run has."""
    return Path(tempfile.gettempdir()) / f"{_FOLDERS}{secrets.token_hex(4)}"


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end_dead_runs(folders: Path, notice: Callable[[str], None]) -> None:
    for folder in folders.glob(f"{_FOLDERS}*"):
        if not os.access(folder, os.W_OK):  # another user's
            continue
        dead = Run(folder, LAB)
        with suppress(BlockingIOError, FileNotFoundError), (folder / _SIGN).open() as sign:
            fcntl.flock(sign, fcntl.LOCK_EX | fcntl.LOCK_NB)
            on_aws = (
                "; its stack may still exist on aws: "
                f"`{command('sweep', name=dead.stack_name, target=AWS, region=dead.region)}`"
                if dead.may_stand_on_aws
                else ""
            )
            dead.clean_up()
            notice(f"ended what the dead run {dead.stack_name} left here{on_aws}")
