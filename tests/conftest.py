import gc
import signal

import hypothesis
import pytest

from tests.support.paths import TESTS
from vpcache.bundle import EGRESS_PROBE

TIERS = ("drills", "modules", "integration", "lab", "network", "process", "unit")
"""Folders of tests by their requirements, the slowest first."""

pytest_plugins = ["tests.support.fixtures"]

# a deadline for each example would measure the load of the machine
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")

# a shell starts background jobs with SIGINT ignored, and nohup with SIGHUP ignored; children inherit both,
# and tests send both to child processes
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# tests create millions of short-lived objects; at Python's default thresholds a third of the time is spent in
# collections that walk AWS's models, which stay
gc.set_threshold(20_000, 10, 50)


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="also run the tests marked long, which take minutes")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    _sort_slowest_first(items)
    if config.getoption("--long"):
        return
    long = [item for item in items if item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """One worker runs the drills; None leaves the choice to pytest-xdist."""
    from tests.drill_scheduling import DrillScheduling  # pytest-xdist may be missing

    return DrillScheduling(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_finish():
    """Leave modules and collected tests out of garbage collections: they live as long as the process."""
    gc.freeze()


def _sort_slowest_first(items):
    """Sort by file: first the drills, which lock the shared stack; tests that wait for it come later.

    pytest-xdist distributes files in this order.
    """
    sharing = {item.path for item in items if "stack" in getattr(item, "fixturenames", ())}

    def rank(item):
        folder = item.path.relative_to(TESTS).parts[0]
        is_waiting = folder == "integration" and item.path in sharing
        return [
            TIERS.index(folder),
            is_waiting,
        ]

    items.sort(key=rank)


@pytest.fixture(scope="session")
def stack_variables(bundle):
    """The bundles of the functions of envs/dev, for tests of a stack of this project."""
    bundles = {name: bundle(f"lambda/{name}") for name in ("cached_api", "origin")}
    return {"bundles": bundles | {"egress_probe": bundle(EGRESS_PROBE)}}
