"""The texts of a report."""

from __future__ import annotations

from vpcache.reach.report import Report

GROUP = "sg-0123456789abcdef0"


def test_id_has_its_name_once() -> None:
    report = Report("shop", names={GROUP: "shop-cache"})
    assert report.named(f"no rule of {GROUP} allows it") == f"no rule of {GROUP} (shop-cache) allows it"
    assert report.named(f"{GROUP} (shop-cache) allows it") == f"{GROUP} (shop-cache) allows it"
