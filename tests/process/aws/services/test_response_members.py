from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.calls.model_requests import model_of
from tests.support.calls.response_shapes import foreign_members
from tests.support.served.region import Region, two_zones, unique
from vpcache.lab.aws.gateway.app import DECLARATIONS

READS = ("Describe", "Get", "List")


@pytest.fixture
def populated(region: Region) -> Region:
    """A region with resources of several services."""
    ec2 = region.client("ec2")
    network = two_zones(ec2)
    ec2.create_vpc_endpoint(VpcId=network.vpc, ServiceName="com.amazonaws.us-east-1.s3")
    ec2.create_nat_gateway(SubnetId=network.public["us-east-1a"], ConnectivityType="private")
    ec2.create_vpn_gateway(Type="ipsec.1")
    ec2.create_key_pair(KeyName=unique("key"))
    ec2.allocate_address(Domain="vpc")
    region.client("s3").create_bucket(Bucket=unique("bucket"))
    region.client("iam").create_user(UserName=unique("user"))
    region.client("logs").create_log_group(logGroupName=unique("group"))
    region.client("sqs").create_queue(QueueName=unique("queue"))
    region.client("sns").create_topic(Name=unique("topic"))
    region.client("ssm").put_parameter(Name=unique("name"), Value="v", Type="String")
    return region


def reads_of(service: str) -> list[str]:
    """Return the declared operations of a service that read and need no parameters."""
    operations = (model_of(service).operation_model(name) for name in sorted(DECLARATIONS[service]))
    return [
        each.name
        for each in operations
        if each.name.startswith(READS) and not (each.input_shape and each.input_shape.required_members)
    ]


@pytest.mark.parametrize("service", DECLARATIONS)
def test_answers_have_the_members_of_the_model_only(populated: Region, service: str) -> None:
    model = model_of(service)
    client = populated.own_client(model.service_name)
    bodies: list[bytes] = []

    def keep(response_dict: Any, **_: Any) -> None:
        bodies.append(response_dict["body"])

    client.meta.events.register("before-parse", keep)
    foreign, answered = [], 0
    for name in reads_of(service):
        try:
            client._make_api_call(name, {})
        except ClientError:  # without parameters, some operations have no subject
            continue
        answered += 1
        protocol = client.meta.service_model.resolved_protocol
        found = foreign_members(model.operation_model(name), bodies[-1], protocol)
        foreign += [f"{name}: {each}" for each in dict.fromkeys(found)]

    assert answered
    assert foreign == []
