from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from bench.rig import Origin, cluster
from tests.support.cached_reads import Api
from tests.support.paths import LAMBDA
from tests.support.served_functions import role_and_client
from tests.support.served_region import Region, serve


@contextmanager
def _on_path(folder: Path) -> Iterator[None]:
    """Import from a function's folder as Lambda does; both functions have a module named `handler`."""
    names = [path.stem for path in folder.glob("*.py")]
    before = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(before)


@pytest.fixture(scope="session")
def function_module():
    """Return one module of a function's folder, e.g. ("cached_api", "cache")."""

    def load(function: str, module: str) -> ModuleType:
        with _on_path(LAMBDA / function):
            return importlib.import_module(module)

    return load


@pytest.fixture(scope="session")
def cached_api(function_module):
    """The cached API's modules, loaded together so that they share their classes."""
    with _on_path(LAMBDA / "cached_api"):
        names = [path.stem for path in (LAMBDA / "cached_api").glob("*.py")]
        modules = SimpleNamespace(**{name: importlib.import_module(name) for name in names})
    sys.modules["exchange"] = modules.exchange  # it is imported only when the first miss comes
    return modules


@pytest.fixture
def origin():
    server = Origin()
    yield server
    server.close()


@pytest.fixture
def two_nodes():
    with cluster(2) as (nodes, discovery):
        yield SimpleNamespace(nodes=nodes, discovery=discovery, port=discovery.port)


@pytest.fixture
def new_api(cached_api, origin, two_nodes):
    """Make the API of one more worker."""

    def make(**settings):
        return Api(cached_api, settings.pop("url", origin.url), two_nodes.port, **settings)

    return make


@pytest.fixture
def region() -> Iterator[Region]:
    """A region's API with nothing in it, over a stand-in for the data plane."""
    with serve() as served:
        yield served


@pytest.fixture
def functions(region):
    """A client of the region's Lambda, in an account with the role that the functions have."""
    return role_and_client(region)
