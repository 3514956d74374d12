import os

import pytest

from vpcache.stack.target import lab_target


@pytest.fixture(scope="session")
def target(vpcache_run, tmp_path_factory):
    """A dedicated lab for the modules of a worker: the faults of drills affect all stacks of their lab."""
    with vpcache_run.own_lab() as lab:
        lab.start(tmp_path_factory.mktemp("lab") / "lab.log")
        lab.configure(**vpcache_run.lab_settings)
        yield lab_target(lab.endpoint, os.environ)
