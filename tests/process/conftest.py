"""The served region, which takes a second to import."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.served.functions import role_and_client
from tests.support.served.region import Port, Region, listen, serve_at


@pytest.fixture(scope="session")
def region_port() -> Iterator[Port]:
    """The port of the regions of this process: with one URL, tests can share clients."""
    with listen() as port:
        yield port


@pytest.fixture
def region(region_port: Port) -> Iterator[Region]:
    """An empty region's API, with a fake data plane."""
    with serve_at(region_port) as served:
        yield served


@pytest.fixture
def functions(region: Region) -> Any:
    """A client of the region's Lambda, in an account with the functions' execution role."""
    return role_and_client(region)
