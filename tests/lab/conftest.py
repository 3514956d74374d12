from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.network.vpc_factory import VpcFactory
from vpcache.lab.client import Lab
from vpcache.testing.run import Run

ROOMY = {"transition_ms": 20, "interface_linger_seconds": 0, "iam_lag_ms": 0, "elastic_ips": 100, "vpcs": 500}
"""Settings for tests of something else than quotas and delays, which share a lab."""


@pytest.fixture(scope="session")
def own_lab(tmp_path_factory: pytest.TempPathFactory, vpcache_run: Run) -> Iterator[Lab]:
    """A lab of this worker's own: what goes wrong here disturbs no stack."""
    with vpcache_run.own_lab() as lab:
        lab.start(tmp_path_factory.mktemp("lab") / "lab.log")
        lab.configure(**ROOMY)
        yield lab


@pytest.fixture
def vpc_factory(own_lab: Lab) -> Iterator[VpcFactory]:
    """An empty VPC of two zones; all faults are mended at the end."""
    yield VpcFactory(own_lab)
    own_lab.clear_faults()
