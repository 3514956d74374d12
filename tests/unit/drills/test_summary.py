"""The results of drills and soaks as text and as JSON."""

from __future__ import annotations

import json

from vpcache.drills.drill import Report
from vpcache.drills.load import Sample
from vpcache.drills.soak import SoakReport
from vpcache.drills.summary import drill_lines, soak_lines
from vpcache.lab.daemon.process_stats import ProcessStats

PYTHON = ("None", "nan", "True", "False", "[", "{")


def call(at: float, problem: str = "") -> Sample:
    return Sample(at, 10.0, None if problem else "cache", is_known=True, problem=problem or None)


def report(*samples: Sample) -> Report:
    return Report("zone", "us-east-1a", 5.0, 10.0, list(samples))


def test_phases_are_sentences():
    lines = drill_lines(report(call(1), call(6, "timed out"), call(8.5), call(11), call(13)))
    assert lines == [
        "requests: 5, 0 with a wrong answer",
        "before the fault: 1 request, no errors, hit rate 100%, p99 10.0 ms",
        "during the fault: 2 requests, 1 error (1 on known keys) until 3.5 s, "
        "hit rate recovered after 0 s, p99 10.0 ms",
        "after it: 2 requests, no errors, hit rate recovered after 0 s, p99 10.0 ms",
        "first error: timed out",
    ]


def test_unknown_figures_are_words():
    lines = drill_lines(report(call(6, "timed out"), call(7, "timed out")))
    assert "errors (2 on known keys) until its end, hit rate unknown" in lines[2]
    assert lines[3] == "after it: no requests, hit rate unknown, p99 unknown"
    assert not [line for line in lines for word in PYTHON if word in line]


def test_figures_of_empty_phases_are_valid_json():
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    text = json.dumps(report(call(6, "timed out")).figures())
    assert json.loads(text, parse_constant=refuse)["after_p99_ms"] is None


def test_soak_has_no_lists():
    stats = [ProcessStats(memory_mb=100.4, descriptors=50, threads=9) for _ in range(3)]
    lines = soak_lines(SoakReport(["zone"], [call(1)], stats))
    assert lines[3] == "memory of the lab: 100 MiB at the start, 100 MiB after one round, 100 MiB at the end"
    assert not [line for line in lines for word in PYTHON if word in line]
