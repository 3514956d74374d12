from __future__ import annotations

from vpcache.lab.aws.apigateway.model import Stage
from vpcache.lab.aws.apigateway.requests.throttling import Limit, TokenBuckets, limit_of

ROUTE = ("api", "$default", "GET /a")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def taken(buckets: TokenBuckets, limit: Limit, times: int) -> int:
    return sum(buckets.take(ROUTE, limit) for _ in range(times))


def test_bucket_allows_its_burst_and_fills_at_its_rate() -> None:
    clock = Clock()
    buckets, limit = TokenBuckets(clock), Limit(2.0, 3)
    assert taken(buckets, limit, 10) == 3
    clock.now = 1.0
    assert taken(buckets, limit, 10) == 2
    clock.now = 100.0
    assert taken(buckets, limit, 10) == 3


def test_limits_of_zero_allow_nothing() -> None:
    clock = Clock()
    buckets = TokenBuckets(clock)
    clock.now = 1000.0
    assert taken(buckets, Limit(0.0, 0), 5) == 0


def test_changed_limit_begins_with_a_full_bucket() -> None:
    buckets = TokenBuckets(Clock())
    assert taken(buckets, Limit(1.0, 1), 2) == 1
    assert taken(buckets, Limit(1.0, 2), 3) == 2


def test_routes_have_separate_buckets() -> None:
    buckets, limit = TokenBuckets(Clock()), Limit(1.0, 1)
    assert buckets.take(ROUTE, limit) and not buckets.take(ROUTE, limit)
    assert buckets.take(("api", "$default", "GET /b"), limit)


def test_settings_of_a_route_precede_the_stages() -> None:
    stage = Stage(
        "v1",
        default_settings={"throttlingRateLimit": 5.0, "throttlingBurstLimit": 9},
        route_settings={"GET /a": {"throttlingRateLimit": 1.0}},
    )
    assert limit_of(stage, "GET /a") == Limit(1.0, 9)
    assert limit_of(stage, "GET /b") == Limit(5.0, 9)
    assert limit_of(Stage("v1"), "GET /b") is None
    assert limit_of(Stage("v1", default_settings={"throttlingBurstLimit": 2}), "") == Limit(10_000.0, 2)
