import pytest

from vpcache.lab.daemon.host_check import rejection_reason


@pytest.mark.parametrize("host", ["127.0.0.1:4600", "localhost:4600", "LOCALHOST"])
def test_programs_are_answered(host):
    assert rejection_reason(host, None) is None


@pytest.mark.parametrize(
    "host", ["evil.example:4600", "127.0.0.1.evil.example", "", "[::1", "a@evil.example"]
)
def test_a_name_made_to_resolve_to_loopback_is_refused(host):
    complaint = rejection_reason(host, None)
    assert complaint is not None
    assert repr(host) in complaint


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", "http://[::1"]
)
def test_a_page_of_another_site_is_refused(origin):
    complaint = rejection_reason("127.0.0.1:4600", origin)
    assert complaint is not None
    assert repr(origin) in complaint


def test_a_page_of_this_machine_is_answered():
    assert rejection_reason("127.0.0.1:4600", "http://localhost:8000") is None
