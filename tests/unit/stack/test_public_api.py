"""The names that `vpcache` exports."""

from pathlib import Path

import pytest

import vpcache


@pytest.mark.parametrize("name", vpcache.__all__)
def test_public_name_has_a_docstring(name):
    assert getattr(vpcache, name).__doc__


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        vpcache.nothing  # noqa: B018


def test_public_errors_have_one_root():
    errors = [
        value for name in vpcache.__all__ if name.endswith("Error") for value in [getattr(vpcache, name)]
    ]
    assert [error for error in errors if not issubclass(error, vpcache.VpcacheError)] == []


def test_types_are_published():
    assert (Path(vpcache.__file__).parent / "py.typed").exists()
