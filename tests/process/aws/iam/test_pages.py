from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.served.region import Region, error_code, unique


@pytest.fixture
def iam(region: Region) -> Any:
    """A client of IAM."""
    return region.client("iam")


def test_lists_have_pages(iam: Any) -> None:
    user = unique("user")
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.create_user(UserName=user)
    for name in ("a", "b", "c"):
        iam.put_user_policy(UserName=user, PolicyName=name, PolicyDocument=document)
    pages = iam.get_paginator("list_user_policies").paginate(UserName=user, PaginationConfig={"PageSize": 2})

    assert [each["PolicyNames"] for each in pages] == [["a", "b"], ["c"]]
    assert error_code(iam.list_user_policies, UserName=user, Marker="x") == "ValidationError"
    assert error_code(iam.list_roles, Marker="x") == "ValidationError"


def test_groups_are_listed_by_path(iam: Any) -> None:
    group = unique("group")
    iam.create_group(GroupName=group, Path="/team/")
    iam.create_group(GroupName=unique("group"))

    assert [each["GroupName"] for each in iam.list_groups(PathPrefix="/team/")["Groups"]] == [group]
