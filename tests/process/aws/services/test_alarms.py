from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.config import Config

from tests.support.served.region import Region, api_error, unique

ALARM = {
    "ComparisonOperator": "GreaterThanThreshold",
    "EvaluationPeriods": 1,
    "MetricName": "Errors",
    "Namespace": "vpcache",
    "Period": 60,
    "Statistic": "Sum",
    "Threshold": 1,
}


@pytest.fixture
def cloudwatch(region: Region) -> Any:
    """A client of the region's CloudWatch."""
    return region.client("cloudwatch")


def names(response: Any) -> list[str]:
    return [each["AlarmName"] for each in response["MetricAlarms"]]


def test_filters_of_alarms_apply_together(cloudwatch: Any) -> None:
    prefix = unique("alarm")
    for name in ("a", "b"):
        cloudwatch.put_metric_alarm(AlarmName=f"{prefix}-{name}", **ALARM)
    cloudwatch.set_alarm_state(AlarmName=f"{prefix}-b", StateValue="ALARM", StateReason="test")

    found = cloudwatch.describe_alarms(AlarmNamePrefix=prefix, StateValue="ALARM", AlarmTypes=["MetricAlarm"])
    assert names(found) == [f"{prefix}-b"]
    (new,) = cloudwatch.describe_alarms(AlarmNames=[f"{prefix}-a"])["MetricAlarms"]
    assert new["StateValue"] == "INSUFFICIENT_DATA"


def test_alarms_have_pages(cloudwatch: Any) -> None:
    prefix = unique("alarm")
    for name in ("a", "b", "c"):
        cloudwatch.put_metric_alarm(AlarmName=f"{prefix}-{name}", **ALARM)
    pages = cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=prefix, PaginationConfig={"PageSize": 2}
    )

    assert [len(names(each)) for each in pages] == [2, 1]


def test_alarms_of_a_metric_are_found_by_dimensions(cloudwatch: Any) -> None:
    name, dimensions = unique("alarm"), [{"Name": "FunctionName", "Value": unique("f")}]
    cloudwatch.put_metric_alarm(AlarmName=name, Dimensions=dimensions, **ALARM)
    cloudwatch.put_metric_alarm(AlarmName=f"{name}-other", **ALARM)
    metric = {"MetricName": "Errors", "Namespace": "vpcache"}

    assert names(cloudwatch.describe_alarms_for_metric(**metric, Dimensions=dimensions)) == [name]
    assert names(cloudwatch.describe_alarms_for_metric(**metric, Dimensions=dimensions, Period=300)) == []


def test_dimension_without_name_is_refused(region: Region) -> None:
    client = boto3.client(
        "cloudwatch",
        endpoint_url=region.url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(parameter_validation=False),
    )
    error = api_error(client.put_metric_alarm, AlarmName="a", Dimensions=[{"Value": "v"}], **ALARM)
    assert error.status == 400 and "dimensions.1.member.name" in error.message
