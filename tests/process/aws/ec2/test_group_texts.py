from __future__ import annotations

from typing import Any

import pytest

from tests.support.served.region import Network, api_error, error_code


@pytest.mark.parametrize(
    "texts",
    [
        {"GroupName": "sg-web", "Description": "d"},
        {"GroupName": "web", "Description": "caf\u00e9"},
        {"GroupName": "web", "Description": "a|b"},
        {"GroupName": "we\u00fcb", "Description": "d"},
    ],
)
def test_characters_of_a_group_are_checked(ec2: Any, network: Network, texts: dict[str, str]) -> None:
    error = api_error(ec2.create_security_group, VpcId=network.vpc, **texts)

    assert error.code == "InvalidParameterValue"


def test_characters_of_a_rule_description_are_checked(ec2: Any, network: Network) -> None:
    group = ec2.create_security_group(VpcId=network.vpc, GroupName="g", Description="d")["GroupId"]

    def rule(description: str) -> dict[str, Any]:
        ranges = [{"CidrIp": "10.0.0.0/8", "Description": description}]
        return {"GroupId": group, "IpPermissions": [{"IpProtocol": "-1", "IpRanges": ranges}]}

    assert error_code(ec2.authorize_security_group_ingress, **rule("na\u00efve")) == "InvalidParameterValue"
    ec2.authorize_security_group_ingress(**rule("a-z (0..9): /#,@[]+=&;{}!$*"))


def test_groups_of_a_vpc_have_pages_and_filters(ec2: Any, network: Network) -> None:
    group = ec2.create_security_group(VpcId=network.vpc, GroupName="g", Description="d")["GroupId"]
    pages = list(
        ec2.get_paginator("get_security_groups_for_vpc").paginate(
            VpcId=network.vpc, PaginationConfig={"PageSize": 5}
        )
    )
    (found,) = ec2.get_security_groups_for_vpc(
        VpcId=network.vpc, Filters=[{"Name": "group-name", "Values": ["g"]}]
    )["SecurityGroupForVpcs"]

    assert {each["GroupName"] for page in pages for each in page["SecurityGroupForVpcs"]} == {"default", "g"}
    assert (found["GroupId"], found["PrimaryVpcId"], found["Tags"]) == (group, network.vpc, [])


def test_route_inside_the_local_route_is_refused_by_name(ec2: Any, network: Network) -> None:
    table = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    target = {"RouteTableId": table, "GatewayId": network.internet_gateway}

    error = api_error(ec2.create_route, DestinationCidrBlock="10.0.0.0/26", **target)
    assert error[:2] == (501, "NotImplemented")
    assert "DestinationCidrBlock" in error.message
    assert error_code(ec2.create_route, DestinationCidrBlock="10.0.0.0/24", **target) == "RouteAlreadyExists"
