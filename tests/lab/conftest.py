from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.network.vpc_factory import VpcFactory
from vpcache.lab.client import Lab
from vpcache.testing.run import PytestRun

NO_DELAYS = {"transition_ms": 20, "interface_linger_seconds": 0, "iam_lag_ms": 0}
LARGE_QUOTAS = {"elastic_ips": 100, "vpcs": 500}
"""Settings of the shared lab, for tests that are not about delays and quotas."""


@pytest.fixture(scope="session")
def own_lab(tmp_path_factory: pytest.TempPathFactory, vpcache_run: PytestRun) -> Iterator[Lab]:
    """A dedicated lab of this worker: faults in it do not affect the shared stack."""
    with vpcache_run.own_lab() as lab:
        lab.start(tmp_path_factory.mktemp("lab") / "lab.log")
        lab.configure(**NO_DELAYS, **LARGE_QUOTAS)
        yield lab


@pytest.fixture
def vpc_factory(own_lab: Lab) -> Iterator[VpcFactory]:
    """An empty VPC of two zones; all faults are cleared at the end."""
    yield VpcFactory(own_lab)
    own_lab.clear_faults()
