"""The report of a running drill to the page of its lab."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from vpcache.drills import broadcast
from vpcache.drills.broadcast import Broadcast, chart_seconds
from vpcache.drills.load import Sample
from vpcache.lab.errors import LabError

SAMPLES = [
    Sample(0.5, 2, "cache", True),
    Sample(1.5, 4, None, True, "timed out"),
    Sample(2.5, 4, "cache", True),
]


class FakeLoad:
    now = 3.0

    def samples(self) -> list[Sample]:
        return SAMPLES


class FakeLab:
    def __init__(self) -> None:
        self.reports: list[dict[str, Any]] = []

    def show_drill(self, progress: dict[str, Any]) -> None:
        self.reports.append(progress)
        if len(self.reports) > 1:
            raise LabError("the lab is not running")


def context(*, is_lab: bool = True) -> Any:
    return SimpleNamespace(
        zone="us-east-1a", stack=SimpleNamespace(name="shop"), target=SimpleNamespace(is_lab=is_lab)
    )


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> FakeLab:
    lab = FakeLab()
    monkeypatch.setattr(broadcast, "lab_of", lambda _: lab)
    return lab


def test_end_of_a_drill_is_reported(lab: FakeLab) -> None:
    with Broadcast(context(), "nat_gateway", FakeLoad()) as progress:
        progress.phase, progress.injected = "fault injected", 1.0
    last = lab.reports[-1]
    assert (last["name"], last["zone"], last["stack"]) == ("nat_gateway", "us-east-1a", "shop")
    assert (last["phase"], last["is_running"], last["removed"]) == ("ended", False, None)
    begin = last["seconds"][0]["at"]
    assert last["injected"] - begin == 1000
    assert [(second["at"] - begin, second["errors"]) for second in last["seconds"]] == [(0, 0), (1000, 1)]


def test_lab_that_does_not_answer_is_no_error(lab: FakeLab) -> None:
    for _ in range(2):
        with Broadcast(context(), "zone", FakeLoad()):
            pass
    assert len(lab.reports) == 2


def test_drill_on_aws_is_not_reported(lab: FakeLab) -> None:
    with Broadcast(context(is_lab=False), "zone", FakeLoad()):
        pass
    assert lab.reports == []


def test_second_without_answers_has_no_hit_rate() -> None:
    assert chart_seconds(SAMPLES, 100.0)[1] == {
        "at": 101_000,
        "requests": 1,
        "errors": 1,
        "hit_rate": None,
        "p50_ms": 4,
        "p99_ms": 4,
    }
    assert chart_seconds([], 100.0) == []


class HourOfLoad:
    now = 3600.0

    def samples(self) -> list[Sample]:
        return [Sample(float(second), 2, "cache", True) for second in range(3600)]


def test_report_of_a_long_drill_has_its_last_ten_minutes(lab: FakeLab) -> None:
    with Broadcast(context(), "zone", HourOfLoad()):
        pass
    assert len(lab.reports[-1]["seconds"]) == 599  # the last second has not ended
