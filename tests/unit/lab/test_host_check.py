"""Rejection of requests that come from web pages of other sites."""

import pytest

from vpcache.lab.daemon.host_check import rejection_reason


@pytest.mark.parametrize("host", ["127.0.0.1:4600", "localhost:4600", "LOCALHOST"])
def test_local_host_header_is_accepted(host):
    assert rejection_reason(host, None) is None


@pytest.mark.parametrize(
    "host", ["evil.example:4600", "127.0.0.1.evil.example", "", "[::1", "a@evil.example"]
)
def test_foreign_host_header_is_rejected(host):
    reason = rejection_reason(host, None)
    assert reason is not None
    assert repr(host) in reason


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", "http://[::1"]
)
def test_foreign_origin_header_is_rejected(origin):
    reason = rejection_reason("127.0.0.1:4600", origin)
    assert reason is not None
    assert repr(origin) in reason


def test_local_origin_header_is_accepted():
    assert rejection_reason("127.0.0.1:4600", "http://localhost:8000") is None
