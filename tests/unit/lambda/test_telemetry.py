import json
import secrets
from types import SimpleNamespace

import pytest


@pytest.fixture
def start(cached_api, monkeypatch):
    """Create a telemetry and its clock, within the test: a log handler retains the stream of its creation."""

    def create():
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", f"function-{secrets.token_hex(4)}")
        clock = SimpleNamespace(now=0.0)
        telemetry = cached_api.telemetry.Telemetry(lambda: clock.now)
        telemetry.begin(SimpleNamespace(aws_request_id="request-1"))
        return telemetry, clock

    return create


def written(capsys):
    """Return metrics and log lines written since the last call."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if "_aws" in line], [line for line in lines if "_aws" not in line]


def test_hit_count_is_flushed_every_few_seconds(start, cached_api, capsys):
    telemetry, clock = start()
    for _ in range(3):
        telemetry.hit()
    assert written(capsys) == ([], [])
    clock.now += cached_api.telemetry.FLUSH_SECONDS
    telemetry.hit()
    [metrics], logs = written(capsys)
    assert metrics["Hit"] == [4]
    assert metrics["service"].startswith("function-")
    assert metrics["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [{"Name": "Hit", "Unit": "Count"}]
    assert logs == []
    telemetry.hit()
    assert written(capsys) == ([], [])


def test_all_but_hits_are_logged_and_counted(start, capsys):
    telemetry, _ = start()
    telemetry.cache_error("node-1:11211 is skipped")
    telemetry.fetching("/employees")
    telemetry.fetched(0.05)
    telemetry.responded("/employees", "MISS", 0)
    telemetry.responded("/employees", "BYPASS", 0)
    telemetry.responded("/employees", "STALE", 7)
    telemetry.flush()
    metrics, logs = written(capsys)
    counted = {name: value for each in metrics for name, value in each.items()}
    names = ("CacheError", "Miss", "Stale", "OriginLatency")
    assert [counted[name] for name in names] == [[1], [2], [1], [50]]
    assert [line["message"] for line in logs] == ["cache error", "fetching", "stale"]
    assert {line["request_id"] for line in logs} == {"request-1"}
    assert logs[0]["error"] == "node-1:11211 is skipped"


def test_crash_flushes_the_counts_immediately(start, capsys):
    telemetry, _ = start()
    telemetry.failed("/employees", "the origin answered 503")
    assert written(capsys)[0] == []
    telemetry.crashed()
    [metrics], logs = written(capsys)
    assert (metrics["OriginError"], metrics["Crash"]) == ([1], [1])
    assert [line["message"] for line in logs] == ["unexpected error"]


def test_purges_and_denied_ones_are_counted_and_logged_at_once(start, capsys):
    telemetry, _ = start()
    telemetry.purged("prefix /employees", "arn:aws:iam::123456789012:user/ann", 2)
    telemetry.purge_denied(None)
    metrics, logs = written(capsys)
    assert [(each.get("Purge"), each.get("PurgeDenied")) for each in metrics] == [([1], None), (None, [1])]
    assert [(line["message"], line.get("what")) for line in logs] == [
        ("purged", "prefix /employees"),
        ("purge denied", None),
    ]


def test_no_metrics_are_written_without_events(start, capsys):
    start()[0].flush()
    assert written(capsys) == ([], [])
