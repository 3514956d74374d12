"""A test run: a lab and a stack of its own, shared by the controller and its pytest-xdist workers."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from vpcache.errors import VpcacheError
from vpcache.lab.client import Lab
from vpcache.project import Project
from vpcache.stack import Stack
from vpcache.target import LAB, Target, aws_target, lab_target, target_name

_FOLDERS = "vpcache-run-"


@dataclass(frozen=True)
class Run:
    """One test run: a folder that the controller and its workers share, with a journal of what stands."""

    folder: Path
    project: Project

    @contextmanager
    def controlled(self) -> Iterator[None]:
        """Be the controller of this run. Raises BlockingIOError if it has a living one."""
        with (self.folder / "controller").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield

    @property
    def stack_name(self) -> str:
        """A name that no other run has."""
        return self.folder.name

    @contextmanager
    def in_use(self, *, exclusive: bool) -> Iterator[None]:
        """Hold the stack beside other tests that only look at it, or alone."""
        with (self.folder / "in-use").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
            yield

    @contextmanager
    def _making(self) -> Iterator[None]:
        """Keep the run's other processes from making the same thing."""
        with (self.folder / "making").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def lab(self) -> Lab:
        """Return this run's lab, started by whoever asks first."""
        with self._making():
            if not self._lab_port.exists():
                lab = Lab(free_port())
                self._lab_port.write_text(str(lab.port))
                lab.start(self.folder / "lab.log")
            return Lab(int(self._lab_port.read_text()))

    def target(self) -> Target:
        """Return where this run's stacks are applied."""
        if target_name(None, os.environ) != LAB:
            return aws_target(os.environ)
        return lab_target(self.lab().endpoint, os.environ)

    def stack(self) -> Stack:
        """Return this run's stack, applied by whoever asks first."""
        stack = self._stack()
        with self._making():
            if not self._is_applied.exists():
                self._journal.touch()  # before the first resource: what is begun must be ended
                stack.init()
                stack.apply()
                self._is_applied.touch()
        return stack

    def end(self) -> None:
        """Destroy what stands. Raises VpcacheError if something is left."""
        try:
            if self._journal.exists():
                self._destroy()
        finally:
            self.bury()

    def bury(self) -> None:
        """Stop the run's lab, and with it whatever stands there, and forget the run."""
        if self._lab_port.exists():
            Lab(int(self._lab_port.read_text())).stop()
        shutil.rmtree(self.folder)

    @property
    def is_on_aws(self) -> bool:
        """Whether a stack of this run stands, or may stand, in a real account."""
        return self._journal.exists() and not self._lab_port.exists()

    def _stack(self) -> Stack:
        return self.project.stack("dev", self.target(), self.stack_name, temporary=True)

    def _destroy(self) -> None:
        stack = self._stack()
        stack.init()
        left = stack.destroy()
        shutil.rmtree(stack.work_dir)
        if left:
            raise VpcacheError(f"left of {stack.name} after destroy: {', '.join(map(str, left))}")

    @property
    def _lab_port(self) -> Path:
        return self.folder / "lab-port"

    @property
    def _journal(self) -> Path:
        return self.folder / "stack-begun"

    @property
    def _is_applied(self) -> Path:
        return self.folder / "stack-applied"


@contextmanager
def begin(project: Project, notice: Callable[[str], None]) -> Iterator[Run]:
    """Be the controller of a run with a folder of its own. What dead runs left on this machine ends first;
    `notice` is told of each in a line.
    """
    folders = Path(tempfile.gettempdir())
    for folder in folders.glob(f"{_FOLDERS}*"):
        if not os.access(folder, os.W_OK):  # another user's
            continue
        dead = Run(folder, project)
        with suppress(BlockingIOError, FileNotFoundError), dead.controlled():
            on_aws = "; its stack may still stand on aws: invoke sweep --target aws" if dead.is_on_aws else ""
            dead.bury()
            notice(f"ended what the dead run {dead.stack_name} left here{on_aws}")
    name = f"{_FOLDERS}{secrets.token_hex(4)}"
    unseen = folders / f".{name}"  # until it is locked, it would look like a dead run's
    unseen.mkdir(mode=0o700)
    with Run(unseen, project).controlled():
        yield Run(unseen.rename(folders / name), project)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
