"""Fixtures for tests of an applied root module, in every project that has this package installed.

All pytest-xdist workers share one stack. The first worker that needs it applies it. It is destroyed once,
after the last worker has ended, also after failures. Nothing is created unless a collected test uses a
fixture.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pytest

from vpcache.bundle import bundle as make_bundle
from vpcache.errors import InterruptedRunError, VpcacheError
from vpcache.lab.client import Lab
from vpcache.probes import Probes
from vpcache.reach.network import Network
from vpcache.reach.running import running_network
from vpcache.stack.stack import Outputs, Stack
from vpcache.stack.target import LAB, Target
from vpcache.testing.options import (
    WORK_DIR,
    add_options,
    keep_options,
    lab_settings,
    pinned_region,
    root_module_of,
)
from vpcache.testing.reach import StackReach
from vpcache.testing.report.facts import ProbeRecord
from vpcache.testing.run import PytestRun, new_run_folder

if TYPE_CHECKING:
    from vpcache.testing.report.suite import SuiteReport

_PACKAGE = Path(__file__).parents[1]
_RUN = pytest.StashKey[PytestRun]()
_JOINED = pytest.StashKey[ExitStack]()
_REPORT: pytest.StashKey[SuiteReport] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the ini options."""
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Choose the run's folder. A worker uses the folder of its controller."""
    for marker in (
        "lab: requires the lab's network; skipped on aws",
        "drill: injects a fault into the stack; no other test uses its outputs at the same time",
    ):
        config.addinivalue_line("markers", marker)
    name = config.getoption("--vpcache-target") or os.environ.get("VPCACHE_TARGET") or LAB
    worker_input = getattr(config, "workerinput", None)
    folder = Path(worker_input["vpcache_folder"]) if worker_input else new_run_folder()
    root_module = root_module_of(config)
    config.stash[_RUN] = PytestRun(
        folder,
        name,
        lab_settings(config),
        region_option=config.getoption("--vpcache-region"),
        pinned_region=pinned_region(root_module) if root_module else None,
        keep_options=keep_options(config, root_module, name) if root_module else None,
        notify=_uncaptured(config),
    )
    if (report := config.getoption("--vpcache-report-dir")) and not worker_input:
        from vpcache.testing.report.suite import SuiteReport  # slow to import

        config.stash[_REPORT] = SuiteReport(Path(report), config.stash[_RUN].facts)
        config.pluginmanager.register(config.stash[_REPORT])


def pytest_report_header(config: pytest.Config) -> str | None:
    """Return the root module and the target, None without a root module."""
    root_module = root_module_of(config)
    if root_module is None:
        return None
    kept = ", kept after the run" if config.getoption("--vpcache-keep") else ""
    where = os.path.relpath(root_module, config.rootpath)
    return f"vpcache: {where} on {config.stash[_RUN].target_name}{kept}"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Pass the path of the run's folder to a pytest-xdist worker."""
    node.workerinput["vpcache_folder"] = str(node.config.stash[_RUN].folder)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip tests that require the lab's network if the target is not the lab."""
    if config.stash[_RUN].target_name == LAB or root_module_of(config) is None:
        return
    for item in items:
        if item.get_closest_marker("lab") or "lab" in _fixtures(item):
            item.add_marker(pytest.mark.skip(reason="requires the lab's network; the target is aws"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> None:
    """Leave this package's source out of the traceback of a user error in a test."""
    error = call.excinfo.value if call.excinfo is not None else None
    if isinstance(error, VpcacheError) and (trace := _without_package(error.__traceback__)):
        call.excinfo = pytest.ExceptionInfo.from_exception(error.with_traceback(trace))


# before pytest-xdist's hook, which notifies the controller that the worker has finished its collection
@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Join the run if a collected test uses it."""
    is_used = any("vpcache_run" in _fixtures(item) for item in session.items)
    if is_used and not session.config.option.collectonly:
        _join(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any) -> None:
    """Join the run in the controller if a worker has joined it: the controller ends it."""
    if node.config.stash[_RUN].folder.exists():
        _join(node.config)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Destroy the stack after the last worker has ended, and write the report. A failure fails the run."""
    yield
    config = session.config
    if hasattr(config, "workerinput"):
        return
    run, report = config.stash[_RUN], config.stash.get(_REPORT, None)
    notify, problem = config.get_terminal_writer().line, None
    with ExitStack() as cleanup:
        if run.folder.exists():
            cleanup.callback(run.clean_up)
            if report:
                report.draw(run.show_json)
            for line in run.notices():
                notify(f"note: {line}")
            try:
                run.end(notify, skip_destroy=session.exitstatus == pytest.ExitCode.INTERRUPTED)
            except VpcacheError as error:
                problem = f"teardown: {error}"
                notify(problem, red=True)
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if report:
            notify(f"report: {report.write(session.exitstatus, problem)}")


@pytest.fixture(scope="session")
def vpcache_run(pytestconfig: pytest.Config) -> PytestRun:
    """This test run, shared by all workers. The other fixtures of vpcache are based on it."""
    _join(pytestconfig)
    return pytestconfig.stash[_RUN]


@pytest.fixture(scope="session")
def lab(vpcache_run: PytestRun) -> Lab:
    """The run's lab: `with lab.faulted("nat_gateway", id):`. A test that uses it is skipped on AWS."""
    with _user_errors():
        return vpcache_run.lab()


@pytest.fixture
def lab_origin(lab: Lab) -> Iterator[Callable[..., None]]:
    """Add an HTTPS host to the lab's internet for one test: `lab_origin("api.example.com", status=503)`.

    The arguments are those of `Lab.serve_origin`; `lab.origin_requests("api.example.com")` has its requests.
    """
    with ExitStack() as added:

        def of(name: str, **options: Any) -> None:
            with _user_errors():
                lab.serve_origin(name, **options)
            added.callback(lab.remove_origin, name)

        yield of


@pytest.fixture(scope="session")
def target(vpcache_run: PytestRun) -> Target:
    """The target of the run's stack: `target.client("ec2")` is a boto3 client for it."""
    with _user_errors():
        return vpcache_run.target()


@pytest.fixture(scope="session")
def as_role(target: Target) -> Callable[[str], Target]:
    """The target with the credentials of a role: `as_role("deployer").client("ec2")`.

    The ini option `vpcache_iam = "enforce"` makes the run's lab evaluate the role's policies.
    """

    def of(role: str) -> Target:
        with _user_errors():
            return target.as_role(role)

    return of


@pytest.fixture(scope="session")
def bundle(pytestconfig: pytest.Config) -> Callable[[str | Path], dict[str, str]]:
    """Zip a function's folder with the dependencies that its requirements.txt pins.

    `bundle("functions/api")` returns the zip's path and sha256, the value of the `bundle` variable of the
    vpc_lambda module. The path of the folder is relative to the root directory, and the folder has a
    handler.py. `vpcache.bundle.EGRESS_PROBE` is the folder of a function for the probes.
    """

    def of(folder: str | Path) -> dict[str, str]:
        with _user_errors():
            source = pytestconfig.rootpath / folder
            return make_bundle(source, _work_dir(pytestconfig) / "bundles").as_variable()

    return of


@pytest.fixture(scope="session")
def stack_variables() -> dict[str, Any]:
    """Variables of the root module besides `name`, none by default. Override it with session scope."""
    return {}


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config, vpcache_run: PytestRun, stack_variables: dict[str, Any]) -> Stack:
    """The root module, applied under a name that is unique to the run: `assert stack.plan().is_empty`."""
    root_module = root_module_of(pytestconfig)
    if root_module is None:
        pytest.fail(
            'no root module to apply: write vpcache_env_dir = "DIR" below [tool.pytest.ini_options] in '
            "pyproject.toml, or give --vpcache-env-dir DIR",
            pytrace=False,
        )
    with _user_errors():
        return vpcache_run.stack(
            root_module, stack_variables, _work_dir(pytestconfig), _uncaptured(pytestconfig)
        )


@pytest.fixture(scope="session")
def _stack_outputs(stack: Stack) -> Outputs:
    with _user_errors():
        return stack.outputs()


@pytest.fixture
def outputs(
    request: pytest.FixtureRequest, vpcache_run: PytestRun, _stack_outputs: Outputs
) -> Iterator[Outputs]:
    """The applied stack's outputs by name. A test marked `drill` has exclusive use of the stack."""
    with vpcache_run.in_use(exclusive=request.node.get_closest_marker("drill") is not None):
        yield _stack_outputs


@pytest.fixture
def probes(
    request: pytest.FixtureRequest, vpcache_run: PytestRun, target: Target, outputs: Outputs
) -> Probes:
    """The probes of the stack, which return evidence: `assert probes.egress("us-east-1a")`."""
    test, in_drill = request.node.nodeid, request.node.get_closest_marker("drill") is not None
    return Probes(target, outputs, lambda result: vpcache_run.facts.add(ProbeRecord(result, test, in_drill)))


@pytest.fixture
def reach(stack: Stack, outputs: Outputs) -> StackReach:
    """Which packets can pass in the stack's VPC: `assert reach.can("cached-api", "cache", 11211)`.

    `reach.policy()` checks the assertions in `reach.policy` beside the root module. The network is read
    through AWS's API, so that changes outside Terraform count too.
    """

    def read() -> Network:
        with _user_errors():
            return running_network(stack)

    return StackReach(read, stack.environment_dir)


def _join(config: pytest.Config) -> None:
    """Join the run until pytest ends. Outside a worker, SIGTERM then ends pytest as Ctrl-C does."""
    if _JOINED in config.stash:
        return
    config.stash[_JOINED] = joined = ExitStack()
    config.add_cleanup(joined.close)
    joined.enter_context(config.stash[_RUN].joined(lambda text: print(f"note: {text}", file=sys.stderr)))
    if not hasattr(config, "workerinput"):
        previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
        joined.callback(signal.signal, signal.SIGTERM, previous)


def _fixtures(item: pytest.Item) -> Sequence[str]:
    """Return the fixtures that a test uses, directly or through other fixtures."""
    return getattr(item, "fixturenames", ())


def _without_package(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback without the entries in this package."""
    if trace is None:
        return None
    rest = _without_package(trace.tb_next)
    is_own = Path(trace.tb_frame.f_code.co_filename).is_relative_to(_PACKAGE)
    return rest if is_own else TracebackType(rest, trace.tb_frame, trace.tb_lasti, trace.tb_lineno)


def _work_dir(config: pytest.Config) -> Path:
    """Return the folder of logs, bundles and Terraform's data, which git ignores."""
    folder = config.rootpath / WORK_DIR
    folder.mkdir(exist_ok=True)
    (folder / ".gitignore").write_text("*\n")
    return folder


def _uncaptured(config: pytest.Config) -> Callable[[str], None]:
    """Return a function that prints a line on stderr at once, also in a worker, which shares the terminal."""

    def notify(line: str) -> None:
        capture = config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            print(line, file=sys.stderr, flush=True)

    return notify


@contextmanager
def _user_errors() -> Iterator[None]:
    """Fail a test without a traceback on a user error; end pytest after a signal."""
    try:
        yield
    except InterruptedRunError as error:
        raise KeyboardInterrupt(str(error)) from error
    except VpcacheError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
