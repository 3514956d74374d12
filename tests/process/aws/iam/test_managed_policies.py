"""AWS managed policies, which take long to create."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.served.region import Region
from vpcache.lab.aws.iam import identities


@pytest.fixture
def created(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The accounts whose policies were created."""
    accounts: list[str] = []
    create = identities.aws_managed_policies

    def recorded(account: str, region: str) -> Any:
        accounts.append(account)
        return create(account, region)

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
