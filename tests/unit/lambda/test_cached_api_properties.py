"""Properties of cache keys, stored values and the choice of a node."""

import re
import string
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.cached_api.cached_reads import resource_of

FIRST = string.ascii_letters + string.digits + "_~-"
SEGMENT = st.tuples(st.sampled_from(FIRST), st.text(FIRST + ".", max_size=80)).map("".join)
PATHS = st.lists(SEGMENT, min_size=1, max_size=12).map(lambda parts: "/" + "/".join(parts))
MOMENTS = st.integers(0, 2**63)


@given(PATHS)
def test_every_path_has_a_valid_memcached_key(cached_api, path):
    key = resource_of(cached_api, path).key
    assert re.fullmatch(rb"v2:[!-~]{1,200}", key)
    assert len(b"lease:" + key) <= 250


@given(st.lists(PATHS, unique=True, min_size=2, max_size=4))
def test_no_two_paths_share_a_key(cached_api, paths):
    assert len({resource_of(cached_api, path).key for path in paths}) == len(paths)


@given(st.text(max_size=80))
def test_text_is_refused_or_consists_of_plain_segments(cached_api, text):
    try:
        resource = resource_of(cached_api, text)
    except cached_api.event.BadEventError:
        return
    assert re.fullmatch(r"(/[\w~-][\w.~-]*)+", resource.path, re.ASCII)
    assert resource.path == text


@given(st.integers(0, 2), MOMENTS, MOMENTS, MOMENTS, st.binary(max_size=3000))
def test_unpacked_entry_equals_the_packed_one(cached_api, kind, stored_at, refresh_at, fresh_until, body):
    envelope = cached_api.envelope
    entry = envelope.Entry(kind, stored_at, refresh_at, fresh_until, body)
    unpacked = envelope.unpack(memoryview(envelope.pack(entry)))
    assert unpacked._replace(body=bytes(unpacked.body)) == entry


@given(st.binary(max_size=200))
def test_foreign_value_raises_envelope_error_only(cached_api, value):
    envelope = cached_api.envelope
    for candidate in (value, b"vpc" + value, b"vpc\1" + value):
        try:
            envelope.body_of(envelope.unpack(memoryview(candidate)))
        except envelope.EnvelopeError:
            continue
        assert candidate.startswith(b"vpc")


@given(st.binary(max_size=500), st.integers(1, 6))
def test_truncated_deflated_value_is_refused(cached_api, body, cut):
    envelope = cached_api.envelope
    deflated = zlib.compress(body)
    whole = envelope.entry(envelope.DEFLATED, deflated, 0, 60)
    assert envelope.body_of(whole) == body
    with pytest.raises(envelope.EnvelopeError):
        envelope.body_of(whole._replace(body=deflated[:-cut]))


@given(st.integers(1, 86400), st.floats(0, 1))
def test_refresh_begins_in_the_last_part_of_a_lifetime(cached_api, ttl, chance):
    envelope = cached_api.envelope
    entry = envelope.entry(envelope.PLAIN, b"", 1000, ttl, lambda: chance)
    assert entry.fresh_until == 1000 + ttl * 1000
    assert 0 <= entry.fresh_until - entry.refresh_at <= ttl * 1000 * envelope.EARLY + 1


@given(st.binary(max_size=20_000), st.floats(1e3, 1e10))
def test_value_is_deflated_only_if_hits_get_faster(cached_api, body, rate):
    envelope = cached_api.envelope
    deflated = envelope.compressed(body, rate)
    if deflated is None:
        return
    assert len(body) > envelope.COMPRESS_OVER
    assert zlib.decompress(deflated) == body
    inflating = len(body) / envelope.INFLATE_BYTES_PER_SECOND
    assert len(deflated) / rate + inflating < len(body) / rate


def test_value_is_deflated_for_a_slow_network_only(cached_api):
    body = b'{"name":"value"},' * 1000
    assert cached_api.envelope.compressed(body, 50e6)
    assert not cached_api.envelope.compressed(body, 2e9)
    assert not cached_api.envelope.compressed(body[:4096], 50e6)


@given(st.integers(2, 12), st.data())
def test_removed_node_moves_no_keys_of_other_nodes(cached_api, count, data):
    nodes = [cached_api.discovery.Node(f"node-{number}", 11211) for number in range(count)]
    removed = data.draw(st.sampled_from(nodes))
    before = cached_api.ring.Ring(nodes)
    after = cached_api.ring.Ring([node for node in nodes if node != removed])
    for number in range(50):
        key = b"v2:/employee/%d" % number
        assert before.node_of(key) in (removed, after.node_of(key))


@pytest.mark.parametrize("count", [2, 3, 5, 8])
def test_keys_spread_evenly(cached_api, count):
    nodes = [cached_api.discovery.Node(f"cache.000{number}.use1", 11211) for number in range(count)]
    ring = cached_api.ring.Ring(nodes)
    chosen = [ring.node_of(b"v2:/employee/%d" % number) for number in range(4000)]
    for node in nodes:
        assert chosen.count(node) == pytest.approx(4000 / count, rel=0.15)
