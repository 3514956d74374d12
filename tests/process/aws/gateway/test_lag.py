"""Eventually consistent lists of IAM and Lambda."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.execution_roles import TRUST_POLICY
from tests.support.served.functions import create, eventually
from tests.support.served.region import Network, Region, error_code, two_zones, unique

LONG_LAG, SHORT_LAG = 600_000, 200  # milliseconds


@pytest.fixture
def iam(region: Region) -> Any:
    return region.client("iam")


def create_role(iam: Any) -> str:
    name = unique("role")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST_POLICY)
    return name


def listed_roles(iam: Any) -> set[str]:
    return {
        each["RoleName"]
        for page in iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 2})
        for each in page["Roles"]
    }


def test_new_role_is_readable_before_it_is_listed(region: Region, iam: Any) -> None:
    old = create_role(iam)
    region.settings = replace(region.settings, iam_lag_ms=LONG_LAG)
    name = create_role(iam)

    assert iam.get_role(RoleName=name)["Role"]["RoleName"] == name
    assert iam.list_role_tags(RoleName=name)["Tags"] == []
    assert old in listed_roles(iam) and name not in listed_roles(iam)


def test_new_role_is_listed_after_lag(region: Region, iam: Any) -> None:
    region.settings = replace(region.settings, iam_lag_ms=SHORT_LAG)
    name = create_role(iam)
    eventually(lambda: name in listed_roles(iam))


def test_deleted_role_is_listed_but_not_readable(region: Region, iam: Any) -> None:
    names = [create_role(iam) for _ in range(3)]
    region.settings = replace(region.settings, iam_lag_ms=LONG_LAG)
    iam.delete_role(RoleName=names[1])

    assert set(names) <= listed_roles(iam)
    for call in (iam.get_role, iam.list_role_tags, iam.list_role_policies, iam.delete_role):
        assert error_code(call, RoleName=names[1]) == "NoSuchEntity"


def test_deleted_role_is_not_listed_after_lag(region: Region, iam: Any) -> None:
    name = create_role(iam)
    region.settings = replace(region.settings, iam_lag_ms=SHORT_LAG)
    iam.delete_role(RoleName=name)
    eventually(lambda: name not in listed_roles(iam))


def test_role_deleted_within_lag_is_never_listed(region: Region, iam: Any) -> None:
    region.settings = replace(region.settings, iam_lag_ms=LONG_LAG)
    name = create_role(iam)
    iam.delete_role(RoleName=name)
    assert name not in listed_roles(iam)


def test_deleted_function_is_listed_but_not_readable(region: Region, functions: Any) -> None:
    network: Network = two_zones(region.client("ec2"))
    ec2 = region.client("ec2")
    group = ec2.create_security_group(GroupName="f", Description="f", VpcId=network.vpc)["GroupId"]
    subnet = network.private["us-east-1a"]
    arn = create(functions, VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": [group]})["FunctionArn"]
    region.settings = replace(region.settings, iam_lag_ms=LONG_LAG)
    functions.delete_function(FunctionName="one")
    ec2.delete_subnet(SubnetId=subnet)  # the list must not depend on the function's resources

    for options in ({}, {"FunctionVersion": "ALL"}):
        (function,) = functions.list_functions(**options)["Functions"]
        assert function["FunctionName"] == "one"
    assert error_code(functions.list_tags, Resource=arn) == "ResourceNotFoundException"
    assert error_code(functions.get_function, FunctionName="one") == "ResourceNotFoundException"


def test_recreated_function_is_listed_once(region: Region, functions: Any) -> None:
    create(functions, Description="first")
    region.settings = replace(region.settings, iam_lag_ms=LONG_LAG)
    functions.delete_function(FunctionName="one")
    create(functions, Description="second")
    assert [each["Description"] for each in functions.list_functions()["Functions"]] == ["second"]
