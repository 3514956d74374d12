import pytest


@pytest.fixture(autouse=True)
def alone(run):
    """A drill takes something away from the stack: nobody else may look meanwhile."""
    with run.in_use(exclusive=True):
        yield
