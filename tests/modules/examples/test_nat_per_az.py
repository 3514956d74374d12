"""The examples of the module nat_per_az on the lab."""

import pytest

from tests.support.examples.lifecycle import apply_and_destroy, each_example


@pytest.mark.lab
@each_example("nat_per_az")
def test_example_applies_and_destroys(example, target, tmp_path):
    apply_and_destroy(example, target, tmp_path)
