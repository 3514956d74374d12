from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from bench.rig import Origin, cluster
from tests.support.cached_api.cached_reads import Api, FakeTelemetry
from tests.support.cached_api.http_events import HttpCaller
from tests.support.paths import LAMBDA


@contextmanager
def _import_path(folder: Path) -> Iterator[None]:
    """Import from a function's folder as Lambda does. Several functions have a module named `handler`."""
    names = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/*.py")}

    def loaded() -> dict[str, ModuleType]:
        return {name: module for name, module in sys.modules.items() if name.partition(".")[0] in names}

    before = loaded()
    for name in before:
        del sys.modules[name]
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in loaded():
            del sys.modules[name]
        sys.modules.update(before)


@pytest.fixture(scope="session")
def function_module():
    """Return one module of a function's folder, e.g. ("cached_api", "handler")."""

    def load(function: str, module: str) -> ModuleType:
        with _import_path(LAMBDA / function):
            return importlib.import_module(module)

    return load


@pytest.fixture(scope="session")
def function_modules():
    """The modules of a function by their last name, loaded together so that they share their classes."""

    def load(function: str) -> SimpleNamespace:
        folder = LAMBDA / function
        with _import_path(folder):
            files = [path.relative_to(folder).with_suffix("") for path in folder.rglob("*.py")]
            return SimpleNamespace(
                **{path.name: importlib.import_module(".".join(path.parts)) for path in files}
            )

    return load


@pytest.fixture(scope="session")
def cached_api(function_modules):
    """The cached API's modules by their last name."""
    modules = function_modules("cached_api")
    sys.modules["fetcher"] = modules.fetcher  # the function imports it at the first miss
    sys.modules["front_door.service"] = modules.service  # ... and this one at the first HTTP request
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
    """Create the API of another worker."""

    def create(**settings):
        return Api(cached_api, settings.pop("url", origin.url), two_nodes.port, **settings)

    return create


@pytest.fixture
def new_front_door(cached_api, origin, two_nodes):
    """Create another worker that is called as by a front door; `settings` replace those of the variables."""
    timeouts = dict.fromkeys(("connect_timeout", "response_timeout", "discovery_timeout"), 30.0)

    def create(settings=(), **variables):
        endpoint = {"CACHE_ENDPOINT": f"127.0.0.1:{two_nodes.port}", "ORIGIN_URL": origin.url}
        handler = cached_api.handler.Handler(endpoint | variables, FakeTelemetry)
        handler.settings = handler.settings._replace(**timeouts | dict(settings))
        return HttpCaller(handler)

    return create
