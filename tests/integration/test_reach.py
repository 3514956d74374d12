"""Which packets can pass in the stack's VPC: the fixture `reach`, and the policy beside the root module."""

from __future__ import annotations


def test_only_the_cached_api_reaches_the_cache(reach):
    assert reach.can("cached-api", "cache", 11211)
    assert not reach.can("cached-api", "cache", 11212)
    assert not reach.can("internet", "cache", 11211)


def test_cached_api_reaches_the_internet_through_the_gateway_of_each_zone(reach, outputs):
    found = reach.can("cached-api", "internet", 443)
    assert found
    seen = {str(answer.path.seen_as) for answer in found.found}
    assert seen == set(outputs["egress_ips"].values())


def test_stack_fulfils_the_policy_of_its_environment(reach):
    reach.policy()
