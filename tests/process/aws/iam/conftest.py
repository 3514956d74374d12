from __future__ import annotations

from typing import Any

import pytest

from tests.support.execution_roles import TRUST_POLICY
from tests.support.served.region import Region, unique


@pytest.fixture
def iam(region: Region) -> Any:
    """A client of IAM."""
    return region.client("iam")


@pytest.fixture
def sts(region: Region) -> Any:
    """A client of STS."""
    return region.client("sts")


@pytest.fixture
def role(iam: Any) -> Any:
    """A new role."""
    return iam.create_role(RoleName=unique("role"), AssumeRolePolicyDocument=TRUST_POLICY)["Role"]
