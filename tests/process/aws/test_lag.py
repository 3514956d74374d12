"""Lists of IAM and Lambda that lag behind what the other calls answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.served_functions import create, eventually, refusal
from tests.support.served_region import Network, Region, two_zones, unique

FOR_EVER, FOR_A_MOMENT = 600_000, 200  # milliseconds


@pytest.fixture
def iam(region: Region) -> Any:
    return region.client("iam")


def role(iam: Any) -> str:
    name = unique("role")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    return name


def listed(iam: Any) -> set[str]:
    return {
        each["RoleName"]
        for page in iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 2})
        for each in page["Roles"]
    }


def test_new_role_is_read_before_it_is_listed(region: Region, iam: Any) -> None:
    old = role(iam)
    region.settings = replace(region.settings, iam_lag_ms=FOR_EVER)
    name = role(iam)

    assert iam.get_role(RoleName=name)["Role"]["RoleName"] == name
    assert iam.list_role_tags(RoleName=name)["Tags"] == []
    assert old in listed(iam) and name not in listed(iam)


def test_new_role_is_listed_after_the_lag(region: Region, iam: Any) -> None:
    region.settings = replace(region.settings, iam_lag_ms=FOR_A_MOMENT)
    name = role(iam)
    eventually(lambda: name in listed(iam))


def test_deleted_role_is_listed_and_cannot_be_read(region: Region, iam: Any) -> None:
    names = [role(iam) for _ in range(3)]
    region.settings = replace(region.settings, iam_lag_ms=FOR_EVER)
    iam.delete_role(RoleName=names[1])

    assert set(names) <= listed(iam)
    for call in (iam.get_role, iam.list_role_tags, iam.list_role_policies, iam.delete_role):
        assert refusal(call, RoleName=names[1])["Code"] == "NoSuchEntity"


def test_deleted_role_leaves_the_list_after_the_lag(region: Region, iam: Any) -> None:
    name = role(iam)
    region.settings = replace(region.settings, iam_lag_ms=FOR_A_MOMENT)
    iam.delete_role(RoleName=name)
    eventually(lambda: name not in listed(iam))


def test_role_that_was_never_listed_is_not_listed_when_deleted(region: Region, iam: Any) -> None:
    region.settings = replace(region.settings, iam_lag_ms=FOR_EVER)
    name = role(iam)
    iam.delete_role(RoleName=name)
    assert name not in listed(iam)


def test_deleted_function_is_listed_and_cannot_be_read(region: Region, functions: Any) -> None:
    network: Network = two_zones(region.client("ec2"))
    ec2 = region.client("ec2")
    group = ec2.create_security_group(GroupName="f", Description="f", VpcId=network.vpc)["GroupId"]
    subnet = network.private["us-east-1a"]
    arn = create(functions, VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": [group]})["FunctionArn"]
    region.settings = replace(region.settings, iam_lag_ms=FOR_EVER)
    functions.delete_function(FunctionName="one")
    ec2.delete_subnet(SubnetId=subnet)  # the list must not depend on what the function used

    for every in ({}, {"FunctionVersion": "ALL"}):
        (shown,) = functions.list_functions(**every)["Functions"]
        assert shown["FunctionName"] == "one"
    assert refusal(functions.list_tags, Resource=arn)["Code"] == "ResourceNotFoundException"
    assert refusal(functions.get_function, FunctionName="one")["Code"] == "ResourceNotFoundException"


def test_function_made_again_is_listed_once(region: Region, functions: Any) -> None:
    create(functions, Description="first")
    region.settings = replace(region.settings, iam_lag_ms=FOR_EVER)
    functions.delete_function(FunctionName="one")
    create(functions, Description="second")
    assert [each["Description"] for each in functions.list_functions()["Functions"]] == ["second"]
