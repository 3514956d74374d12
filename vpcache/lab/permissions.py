"""What an audit of the lab reports about a role or user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Permissions:
    """The permissions that a role or user has, and those that it used while the lab enforced IAM.

    Permissions are actions, such as "ec2:CreateVpc". `denied` were requested and refused, `unused` are
    granted by identity-based policies and were never used, and `policy` allows what was used only. Without
    one of `unneeded_statements`, by Sid, every call would have been allowed, too.
    """

    principal: str  # ARN of the role or the user
    used: tuple[str, ...]
    denied: tuple[str, ...]
    unused: tuple[str, ...]
    unneeded_statements: tuple[str, ...]
    policy: Mapping[str, Any]

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Permissions:
        """Return the permissions in an answer of the lab's API."""
        names = ("used", "denied", "unused", "unneeded_statements")
        lists = {name: tuple(answer[name]) for name in names}
        return cls(principal=answer["principal"], policy=answer["policy"], **lists)


@dataclass(frozen=True, slots=True)
class AuthorizedRequest:
    """An action on a resource for which the lab evaluated policies, with the condition keys in lower case.

    A call to AWS's API is one or several of them.
    """

    principal: str  # ARN of the role or the user
    action: str  # "ec2:CreateVpc"
    resource: str  # an ARN, or "*"
    context: Mapping[str, tuple[str, ...]]
    is_allowed: bool

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> AuthorizedRequest:
        """Return the request in an answer of the lab's API."""
        context = {key: tuple(values) for key, values in answer["context"].items()}
        return cls(answer["principal"], answer["action"], answer["resource"], context, answer["is_allowed"])
