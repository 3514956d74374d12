import pytest


@pytest.fixture
def outputs(run, outputs):
    """The shared stack's outputs, for a test that takes something away: nobody else may look meanwhile."""
    with run.in_use(exclusive=True):
        yield outputs
