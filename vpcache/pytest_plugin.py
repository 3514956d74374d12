"""Fixtures of an applied stack, shared by all pytest-xdist workers: applied once, by whoever needs it first,
destroyed once, by the controller, whatever happened meanwhile.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vpcache.errors import VpcacheError
from vpcache.lab.client import Lab
from vpcache.project import Project
from vpcache.stack import Outputs, Stack
from vpcache.target import LAB, Target, aws_target, lab_target, target_name


@dataclass(frozen=True)
class Run:
    """One test run: a folder that the controller and its workers share, with a journal of what stands."""

    folder: Path
    project: Project

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
            port_file = self.folder / "lab-port"
            if not port_file.exists():
                lab = Lab(free_port())
                port_file.write_text(str(lab.port))
                lab.start(self.folder / "lab.log")
            return Lab(int(port_file.read_text()))

    def target(self) -> Target:
        """Return where this run's stacks are applied."""
        if target_name(None, os.environ) != LAB:
            return aws_target(os.environ)
        return lab_target(self.lab().endpoint, os.environ)

    def stack(self) -> Stack:
        """Return this run's stack, applied by whoever asks first."""
        stack = self.project.stack("dev", self.target(), self.stack_name)
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
            port_file = self.folder / "lab-port"
            if port_file.exists():
                Lab(int(port_file.read_text())).stop()
            shutil.rmtree(self.folder)

    def _destroy(self) -> None:
        stack = self.project.stack("dev", self.target(), self.stack_name)
        stack.init()
        left = stack.destroy()
        shutil.rmtree(stack.work_dir)
        if left:
            raise VpcacheError(f"left of {stack.name} after destroy: {', '.join(map(str, left))}")

    @property
    def _journal(self) -> Path:
        return self.folder / "stack-begun"

    @property
    def _is_applied(self) -> Path:
        return self.folder / "stack-applied"


_RUN = pytest.StashKey[Run]()


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def pytest_configure(config: pytest.Config) -> None:
    """Make the run's folder, or in a worker take the controller's."""
    worker_input = getattr(config, "workerinput", None)
    if worker_input is None:
        folder = Path(tempfile.gettempdir()) / f"vpcache-{secrets.token_hex(4)}"
        folder.mkdir(mode=0o700)
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # end as by Ctrl-C, with teardown
    else:
        folder = Path(worker_input["vpcache_folder"])
    config.stash[_RUN] = Run(folder, Project(config.rootpath))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a pytest-xdist worker where the run's folder is."""
    node.workerinput["vpcache_folder"] = str(node.config.stash[_RUN].folder)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """In the controller, when all workers have ended, destroy what stands; fail the run if it cannot."""
    yield
    if hasattr(session.config, "workerinput"):
        return
    try:
        session.config.stash[_RUN].end()
    except VpcacheError as error:
        session.config.get_terminal_writer().line(f"teardown: {error}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what looks at the lab's wires where there is no lab."""
    if target_name(None, os.environ) == LAB:
        return
    for item in items:
        if item.get_closest_marker("lab"):
            item.add_marker(pytest.mark.skip(reason="looks at the lab's wires; the target is aws"))


@pytest.fixture(scope="session")
def run(request: pytest.FixtureRequest) -> Run:
    """This test run, shared by all workers."""
    return request.config.stash[_RUN]


@pytest.fixture(scope="session")
def lab(run: Run) -> Lab:
    """The run's lab."""
    return run.lab()


@pytest.fixture(scope="session")
def target(run: Run) -> Target:
    """Where the run's stack is."""
    return run.target()


@pytest.fixture(scope="session")
def stack(run: Run) -> Stack:
    """The run's stack, applied."""
    return run.stack()


@pytest.fixture(scope="session")
def outputs(stack: Stack) -> Outputs:
    """The applied stack's outputs."""
    return stack.outputs()
