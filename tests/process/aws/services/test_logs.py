from __future__ import annotations

from typing import Any

import pytest

from tests.support.served_region import Region, unique


@pytest.fixture
def logs(region: Region) -> Any:
    """A client of the region's CloudWatch Logs."""
    return region.client("logs")


def test_class_of_a_log_group_is_kept(logs: Any) -> None:
    names = {"STANDARD": unique("plain"), "INFREQUENT_ACCESS": unique("rare")}
    logs.create_log_group(logGroupName=names["STANDARD"])
    logs.create_log_group(logGroupName=names["INFREQUENT_ACCESS"], logGroupClass="INFREQUENT_ACCESS")

    for group_class, name in names.items():
        (group,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        assert group["logGroupClass"] == group_class
        (found,) = logs.describe_log_groups(logGroupClass=group_class)["logGroups"]
        assert found["logGroupName"] == name
