"""Fixtures for tests of an applied root module: in this project, and in any that has the package installed.

The stack is shared by all pytest-xdist workers: applied once, by whoever needs it first, destroyed once, when
all have ended, whatever happened meanwhile. Nothing is made before a collected test asks for a fixture.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from vpcache.bundle import bundle as make_bundle
from vpcache.errors import InterruptedRunError, VpcacheError
from vpcache.lab.client import Lab
from vpcache.lab.errors import LabError
from vpcache.lab.settings import parse_settings
from vpcache.probes import Probes
from vpcache.stack.stack import Outputs, Stack
from vpcache.stack.target import AWS, LAB, Target
from vpcache.terraform.root_module import environment_values
from vpcache.testing.report.facts import ProbeRecord
from vpcache.testing.run import Run, new_run_folder

if TYPE_CHECKING:
    from vpcache.testing.report.suite import SuiteReport

_ROOT_MODULE = "vpcache_env_dir"
_LAB_SETTINGS = "vpcache_lab_settings"
_RUN = pytest.StashKey[Run]()
_HELD = pytest.StashKey[ExitStack]()
_REPORT: pytest.StashKey[SuiteReport] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, all with the package's name: an option that two plugins add ends pytest."""
    group = parser.getgroup("vpcache", "vpcache, stacks of Terraform on the embedded lab or on AWS")
    group.addoption(
        "--vpcache-env-dir",
        metavar="DIR",
        help="root module that the fixture `stack` applies; by default the ini option vpcache_env_dir",
    )
    group.addoption(
        "--vpcache-target",
        choices=(LAB, AWS),
        help="where it is applied: on a lab of the run's own (the default), or on AWS, which costs money; "
        "also VPCACHE_TARGET",
    )
    group.addoption(
        "--vpcache-region",
        metavar="REGION",
        help="AWS region, as eu-west-1; by default the one that the root module's values name, then, "
        "on AWS, AWS_REGION and the profile's, then us-east-1",
    )
    group.addoption(
        "--vpcache-report-dir",
        metavar="DIR",
        help="leave report.html there: what was applied and probed, drills, timings, what is left",
    )
    parser.addini(_ROOT_MODULE, "root module that the fixture `stack` applies, from the root directory")
    parser.addini(
        _LAB_SETTINGS,
        "settings of the run's lab, a line `name=value` each; by default the lab has AWS's quotas and delays",
        type="linelist",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Choose the run's folder, or in a worker take the one that was chosen."""
    for marker in (
        "lab: looks at the lab's wires; skipped on aws",
        "drill: takes something away from the stack; no other test holds its outputs meanwhile",
    ):
        config.addinivalue_line("markers", marker)
    name = config.getoption("--vpcache-target") or os.environ.get("VPCACHE_TARGET") or LAB
    worker_input = getattr(config, "workerinput", None)
    folder = Path(worker_input["vpcache_folder"]) if worker_input else new_run_folder()
    root_module = _root_module(config)
    config.stash[_RUN] = Run(
        folder,
        name,
        _lab_settings(config),
        wanted_region=config.getoption("--vpcache-region"),
        pinned_region=_pinned_region(root_module) if root_module else None,
    )
    if (report := config.getoption("--vpcache-report-dir")) and not worker_input:
        from vpcache.testing.report.suite import SuiteReport  # whoever wants no report waits for none of this

        config.stash[_REPORT] = SuiteReport(Path(report), config.stash[_RUN].facts)
        config.pluginmanager.register(config.stash[_REPORT])


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say what is applied where, if anything is to be."""
    root_module = _root_module(config)
    if root_module is None:
        return None
    return f"vpcache: {os.path.relpath(root_module, config.rootpath)} on {config.stash[_RUN].target_name}"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a pytest-xdist worker where the run's folder is."""
    node.workerinput["vpcache_folder"] = str(node.config.stash[_RUN].folder)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what looks at the lab's wires where there is no lab."""
    if config.stash[_RUN].target_name == LAB or _root_module(config) is None:
        return
    for item in items:
        if item.get_closest_marker("lab") or "lab" in _fixtures(item):
            item.add_marker(pytest.mark.skip(reason="looks at the lab's wires; the target is aws"))


# before xdist's own, which tells its controller that the worker has collected
@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Join the run if a test is going to use it."""
    is_used = any("vpcache_run" in _fixtures(item) for item in session.items)
    if is_used and not session.config.option.collectonly:
        _join(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any) -> None:
    """In the controller, join the run if a worker has: it lives as long as the controller, which ends it."""
    if node.config.stash[_RUN].folder.exists():
        _join(node.config)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """When all workers have ended, destroy what stands and report; fail the run if that cannot be."""
    yield
    config = session.config
    if hasattr(config, "workerinput"):
        return
    run, report = config.stash[_RUN], config.stash.get(_REPORT, None)
    say, problem = config.get_terminal_writer().line, None
    with ExitStack() as last:
        if run.folder.exists():
            last.callback(run.clean_up)
            if report:
                report.look_at(run.show_json)
            try:
                run.end(say, skip_destroy=session.exitstatus == pytest.ExitCode.INTERRUPTED)
            except VpcacheError as error:
                problem = f"teardown: {error}"
                say(problem, red=True)
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if report:
            say(f"report: {report.write(session.exitstatus, problem)}")


@pytest.fixture(scope="session")
def vpcache_run(pytestconfig: pytest.Config) -> Run:
    """This test run, shared by all workers: what the other fixtures of vpcache stand on."""
    _join(pytestconfig)
    return pytestconfig.stash[_RUN]


@pytest.fixture(scope="session")
def lab(vpcache_run: Run) -> Lab:
    """The run's lab: `with lab.faulted("nat_gateway", id):`. A test that uses it is skipped on AWS."""
    with _in_one_line():
        return vpcache_run.lab()


@pytest.fixture(scope="session")
def target(vpcache_run: Run) -> Target:
    """Where the run's stack is: `target.client("ec2")` is a boto3 client there."""
    with _in_one_line():
        return vpcache_run.target()


@pytest.fixture(scope="session")
def bundle(pytestconfig: pytest.Config) -> Callable[[str | Path], dict[str, str]]:
    """Zip a function's folder, named from the root directory, with what its requirements.txt pins.

    `bundle("functions/api")` is what the `bundle` variable of the vpc_lambda module takes: the zip's path and
    sha256. The folder has a handler.py; `vpcache.bundle.EGRESS_PROBE` is one that the probes can ask.
    """

    def of(folder: str | Path) -> dict[str, str]:
        with _in_one_line():
            source = pytestconfig.rootpath / folder
            return make_bundle(source, _work_dir(pytestconfig) / "bundles").as_variable()

    return of


@pytest.fixture(scope="session")
def stack_variables() -> dict[str, Any]:
    """Variables of the root module besides `name`: none, unless you define this fixture, of session scope."""
    return {}


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config, vpcache_run: Run, stack_variables: dict[str, Any]) -> Stack:
    """The root module, applied under a name of the run's own: `assert stack.plan().is_empty`."""
    root_module = _root_module(pytestconfig)
    if root_module is None:
        pytest.fail(
            'no root module to apply: write vpcache_env_dir = "DIR" below [tool.pytest.ini_options] in '
            "pyproject.toml, or give --vpcache-env-dir DIR",
            pytrace=False,
        )
    with _in_one_line():
        return vpcache_run.stack(root_module, stack_variables, _work_dir(pytestconfig))


@pytest.fixture(scope="session")
def _stack_outputs(stack: Stack) -> Outputs:
    return stack.outputs()


@pytest.fixture
def outputs(request: pytest.FixtureRequest, vpcache_run: Run, _stack_outputs: Outputs) -> Iterator[Outputs]:
    """The applied stack's outputs by name, held together with other tests, or alone by one marked drill."""
    with vpcache_run.in_use(exclusive=request.node.get_closest_marker("drill") is not None):
        yield _stack_outputs


@pytest.fixture
def probes(request: pytest.FixtureRequest, vpcache_run: Run, target: Target, outputs: Outputs) -> Probes:
    """Questions to the stack, with evidence when they fail: `assert probes.egress("us-east-1a")`."""
    test, in_drill = request.node.nodeid, request.node.get_closest_marker("drill") is not None
    return Probes(target, outputs, lambda result: vpcache_run.facts.add(ProbeRecord(result, test, in_drill)))


def _join(config: pytest.Config) -> None:
    """Be one of the run's processes until pytest ends; outside a worker, let SIGTERM end it as Ctrl-C."""
    if _HELD in config.stash:
        return
    config.stash[_HELD] = held = ExitStack()
    config.add_cleanup(held.close)
    held.enter_context(config.stash[_RUN].joined(lambda text: print(f"note: {text}", file=sys.stderr)))
    if not hasattr(config, "workerinput"):
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        held.callback(signal.signal, signal.SIGTERM, before)


def _fixtures(item: pytest.Item) -> Sequence[str]:
    """Return the fixtures that a test asks for, by themselves or through others."""
    return getattr(item, "fixturenames", ())


def _root_module(config: pytest.Config) -> Path | None:
    if asked := config.getoption("--vpcache-env-dir"):
        return Path(config.invocation_params.dir, asked)
    known = config.getini(_ROOT_MODULE)
    return Path(config.rootpath, known) if known else None


def _pinned_region(root_module: Path) -> str | None:
    try:
        return environment_values(root_module).region
    except VpcacheError as error:
        raise pytest.UsageError(str(error)) from error


def _lab_settings(config: pytest.Config) -> dict[str, int]:
    try:
        return parse_settings(config.getini(_LAB_SETTINGS))
    except LabError as error:
        raise pytest.UsageError(f"ini option {_LAB_SETTINGS}: {error}") from None


def _work_dir(config: pytest.Config) -> Path:
    """Return where logs, bundles and Terraform's data lie; git need not be told to leave them out."""
    folder = config.rootpath / ".vpcache"
    folder.mkdir(exist_ok=True)
    (folder / ".gitignore").write_text("*\n")
    return folder


@contextmanager
def _in_one_line() -> Iterator[None]:
    """Let pytest say what the user can mend without showing our code; end it where a signal came."""
    try:
        yield
    except InterruptedRunError as error:
        raise KeyboardInterrupt(str(error)) from error
    except VpcacheError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
