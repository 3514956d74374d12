"""Principals of requests, and those that a statement names.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from vpcache.lab.aws.policies.documents import Principals

_ACCOUNT = re.compile(r"(?:arn:[\w-]+:iam::)?(\d{12})(?::root)?")


class Reach(IntEnum):
    """To which part of a principal a statement refers, the narrowest last."""

    NONE = 0
    ACCOUNT = 1  # the account may pass the permission on by identity-based policies
    ROLE = 2  # all sessions of the role
    PRINCIPAL = 3  # the user, the session or the service itself


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a request."""

    arn: str  # of a user, a session (assumed-role) or the root user; the name of a service
    account: str  # empty for an AWS service and for anonymous requests
    role_arn: str = ""  # of a session
    federated: str = ""  # identity provider of a request that assumes a role by it
    is_service: bool = False


def reach(principals: Principals, principal: Principal) -> Reach:
    """Return to which part of a principal the principals of a statement refer.

    NotPrincipal refers to a principal that is not listed. It needs the ARNs of role and account as well:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    """
    if not principals.is_negated:
        return _named(principals, principal)
    listed = principals.of_type("AWS") + principals.of_type("Service") + principals.of_type("Federated")
    if "*" in listed:
        return Reach.NONE
    needed = {principal.arn, principal.role_arn} - {""}
    accounts = {match[1] for each in listed if (match := _ACCOUNT.fullmatch(each))}
    is_excepted = needed <= set(listed) and (principal.is_service or principal.account in accounts)
    return Reach.NONE if is_excepted else Reach.PRINCIPAL


def _named(principals: Principals, principal: Principal) -> Reach:
    if principal.is_service:
        names = principals.of_type("Service")
        return Reach.PRINCIPAL if {principal.arn, "*"} & set(names) else _of_everyone(principals)
    if principal.federated:
        names = principals.of_type("Federated")
        return Reach.PRINCIPAL if principal.federated in names else Reach.NONE
    return max((_reach_of(name, principal) for name in principals.of_type("AWS")), default=Reach.NONE)


def _of_everyone(principals: Principals) -> Reach:
    return Reach.PRINCIPAL if "*" in principals.of_type("AWS") else Reach.NONE


def _reach_of(name: str, principal: Principal) -> Reach:
    if name in ("*", principal.arn):
        return Reach.PRINCIPAL
    if name == principal.role_arn:
        return Reach.ROLE
    account = _ACCOUNT.fullmatch(name)
    return Reach.ACCOUNT if account and account[1] == principal.account else Reach.NONE
