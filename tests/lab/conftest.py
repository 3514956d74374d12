from __future__ import annotations

from collections.abc import Iterator

import pytest
from premises import Premises

from vpcache.lab.client import Lab
from vpcache.run import Run


@pytest.fixture(scope="session")
def own_lab(tmp_path_factory: pytest.TempPathFactory, vpcache_run: Run) -> Iterator[Lab]:
    """A lab of this worker's own: what goes wrong here disturbs no stack."""
    with vpcache_run.own_lab() as lab:
        lab.start(tmp_path_factory.mktemp("lab") / "lab.log")
        lab.configure(transition_ms=20)  # what is to be seen on the way is seen elsewhere
        yield lab


@pytest.fixture
def premises(own_lab: Lab) -> Iterator[Premises]:
    """An empty VPC of two zones; all faults are mended at the end."""
    yield Premises(own_lab)
    own_lab.mend()
