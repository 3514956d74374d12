"""The size of a drill's load, by Lambda's quota."""

import pytest

from vpcache.drills.load import LoadSize, fitted_size
from vpcache.errors import VpcacheError


@pytest.mark.parametrize(
    ("available", "size"),
    [
        (1000, LoadSize(40, 64)),
        (64, LoadSize(40, 64)),
        (32, LoadSize(20, 32)),
        (10, LoadSize(6.25, 10)),  # a new account's quota
        (8, LoadSize(5, 8)),
    ],
)
def test_load_fits_the_available_concurrency(available, size):
    assert fitted_size(40, available) == size


@pytest.mark.parametrize("available", [7, 0])
def test_too_little_concurrency_is_refused_with_the_quota_code(available):
    with pytest.raises(VpcacheError, match=f"allows {available} concurrent .* at least 8.*L-B99A9384"):
        fitted_size(40, available)
