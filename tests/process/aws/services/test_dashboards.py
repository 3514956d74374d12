"""Dashboards of CloudWatch: kept as text, and replaced by a PutDashboard of the same name."""

from __future__ import annotations

import json

from tests.support.served.region import Region, error_code, unique

BODY = {"widgets": [{"type": "text", "properties": {"markdown": "shop"}}]}


def test_dashboard_is_replaced_listed_and_deleted(region: Region) -> None:
    cloudwatch, name = region.client("cloudwatch"), unique("dashboard")
    cloudwatch.put_dashboard(DashboardName=name, DashboardBody=json.dumps({"widgets": []}))
    cloudwatch.put_dashboard(DashboardName=name, DashboardBody=json.dumps(BODY))

    found = cloudwatch.get_dashboard(DashboardName=name)
    assert json.loads(found["DashboardBody"]) == BODY
    assert found["DashboardArn"] == f"arn:aws:cloudwatch::123456789012:dashboard/{name}"
    (entry,) = cloudwatch.list_dashboards(DashboardNamePrefix=name)["DashboardEntries"]
    assert entry["DashboardName"] == name

    cloudwatch.delete_dashboards(DashboardNames=[name])
    assert error_code(cloudwatch.get_dashboard, DashboardName=name) == "ResourceNotFound"


def test_dashboard_that_is_not_json_is_refused(region: Region) -> None:
    cloudwatch, name = region.client("cloudwatch"), unique("dashboard")
    assert (
        error_code(cloudwatch.put_dashboard, DashboardName=name, DashboardBody="{") == "InvalidParameterInput"
    )
