"""The evaluation of benchmark figures; the figures themselves depend on the machine."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from bench.candidates import python
from bench.figure import svg
from bench.result import BARE, HANDLER, NAIVE, ORIGIN, OURS, RAW, SCENARIO, SILENT, Result, goals, text
from bench.rig import Origin, cluster, employees
from bench.times import Times, times


def result(changes=()):
    """Return a run that meets every goal, except for `changes` of the medians of hits, in µs."""
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


def test_percentiles_are_of_the_sorted_series():
    assert times([float(value) for value in range(1000, 0, -1)]) == Times(501, 991, 1000)
    assert times([7.0]) == Times(7, 7, 1)


def test_good_run_meets_every_goal():
    assert [str(goal) for goal in goals(result()) if not goal.is_met] == []


@pytest.mark.parametrize(
    ("changes", "missed"),
    [
        ({OURS: 14}, ["p50 over the raw", "p50 over the raw", "scenario's p50"]),
        ({SCENARIO: 100}, ["scenario's p50"]),
        ({SCENARIO: 50}, ["scenario's p50", "scenario's p50"]),
        ({RAW: 6}, ["p50 over the raw", "p99 over the raw"] * 2),
    ],
)
def test_bad_run_lists_the_missed_goals(changes, missed):
    failed = [str(goal) for goal in goals(result(changes)) if not goal.is_met]
    assert len(failed) == len(missed)
    assert all(part in goal and goal.endswith("MISSED") for part, goal in zip(missed, failed, strict=True))


def test_tables_list_every_candidate():
    tables = text(result())
    assert all(name in tables for name in (RAW, OURS, SILENT, NAIVE, SCENARIO, ORIGIN))


def test_bar_widths_are_proportional_to_the_medians():
    root = ElementTree.fromstring(svg(result()))
    widths = [float(bar.attrib["width"]) for bar in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert len(widths) == 8
    assert [width / widths[0] for width in widths[:4]] == pytest.approx([1, 1.2, 6, 16], rel=0.02)


@pytest.mark.parametrize("function", ["raw", "ours", "ours_silent", "ours_many", "naive", "origin"])
def test_every_candidate_responds(function):
    with cluster(2) as (nodes, discovery):
        origin = Origin()
        nodes[0].put(b"raw:/bytes/2000/x", employees(2000))
        settings = {
            "nodes": [node.port for node in nodes],
            "discovery": discovery.port,
            "origin": origin.url,
            "ttl": 60,
        }
        with python(function, settings) as candidate:
            assert len(candidate.execute(paths=["/bytes/2000/x"] * 3)) == 3
            if function == "ours_many":
                assert len(candidate.execute(paths=["/bytes/2000/x"] * 5, concurrent=True)) == 5
                assert len(candidate.execute(path="/bytes/2000/x", callers=4, rate=20, seconds=0.2)) >= 8
        calls = {"raw": 0, "origin": 3}.get(function, 1)
        assert origin.calls.total() == calls
        origin.close()
