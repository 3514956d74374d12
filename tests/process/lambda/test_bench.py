"""What the bench makes of times; the times themselves are the machine's business."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from bench.contestants import python
from bench.figure import svg
from bench.result import BARE, HANDLER, NAIVE, ORIGIN, OURS, RAW, SCENARIO, SILENT, Result, lines, text
from bench.rig import Origin, cluster, employees
from bench.times import Times, times


def result(changes=()):
    """Return a run in which everything was reached, but for `changes`: medians and tails of hits, in µs."""
    medians = {RAW: 10, OURS: 12, SILENT: 11, NAIVE: 60, SCENARIO: 160} | dict(changes)
    hits = {name: Times(median, 2 * median, 100) for name, median in medians.items()}
    misses = {name: Times(median, 60_000, 10) for name, median in ((ORIGIN, 50_000), (OURS, 51_500))}
    return Result(
        hits={"2 KB": hits, "100 KB": hits},
        misses={"2 KB": misses},
        cold_key={OURS: 1, SCENARIO: 100},
        short_lived={OURS: (6, Times(50, 900, 4800))},
        imports={HANDLER: 50, BARE: 45},
        bundle_bytes=1_900_000,
        end_to_end=None,
    )


def test_percentiles_are_those_of_the_sorted_series():
    assert times([float(value) for value in range(1000, 0, -1)]) == Times(501, 991, 1000)
    assert times([7.0]) == Times(7, 7, 1)


def test_a_good_run_misses_nothing():
    assert [str(line) for line in lines(result()) if not line.is_met] == []


@pytest.mark.parametrize(
    ("changes", "missed"),
    [
        ({OURS: 14}, ["p50 over the raw", "p50 over the raw", "scenario's p50"]),
        ({SCENARIO: 100}, ["scenario's p50"]),
        ({SCENARIO: 50}, ["scenario's p50", "scenario's p50"]),
        ({RAW: 6}, ["p50 over the raw", "p99 over the raw"] * 2),
    ],
)
def test_a_bad_run_says_what_it_misses(changes, missed):
    bad = [str(line) for line in lines(result(changes)) if not line.is_met]
    assert len(bad) == len(missed)
    assert all(words in line and line.endswith("MISSED") for words, line in zip(missed, bad, strict=True))


def test_the_tables_name_every_contestant():
    said = text(result())
    assert all(name in said for name in (RAW, OURS, SILENT, NAIVE, SCENARIO, ORIGIN))


def test_bars_are_as_long_as_the_medians():
    root = ElementTree.fromstring(svg(result()))
    widths = [float(bar.get("width")) for bar in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert len(widths) == 8
    assert [width / widths[0] for width in widths[:4]] == pytest.approx([1, 1.2, 6, 16], rel=0.02)


@pytest.mark.parametrize("way", ["raw", "ours", "ours_silent", "ours_many", "naive", "origin"])
def test_every_way_answers(way):
    with cluster(2) as (nodes, discovery):
        origin = Origin()
        nodes[0].put(b"raw:/bytes/2000/x", employees(2000))
        settings = {
            "nodes": [node.port for node in nodes],
            "discovery": discovery.port,
            "origin": origin.url,
            "ttl": 60,
        }
        with python(way, settings) as contestant:
            assert len(contestant.ask(paths=["/bytes/2000/x"] * 3)) == 3
            if way == "ours_many":
                assert len(contestant.ask(paths=["/bytes/2000/x"] * 5, concurrent=True)) == 5
                assert len(contestant.ask(path="/bytes/2000/x", callers=4, rate=20, seconds=0.2)) >= 8
        calls = {"raw": 0, "origin": 3}.get(way, 1)
        assert origin.calls.total() == calls
        origin.close()
