"""AWS managed policies, which take long to create."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.served.region import Region
from vpcache.lab.aws.iam import identities
from vpcache.lab.aws.iam.managed_policies import aws_managed_policies


@pytest.fixture
def created(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The accounts whose policies were created."""
    accounts: list[str] = []

    def recorded(account: str, region: str) -> Any:
        accounts.append(account)
        return aws_managed_policies(account, region)

    monkeypatch.setattr(identities, "aws_managed_policies", recorded)
    return accounts


def test_other_calls_do_not_create_the_policies(created: list[str], region: Region) -> None:
    region.client("ec2").describe_vpcs()
    region.client("iam").list_roles()

    assert created == []


def test_policies_are_created_once(created: list[str], region: Region) -> None:
    iam = region.client("iam")
    policies = [iam.list_policies(Scope="AWS", MaxItems=5)["Policies"] for _ in range(2)]

    assert policies[0] == policies[1] != []
    assert created == ["123456789012"]
