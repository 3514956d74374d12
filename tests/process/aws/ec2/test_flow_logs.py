"""Which flow logs EC2 creates, and what they record."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.served.region import Network, Region, api_error, unique
from vpcache.lab.aws.topology_builder import derive


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"DestinationOptions": {"FileFormat": "parquet"}}, "DestinationOptions.FileFormat parquet"),
        ({"LogDestinationType": "kinesis-data-firehose"}, "LogDestinationType kinesis-data-firehose"),
        ({"ResourceType": "TransitGateway"}, "ResourceType TransitGateway"),
        ({"LogFormat": "${srcaddr} ${ecs-task-id} ${reject-reason}"}, "ecs-task-id, reject-reason"),
    ],
)
def test_flow_logs_that_are_not_recorded_are_refused(
    region: Region, ec2: Any, network: Network, arguments: dict[str, Any], named: str
) -> None:
    bucket = unique("flow-logs")
    region.client("s3").create_bucket(Bucket=bucket)
    flow_log = {
        "ResourceIds": [network.vpc],
        "ResourceType": "VPC",
        "TrafficType": "ALL",
        "LogDestinationType": "s3",
        "LogDestination": f"arn:aws:s3:::{bucket}",
    }

    error = api_error(ec2.create_flow_logs, **flow_log | arguments)

    assert error[:2] == (501, "NotImplemented")
    assert named in error.message and "CreateFlowLogs" in error.message
    invalid = api_error(ec2.create_flow_logs, **flow_log, LogFormat="${srcaddr} ")
    assert (invalid.code, "logFormat" in invalid.message) == ("InvalidParameter", True)
    assert ec2.describe_flow_logs()["FlowLogs"] == []


def test_flow_logs_of_subnet_and_interface_are_those_of_its_vpc(ec2: Any, network: Network) -> None:
    subnet = network.private["us-east-1a"]
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    for kind, resource in (("Subnet", subnet), ("NetworkInterface", interface)):
        ec2.create_flow_logs(
            ResourceIds=[resource],
            ResourceType=kind,
            TrafficType="ACCEPT",
            LogGroupName=kind,
            DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flow-logs",
        )

    (vpc,) = (vpc for vpc in derive().vpcs if vpc.id == network.vpc)

    assert {each.resource_id for each in vpc.flow_logs} == {subnet, interface}
    assert [each.id for each in vpc.interfaces_with_accepted_traffic_logged()] == [interface]
    assert {each.interval_seconds for each in vpc.flow_logs} == {600}
