"""Content codings by Accept-Encoding, and entity tags by If-None-Match."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

QUALITY = st.sampled_from(["", ";q=0", ";q=1", ";q=0.5", "; q=0.001", ";q=1.000"])
CODING = st.sampled_from(["gzip", "deflate", "br", "identity", "*", "x-gzip"])
HEADER = st.lists(st.tuples(CODING, QUALITY).map("".join), max_size=5).map(", ".join)


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("", "identity"),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate, br, zstd", "gzip"),
        ("deflate", "deflate"),
        ("deflate, gzip;q=0.9", "deflate"),
        ("gzip;q=0.5, identity;q=0.8", "identity"),
        ("gzip;q=0.5, identity;q=0.5", "gzip"),
        ("gzip;q=0", "identity"),
        ("br", "identity"),
        ("identity", "identity"),
        ("*", "gzip"),
        ("gzip;q=0, *", "deflate"),
        ("*;q=0", None),
        ("identity;q=0", None),
        ("br, identity;q=0", None),
        ("*;q=0, gzip", "gzip"),
        ("identity;q=0, deflate;q=0.1", "deflate"),
        ("gzip;q=2", "identity"),
        ("gzip;q=0.1234", "identity"),
        ("gzip;q=", "identity"),
        ("gzip;level=9", "identity"),
        ("\u0131dentity;q=0", "identity"),
        ("gzip," * 300, "identity"),
    ],
)
def test_coding_has_the_greatest_weight(cached_api, header, coding):
    assert cached_api.encoding.choose(header, is_worthwhile=True) == coding


@pytest.mark.parametrize(
    ("header", "coding"), [("gzip", "identity"), ("gzip, identity;q=0", "gzip"), ("*;q=0", None)]
)
def test_body_that_gains_nothing_is_coded_only_if_required(cached_api, header, coding):
    assert cached_api.encoding.choose(header, is_worthwhile=False) == coding


@given(HEADER | st.text(max_size=60), st.booleans())
def test_excluded_codings_are_never_chosen(cached_api, header, is_worthwhile):
    coding = cached_api.encoding.choose(header, is_worthwhile=is_worthwhile)
    weights = cached_api.encoding.weights(header)
    assert coding in ("gzip", "deflate", "identity", None)
    if coding:
        default = 1.0 if coding == "identity" else 0.0
        assert weights.get(coding, weights.get("*", default)) > 0
    else:
        assert weights.get("identity", weights.get("*")) == 0


@given(st.binary(max_size=5000))
def test_coded_content_can_be_decoded_and_is_reproducible(cached_api, content):
    encode = cached_api.encoding.encode
    assert gzip.decompress(encode(content, "gzip")) == content
    assert zlib.decompress(encode(content, "deflate")) == content
    assert encode(content, "gzip") == encode(content, "gzip")


@pytest.mark.parametrize(
    ("content_type", "size", "expected"),
    [
        ("application/json; charset=utf-8", 1000, True),
        ("application/problem+json", 1000, True),
        ("Text/HTML", 5000, True),
        ("image/svg+xml", 5000, True),
        ("application/json", 999, False),
        ("image/png", 5000, False),
        ("application/octet-stream", 5000, False),
    ],
)
def test_only_large_text_is_worth_a_coding(cached_api, content_type, size, expected):
    assert cached_api.encoding.is_worthwhile(content_type, size) is expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('"abc"', True),
        ('W/"abc"', True),
        ('"x", W/"abc" , "y"', True),
        ("*", True),
        ("", False),
        ("abc", False),
        ('"abcd"', False),
        ('"ab', False),
        ('"abc"' + " " * 5000, False),
    ],
)
def test_entity_tags_are_compared_weakly(cached_api, header, expected):
    assert cached_api.conditional.is_match(header, '"abc"') is expected


@given(st.binary(min_size=1, max_size=200), st.binary(min_size=1, max_size=200))
def test_entity_tag_depends_on_content_and_coding_only(cached_api, one, other):
    etag_of = cached_api.conditional.etag_of
    assert (etag_of(one, None) == etag_of(other, None)) is (one == other)
    tags = {etag_of(one, coding) for coding in (None, "gzip", "deflate")}
    assert len(tags) == 3
    assert all(cached_api.conditional.is_match(tag, tag) for tag in tags)


def test_memo_keeps_the_recent_results_within_its_size(cached_api):
    memo = cached_api.encoding.RecentResults(10)
    made = []

    def get(name, size):
        def make():
            made.append(name)
            return b"x" * size

        return memo.get(name, make)

    for name, size in (("a", 4), ("b", 4), ("a", 4), ("c", 4), ("a", 4), ("b", 4), ("big", 11), ("a", 4)):
        assert len(get(name, size)) == size
    assert made == ["a", "b", "c", "b", "big", "a"]
