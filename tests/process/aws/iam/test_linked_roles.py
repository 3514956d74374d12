from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.execution_roles import TRUST_POLICY
from tests.support.served.region import api_error, error_code, unique
from vpcache.lab.aws.iam import linked_roles

ELASTICACHE = "elasticache.amazonaws.com"


@pytest.fixture
def linked(iam: Any) -> Iterator[Any]:
    made = iam.create_service_linked_role(AWSServiceName=ELASTICACHE)["Role"]
    yield made
    if error_code_or_none(iam, made["RoleName"]) is None:
        iam.delete_service_linked_role(RoleName=made["RoleName"])


def error_code_or_none(iam: Any, name: str) -> str | None:
    try:
        iam.get_role(RoleName=name)
    except iam.exceptions.NoSuchEntityException:
        return "NoSuchEntity"
    return None


def test_linked_role_has_name_and_policy_of_its_service(iam: Any, linked: Any) -> None:
    assert linked["Arn"].endswith(f":role/aws-service-role/{ELASTICACHE}/AWSServiceRoleForElastiCache")
    (policy,) = iam.list_attached_role_policies(RoleName=linked["RoleName"])["AttachedPolicies"]
    assert policy == {
        "PolicyName": "ElastiCacheServiceRolePolicy",
        "PolicyArn": "arn:aws:iam::aws:policy/aws-service-role/ElastiCacheServiceRolePolicy",
    }
    (statement,) = linked["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": ELASTICACHE}


def test_policies_of_linked_roles_exist(iam: Any) -> None:
    pages = iam.get_paginator("list_policies").paginate(PathPrefix="/aws-service-role/")
    known = {policy["Arn"] for page in pages for policy in page["Policies"]}
    services = [f"{name}.amazonaws.com" for name in linked_roles._ROLES]

    roles = [linked_roles.linked_role(service, None) for service in services]

    assert {role.policy_arn for role in roles if role} <= known
    assert len(roles) > 70


def test_linked_role_exists_once(iam: Any, linked: Any) -> None:
    error = api_error(iam.create_service_linked_role, AWSServiceName=ELASTICACHE)

    assert error[:2] == (400, "InvalidInput")
    assert "AWSServiceRoleForElastiCache has been taken in this account" in error.message


def test_suffix_is_taken_by_some_services_only(iam: Any) -> None:
    suffix = unique("s")[:10]
    refused = api_error(iam.create_service_linked_role, AWSServiceName=ELASTICACHE, CustomSuffix=suffix)
    service = "autoscaling.amazonaws.com"
    made = iam.create_service_linked_role(AWSServiceName=service, CustomSuffix=suffix)["Role"]

    assert refused[1:] == ("InvalidInput", f"Custom suffix is not allowed for {ELASTICACHE}")
    assert made["RoleName"] == f"AWSServiceRoleForAutoScaling_{suffix}"


def test_unknown_service_is_refused_by_name(iam: Any) -> None:
    error = api_error(iam.create_service_linked_role, AWSServiceName="nobody.amazonaws.com")

    assert error[:2] == (501, "NotImplemented")
    assert "nobody.amazonaws.com" in error.message


def test_deletion_of_linked_role_has_a_task(iam: Any, linked: Any) -> None:
    name = linked["RoleName"]

    task = iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"]

    assert task.startswith(f"task/aws-service-role/{ELASTICACHE}/{name}/")
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    assert error_code(iam.get_role, RoleName=name) == "NoSuchEntity"
    unknown = "task/unknown"
    call = iam.get_service_linked_role_deletion_status
    assert error_code(call, DeletionTaskId=unknown) == "NoSuchEntity"


def test_only_its_service_changes_a_linked_role(iam: Any, linked: Any) -> None:
    role = {"RoleName": linked["RoleName"]}
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    calls: tuple[tuple[Any, dict[str, str]], ...] = (
        (iam.delete_role, {}),
        (iam.attach_role_policy, {"PolicyArn": arn}),
        (iam.detach_role_policy, {"PolicyArn": arn}),
        (iam.put_role_policy, {"PolicyName": "p", "PolicyDocument": "{}"}),
        (iam.update_assume_role_policy, {"PolicyDocument": TRUST_POLICY}),
    )
    for call, arguments in calls:
        assert api_error(call, **role, **arguments)[:2] == (400, "UnmodifiableEntity")


def test_ordinary_role_is_not_deleted_as_linked(iam: Any, role: Any) -> None:
    call = iam.delete_service_linked_role

    assert error_code(call, RoleName=role["RoleName"]) == "NoSuchEntity"
    assert iam.get_role(RoleName=role["RoleName"])
