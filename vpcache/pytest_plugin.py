"""Fixtures of an applied stack, shared by all pytest-xdist workers: applied once, by whoever needs it first,
destroyed once, by the controller, whatever happened meanwhile.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from vpcache.errors import VpcacheError
from vpcache.lab.client import Lab
from vpcache.project import Project
from vpcache.run import Run, begin
from vpcache.stack import Outputs, Stack
from vpcache.target import LAB, Target, target_name

_RUN = pytest.StashKey[Run]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the run's folder, or in a worker take the controller's."""
    worker_input = getattr(config, "workerinput", None)
    if worker_input is not None:
        config.stash[_RUN] = Run(Path(worker_input["vpcache_folder"]), Project(config.rootpath))
        return
    control = ExitStack()
    config.add_cleanup(control.close)
    run = begin(Project(config.rootpath), lambda text: print(f"note: {text}", file=sys.stderr))
    config.stash[_RUN] = control.enter_context(run)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # end as by Ctrl-C, with teardown


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
