"""Faults that affect no single zone: nothing that a drill prints, draws or records names one."""

from __future__ import annotations

from dataclasses import replace

from vpcache.drills.chart import svg_chart
from vpcache.drills.drill import Report
from vpcache.drills.load import Sample
from vpcache.drills.record import new_record

REPORT = Report(
    "origin-down", "", 1.0, 2.0, [Sample(at / 4, at / 4 + 0.1, "cache", is_known=True) for at in range(12)]
)


def test_chart_and_figures_of_a_zoneless_fault_name_no_zone() -> None:
    assert ">drill origin-down</text>" in svg_chart(REPORT)
    assert REPORT.figures()["zone"] is None
    assert ">drill zone, us-east-1a</text>" in svg_chart(replace(REPORT, fault="zone", zone="us-east-1a"))


def test_record_of_a_zoneless_fault_names_no_zone() -> None:
    assert str(new_record("origin-down", "", 10)).startswith("drill origin-down by ")
    assert str(new_record("zone", "us-east-1a", 10)).startswith("drill zone in us-east-1a by ")
