import pytest


@pytest.fixture(autouse=True)
def beside_others(run):
    """Tests that only look may run at once, but not while a drill takes something away."""
    with run.in_use(exclusive=False):
        yield
