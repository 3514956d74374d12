from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from tests.support.served.region import Network, error_code
from vpcache.lab.aws.ec2.pages_and_tokens import PAGED


@pytest.fixture
def groups(ec2: Any, network: Network) -> list[str]:
    """Twelve security groups with names that contain brackets."""
    return [
        ec2.create_security_group(GroupName=f"app[{number}]", Description="test", VpcId=network.vpc)[
            "GroupId"
        ]
        for number in range(12)
    ]


def test_security_groups_are_described_in_pages(ec2: Any, groups: list[str]) -> None:
    pages = list(ec2.get_paginator("describe_security_groups").paginate(PaginationConfig={"PageSize": 5}))

    assert [len(each["SecurityGroups"]) for each in pages] == [5, 5, 3]
    found = [group["GroupId"] for each in pages for group in each["SecurityGroups"]]
    assert len(set(found)) == 13
    assert set(groups) < set(found)


def test_deleting_while_paging_skips_nothing(ec2: Any, groups: list[str]) -> None:
    pages = ec2.get_paginator("describe_security_groups").paginate(PaginationConfig={"PageSize": 5})
    for each in pages:
        for group in each["SecurityGroups"]:
            if group["GroupName"] != "default":
                ec2.delete_security_group(GroupId=group["GroupId"])

    assert len(ec2.describe_security_groups()["SecurityGroups"]) == 1


@pytest.mark.parametrize(
    "operation", sorted(set(PAGED) - {"GetManagedPrefixListEntries", "GetSecurityGroupsForVpc"})
)
def test_unknown_token_is_rejected(ec2: Any, operation: str) -> None:
    with pytest.raises(ClientError, match="InvalidNextToken"):
        ec2._make_api_call(operation, {"NextToken": "garbage"})


def test_token_of_another_operation_is_rejected(ec2: Any, groups: list[str]) -> None:
    token = ec2.describe_security_groups(MaxResults=5)["NextToken"]

    assert error_code(ec2.describe_subnets, NextToken=token) == "InvalidNextToken"


def test_page_size_above_the_limit_is_rejected(ec2: Any) -> None:
    assert error_code(ec2.describe_security_groups, MaxResults=1001) == "InvalidParameterValue"
    assert error_code(ec2.describe_route_tables, MaxResults=101) == "InvalidParameterValue"


def test_paged_lists_are_in_the_model() -> None:
    session = botocore.session.get_session()
    paginators = session.get_paginator_model("ec2")

    assert {name: paginators.get_paginator(name)["result_key"] for name in PAGED} == PAGED


def test_brackets_in_filter_values_are_literal(ec2: Any, groups: list[str]) -> None:
    ec2.create_tags(Resources=[groups[0]], Tags=[{"Key": "Name", "Value": "app[0]"}])

    for name, values in (
        ("group-name", ["app[0]"]),
        ("tag:Name", ["app[0]"]),
        ("tag:Name", ["a?p[*]"]),
        ("tag:Name", ["[x]", "app[0]"]),
    ):
        (found,) = ec2.describe_security_groups(Filters=[{"Name": name, "Values": values}])["SecurityGroups"]
        assert found["GroupId"] == groups[0]
    assert (
        ec2.describe_security_groups(Filters=[{"Name": "tag:Name", "Values": [r"app\*"]}])["SecurityGroups"]
        == []
    )


def test_filter_matches_any_of_its_values(ec2: Any, network: Network) -> None:
    for name, values in (
        ("cidrBlock", ["10.0.0.0/26", "10.0.0.64/26"]),
        ("cidr-block", ["10.0.0.0/26", "10.0.0.64/26", "10.9.0.0/26"]),
        ("subnet-id", list(network.public.values())),
    ):
        found = ec2.describe_subnets(Filters=[{"Name": name, "Values": values}])["Subnets"]
        assert {each["SubnetId"] for each in found} == set(network.public.values())
    found = ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.0.0.0/24", "10.1.0.0/24"]}])["Vpcs"]
    assert [each["VpcId"] for each in found] == [network.vpc]
