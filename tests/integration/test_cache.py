import uuid

import pytest

from vpcache.functions import call, call_cached_api


def unused_path() -> str:
    return f"/employee/{uuid.uuid4().hex}"


def test_second_call_is_a_hit(probes):
    assert probes.cache_hit()


def test_keys_are_distributed_over_both_nodes(probes):
    assert probes.keys_on_every_node()


def test_cache_nodes_are_in_different_zones(outputs):
    assert sorted(node["availability_zone"] for node in outputs["cache_nodes"]) == sorted(outputs["zones"])


def test_invalid_path_is_refused(target, outputs):
    answer = call(target, outputs["cached_api"], {"path": "//evil.example/x"})
    assert answer.payload["statusCode"] == 400


@pytest.mark.lab
def test_first_call_misses_and_origin_counts_one_call(lab, target, outputs):
    path = unused_path()
    first, second = (call_cached_api(target, outputs["cached_api"], path) for _ in range(2))
    assert (first.source, second.source) == ("origin", "cache")
    assert first.body == second.body
    calls = lab.origin_calls()
    assert [count for url, count in calls.items() if url.endswith(path)] == [1]
