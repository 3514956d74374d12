"""Routes by the longest prefix, and the settings that they come from."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

REQUIRED = {"CACHE_ENDPOINT": "cache:11211", "ORIGIN_URL": "https://api.example.com/v1"}
TOKEN = {"PURGE_TOKEN_SHA256": hashlib.sha256(b"secret").hexdigest()}
PATHS = st.lists(st.sampled_from(["a", "ab", "b"]), min_size=1, max_size=4).map(
    lambda parts: "/" + "/".join(parts)
)


@pytest.fixture
def route(cached_api):
    """Return the Resource of a path with some settings."""

    def resource(path, query="", **variables):
        settings = cached_api.settings.from_environment(REQUIRED | variables)
        return cached_api.routes.Routes(settings).resource(path, query)

    return resource


def test_longest_prefix_of_whole_segments_applies(route):
    ttls = "/employees=60 /employees/archive=3600,86400"
    assert route("/employees/archive/1", PATH_TTLS=ttls).lifetime == (3600, 86400)
    assert route("/employees/archives", PATH_TTLS=ttls).lifetime == (60, 3600)
    assert route("/employees", PATH_TTLS=ttls).lifetime == (60, 3600)
    assert route("/employees2", PATH_TTLS=ttls, TTL_SECONDS="7", STALE_SECONDS="8").lifetime == (7, 8)
    assert route("/employees2", PATH_TTLS=f"{ttls} /=5,0").lifetime == (5, 0)


@given(st.sets(PATHS | st.just("/"), max_size=5), PATHS)
def test_longest_prefix_is_the_longest_that_covers(cached_api, prefixes, path):
    covering = [prefix for prefix in prefixes if cached_api.routes.covers(prefix, path)]
    assert cached_api.routes.longest(prefixes, path) == max(covering, key=len, default=None)


def test_origins_have_separate_keys(route):
    origins = "/orders=https://orders.example.com/v2/ /users=http://users.internal:8080"
    order, user, other = (route(path, ORIGINS=origins) for path in ("/orders/1", "/users/1", "/x"))
    assert (order.origin, order.path) == ("https://orders.example.com/v2", "/orders/1")
    assert user.origin == "http://users.internal:8080"
    assert other == route("/x")
    moved = route("/orders/1", ORIGINS="/orders=https://other.example.com")
    assert len({order.key, moved.key, route("/orders/1").key}) == 3


def test_key_of_a_plain_path_is_that_of_earlier_versions(route):
    assert route("/employees").key == b"v2:/employees"
    assert route("/employees", "page=2").key == b"v2:/employees?page=2"
    assert route("/employees", "page=2").path == "/employees?page=2"
    assert len(route("/" + "a" * 300, ORIGINS="/=http://x").key) <= 203


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("PATH_TTLS", "/employees", "PATH_TTLS has '/employees': it must be PREFIX=VALUE"),
        ("PATH_TTLS", "employees=60", "PREFIX=VALUE"),
        ("PATH_TTLS", "/employees/=60", "PREFIX=VALUE"),
        ("PATH_TTLS", "/a=60 /a=70", "/a twice"),
        ("PATH_TTLS", "/a=0", "TTL at least 1"),
        ("PATH_TTLS", "/a=60,", "TTL,STALE"),
        ("PATH_TTLS", "/a=60,-1", "TTL,STALE"),
        ("PATH_TTLS", "/a=2592000,1", "together at most 2592000"),
        ("PATH_TTLS", "/a=9999999999999", "whole seconds"),
        ("ORIGINS", "/a=ftp://x", "ORIGINS has 'ftp://x': it must be a URL"),
        ("ORIGINS", "/a=https://", "URL"),
        ("ORIGINS", "/a=https://user:word@x", "without user"),
        ("ORIGINS", "/a=https://x/?q=1", "query"),
        ("ORIGINS", "/a=https://x:port", "URL"),
        ("ORIGIN_URL", "https://x#y", "ORIGIN_URL has 'https://x#y'"),
        ("QUERY_PARAMETERS", "page a&b", "QUERY_PARAMETERS has 'a&b'"),
        ("STALE_IF_ERROR_SECONDS", "x", "STALE_IF_ERROR_SECONDS is 'x'"),
        ("STALE_WHILE_REVALIDATE_SECONDS", "-1", "whole seconds"),
        ("PURGE_CALLERS", "arn:aws:iam::123456789012:role/x", "PURGE_CALLERS has"),
        ("PURGE_CALLERS", "*", "PURGE_CALLERS has"),
        ("PURGE_CALLERS", "arn:aws:sts::123456789012:assumed-role/*", "assumed role"),
        ("PURGE_CALLERS", "arn:aws:sts::123456789012:assumed-role/x", "assumed role"),
        ("PURGE_TOKEN_SHA256", "secret", "64 hexadecimal digits"),
        ("PURGE_PREFIXES", "/employees", "PURGE_PREFIXES must be empty without"),
        ("PURGE_PREFIXES", "employees", "PURGE_PREFIXES has 'employees'"),
        ("PURGE_PREFIXES", "/" + "a" * 200, "PURGE_PREFIXES has"),
        ("PURGE_CHECK_SECONDS", "0.5", "whole seconds"),
    ],
)
def test_invalid_setting_is_one_clear_error(cached_api, variable, value, message):
    with pytest.raises(cached_api.settings.SettingsError, match=message) as caught:
        cached_api.settings.from_environment(REQUIRED | {variable: value})
    assert variable in str(caught.value)
    assert "secret" not in str(caught.value)


def test_settings_of_purges_are_accepted(cached_api):
    callers = "arn:aws:sts::123456789012:assumed-role/deploy/* arn:aws-cn:iam::123456789012:user/ops/ann"
    settings = cached_api.settings.from_environment(
        REQUIRED | TOKEN | {"PURGE_CALLERS": callers, "PURGE_PREFIXES": "/ /employees"}
    )
    assert settings.can_purge and settings.purge_callers == tuple(callers.split())
    assert not cached_api.settings.from_environment(REQUIRED).can_purge
