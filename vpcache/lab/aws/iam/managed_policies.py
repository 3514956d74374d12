"""IAM's objects of AWS managed policies."""

from __future__ import annotations

from typing import Any

from moto.iam.models import AWSManagedPolicy, PolicyVersion

from vpcache.lab.aws.loading.managed_policies import ManagedPolicy, managed_policies


def aws_managed_policies(account: str, region: str) -> list[AWSManagedPolicy]:
    """Return moto's objects of all AWS managed policies, for an account."""
    return [_policy(account, region, each) for each in managed_policies()]


def _policy(account: str, region: str, policy: ManagedPolicy) -> AWSManagedPolicy:
    found = AWSManagedPolicy(
        policy.name,
        account_id=account,
        region=region,
        default_version_id=policy.version,
        path=policy.path,
        create_date=policy.created,
        update_date=policy.updated,
    )
    found.versions = [_Version(found.arn, policy)]
    return found


class _Version(PolicyVersion):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The default version of a policy. Each use decompresses its document."""

    def __init__(self, arn: str, policy: ManagedPolicy) -> None:
        self._policy = policy
        super().__init__(arn, None, True, policy.version, policy.updated)

    @property
    def document(self) -> str:
        return self._policy.document

    @document.setter
    def document(self, _: Any) -> None:
        """Ignore the empty document that the base class sets."""
