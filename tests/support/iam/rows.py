"""Documented decisions: policies, a request, what AWS decides, and the page that says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from vpcache.lab.aws.policies.decision import Decision, Policies, Request, decide
from vpcache.lab.aws.policies.documents import Document, PolicyKind, parse
from vpcache.lab.aws.policies.principals import Principal

GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
ACCOUNT, OTHER_ACCOUNT = "111122223333", "444455556666"
USER = Principal(f"arn:aws:iam::{ACCOUNT}:user/alice", ACCOUNT)
SESSION = Principal(
    f"arn:aws:sts::{ACCOUNT}:assumed-role/app/run", ACCOUNT, role_arn=f"arn:aws:iam::{ACCOUNT}:role/app"
)
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
BUCKET, OBJECT = "arn:aws:s3:::bucket", "arn:aws:s3:::bucket/key"

Json = Mapping[str, Any]


def allow(action: Any, resource: Any = "*", **elements: Any) -> dict[str, Any]:
    """Return a statement that allows actions."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **elements}


def deny(action: Any, resource: Any = "*", **elements: Any) -> dict[str, Any]:
    """Return a statement that denies actions."""
    return {"Effect": "Deny", "Action": action, "Resource": resource, **elements}


OWN_INSTANCES = [
    allow(
        ["ec2:StartInstances", "ec2:StopInstances"],
        "arn:aws:ec2:*:*:instance/*",
        Condition={"StringEquals": {"aws:ResourceTag/Owner": "${aws:username}"}},
    ),
    allow("ec2:DescribeInstances"),
]


def to(principal: Any, effect: str = "Allow", action: str = "s3:*", **elements: Any) -> list[dict[str, Any]]:
    """Return a bucket policy about a principal."""
    name = "NotPrincipal" if elements.pop("is_not", False) else "Principal"
    return [
        {"Effect": effect, "Action": action, name: principal, "Resource": [BUCKET, f"{BUCKET}/*"], **elements}
    ]


def document(*statements: Json, kind: PolicyKind = PolicyKind.IDENTITY) -> Document:
    """Return a policy of the newest version."""
    return parse({"Version": "2012-10-17", "Statement": list(statements)}, kind)


def context(values: Mapping[str, str | list[str]]) -> dict[str, tuple[str, ...]]:
    """Return a request's context."""
    return {
        key.lower(): (value,) if isinstance(value, str) else tuple(value) for key, value in values.items()
    }


@dataclass(frozen=True)
class Row:
    """One documented decision."""

    name: str
    page: str  # below `GUIDE`
    allowed: bool
    action: str
    resource: str = "*"
    identity: Iterable[Json] = ()
    boundary: Iterable[Json] | None = None
    session: Iterable[Json] | None = None
    of_resource: Iterable[Json] | None = None
    trust: Iterable[Json] | None = None
    endpoint: Iterable[Json] | None = None
    owner: str = ""
    principal: Principal = USER
    values: Mapping[str, str | list[str]] = field(default_factory=dict)

    def decision(self) -> Decision:
        """Return what the evaluator decides."""
        return decide(self.request, self.policies)

    @property
    def request(self) -> Request:
        """The request."""
        return Request(self.principal, self.action, self.resource, context(self.values))

    @property
    def policies(self) -> Policies:
        """The policies that apply to it."""
        attached, kind = self.of_resource, PolicyKind.RESOURCE
        if self.trust is not None:
            attached, kind = self.trust, PolicyKind.TRUST
        return Policies(
            identity=(document(*self.identity),) if self.identity else (),
            boundary=document(*self.boundary) if self.boundary else None,
            session=(document(*self.session),) if self.session else None,
            resource=document(*attached, kind=kind) if attached else None,
            resource_account=self.owner,
            is_trust=self.trust is not None,
            endpoint=document(*self.endpoint, kind=PolicyKind.RESOURCE) if self.endpoint else None,
        )


def put(name: str, page: str, allowed: bool, **policies: Any) -> Row:
    """Return a row about an object that is written."""
    return Row(name, page, allowed, "s3:PutObject", OBJECT, **policies)


def parametrized(rows: Iterable[Row]) -> pytest.MarkDecorator:
    """Return the parametrization of a test over rows."""
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.name)
