from __future__ import annotations

import pytest

from tests.support.served.region import Region
from tests.support.served.stacks import Stacks


@pytest.fixture
def stacks(region: Region) -> Stacks:
    """The region's stacks."""
    return Stacks(region.client("cloudformation"))
