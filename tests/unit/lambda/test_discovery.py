import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

FIRST = string.ascii_lowercase + string.digits
HOSTS = st.tuples(st.sampled_from(FIRST), st.text(FIRST + ".-", max_size=40)).map("".join)
NODES = st.lists(
    st.tuples(HOSTS, st.ip_addresses(v=4), st.booleans(), st.integers(1, 65535)), min_size=1, max_size=40
)


def reply(version: int, entries: list[bytes]) -> bytes:
    body = b"%d\n%s\n" % (version, b" ".join(entries))
    return b"CONFIG cluster 0 %d\r\n%s\r\nEND\r\n" % (len(body), body)


@given(st.integers(0, 2**31), NODES)
def test_valid_reply_contains_its_nodes(cached_api, version, nodes):
    entries = [f"{host}|{ip if has_ip else ''}|{port}".encode() for host, ip, has_ip, port in nodes]
    cluster = cached_api.discovery.parse(reply(version, entries))
    expected = {(host, str(ip) if has_ip else host, port) for host, ip, has_ip, port in nodes}
    assert cluster.version == version
    assert {(node.host, node.address, node.port) for node in cluster.nodes} == expected
    assert cluster == cached_api.discovery.parse(reply(version, entries[::-1]))


@given(NODES, st.data())
def test_truncated_reply_is_refused(cached_api, nodes, data):
    whole = reply(1, [f"{host}|{ip}|{port}".encode() for host, ip, _, port in nodes])
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(cached_api.discovery.DiscoveryError):
        cached_api.discovery.parse(whole[:cut])


@given(st.binary(max_size=200))
def test_random_bytes_raise_discovery_error_only(cached_api, garbage):
    with pytest.raises(cached_api.discovery.DiscoveryError):
        cached_api.discovery.parse(b"CONFIG cluster 0 9999\r\n" + garbage)
    with pytest.raises(cached_api.discovery.DiscoveryError):
        cached_api.discovery.parse(garbage)


@pytest.mark.parametrize(
    "entry", [b"host|1.2.3.4", b"host|1.2.3.4|port", b"||11211", b"h|1.2.3.4|0", b"\xff|\xff|1"]
)
def test_malformed_node_is_refused(cached_api, entry):
    with pytest.raises(cached_api.discovery.DiscoveryError, match=r"host\|ip\|port"):
        cached_api.discovery.parse(reply(1, [entry]))
