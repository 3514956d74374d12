import pytest


@pytest.fixture
def outputs(run, outputs):
    """The shared stack's outputs, for tests that only look: any number at once, but none during a drill."""
    with run.in_use(exclusive=False):
        yield outputs
