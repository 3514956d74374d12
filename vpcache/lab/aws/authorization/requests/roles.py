"""Passing roles to services.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

from collections.abc import Iterator

from vpcache.lab.aws.authorization.requests.calls import ApiCall, Target


def passed_role(call: ApiCall, role_arn: str, service: str) -> Iterator[Target]:
    """Yield the permission to pass a role to a service, if a call passes one."""
    if role_arn:
        yield Target("iam:PassRole", role_arn, "role", {"iam:passedtoservice": (service,)})
