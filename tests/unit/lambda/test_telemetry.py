import json
import secrets
from types import SimpleNamespace

import pytest


@pytest.fixture
def start(cached_api, monkeypatch):
    """Make a telemetry and its clock, within the test: a log handler keeps the stream of its making."""

    def make():
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", f"function-{secrets.token_hex(4)}")
        clock = SimpleNamespace(now=0.0)
        made = cached_api.telemetry.Telemetry(lambda: clock.now)
        made.begin(SimpleNamespace(aws_request_id="request-1"))
        return made, clock

    return make


def written(capsys):
    """Return what was written since the last look: metrics and log lines."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if "_aws" in line], [line for line in lines if "_aws" not in line]


def test_hits_are_counted_and_written_at_most_every_few_seconds(start, cached_api, capsys):
    made, clock = start()
    for _ in range(3):
        made.hit()
    assert written(capsys) == ([], [])
    clock.now += cached_api.telemetry.FLUSH_SECONDS
    made.hit()
    [metrics], logs = written(capsys)
    assert metrics["Hit"] == [4]
    assert metrics["service"].startswith("function-")
    assert metrics["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [{"Name": "Hit", "Unit": "Count"}]
    assert logs == []
    made.hit()
    assert written(capsys) == ([], [])


def test_all_that_is_not_a_hit_is_logged_and_counted(start, capsys):
    made, _ = start()
    made.cache_error("node-1:11211 is left alone")
    made.fetching("/employees")
    made.fetched(0.05)
    made.answered("/employees", "MISS", 0)
    made.answered("/employees", "BYPASS", 0)
    made.answered("/employees", "STALE", 7)
    made.flush()
    metrics, logs = written(capsys)
    counted = {name: value for each in metrics for name, value in each.items()}
    names = ("CacheError", "Miss", "Stale", "OriginLatency")
    assert [counted[name] for name in names] == [[1], [2], [1], [50]]
    assert [line["message"] for line in logs] == ["cache error", "fetching", "stale"]
    assert {line["request_id"] for line in logs} == {"request-1"}
    assert logs[0]["error"] == "node-1:11211 is left alone"


def test_failures_are_counted_and_a_crash_written_at_once(start, capsys):
    made, _ = start()
    made.failed("/employees", "the origin answered 503")
    assert written(capsys)[0] == []
    made.crashed()
    [metrics], logs = written(capsys)
    assert (metrics["OriginError"], metrics["Crash"]) == ([1], [1])
    assert [line["message"] for line in logs] == ["unforeseen"]


def test_no_metrics_are_written_where_nothing_happened(start, capsys):
    start()[0].flush()
    assert written(capsys) == ([], [])
