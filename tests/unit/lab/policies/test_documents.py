"""Validation of policy documents."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.iam.rows import allow
from tests.unit.lab.policies import (
    test_actions,
    test_conditions,
    test_examples,
    test_limits,
    test_resource_policies,
    test_resources,
    test_trust_policies,
)
from vpcache.lab.aws.policies.documents import PolicyError, PolicyKind, parse

PRINCIPAL = {"AWS": "*"}


@pytest.mark.parametrize(
    ("policy", "kind", "message"),
    [
        ("{", PolicyKind.IDENTITY, "not valid JSON"),
        ([], PolicyKind.IDENTITY, "must be a JSON object"),
        ({"Version": "2012-10-17"}, PolicyKind.IDENTITY, "missing required field Statement"),
        (
            {"Version": "2024-01-01", "Statement": [allow("*")]},
            PolicyKind.IDENTITY,
            "version is '2024-01-01'",
        ),
        ({"Statements": []}, PolicyKind.IDENTITY, "unknown element Statements"),
        ({"Statement": ["x"]}, PolicyKind.IDENTITY, "must be a JSON object"),
        ({"Statement": allow("*", Effect="Permit")}, PolicyKind.IDENTITY, "effect is 'Permit'"),
        ({"Statement": allow("*", Ressource="*")}, PolicyKind.IDENTITY, "unknown element Ressource"),
        ({"Statement": allow("GetObject")}, PolicyKind.IDENTITY, "action 'GetObject'"),
        ({"Statement": allow("*", NotAction="s3:*")}, PolicyKind.IDENTITY, "either Action or NotAction"),
        ({"Statement": allow("*", "bucket")}, PolicyKind.IDENTITY, "resource bucket must be in ARN format"),
        (
            {"Statement": {"Effect": "Allow", "Action": "*"}},
            PolicyKind.IDENTITY,
            "missing required field Resource",
        ),
        (
            {"Statement": {"Effect": "Allow", "Resource": "*"}},
            PolicyKind.IDENTITY,
            "missing required field Action",
        ),
        ({"Statement": allow("*", Principal="*")}, PolicyKind.IDENTITY, "no field Principal"),
        ({"Statement": allow("*")}, PolicyKind.RESOURCE, "either Principal or NotPrincipal"),
        ({"Statement": allow("*", Principal={"User": "x"})}, PolicyKind.RESOURCE, "principal {'User': 'x'}"),
        ({"Statement": allow("*", Principal=PRINCIPAL)}, PolicyKind.TRUST, "no field Resource"),
        (
            {"Statement": allow("*", Condition={"Equals": {"k": "v"}})},
            PolicyKind.IDENTITY,
            "no condition operator",
        ),
        (
            {"Statement": allow("*", Condition={"NullIfExists": {"k": "true"}})},
            PolicyKind.IDENTITY,
            "no condition",
        ),
        (
            {"Statement": allow("*", Condition={"Any:Bool": {"k": "v"}})},
            PolicyKind.IDENTITY,
            "set operator of Any:Bool",
        ),
        (
            {"Statement": allow("*", Condition={"Bool": "v"})},
            PolicyKind.IDENTITY,
            "condition Bool must be a JSON",
        ),
        (
            {"Statement": allow("*", Condition={"Bool": {"k": {}}})},
            PolicyKind.IDENTITY,
            "values of k must be strings",
        ),
    ],
)
def test_invalid_policy_is_rejected_with_its_error(policy: Any, kind: PolicyKind, message: str) -> None:
    with pytest.raises(PolicyError) as error:
        parse(policy, kind)
    assert message in str(error.value)


def test_more_than_150_documented_decisions_are_compared() -> None:
    modules = (
        test_actions,
        test_examples,
        test_limits,
        test_resource_policies,
        test_resources,
        test_trust_policies,
    )
    pages = [row[0] for row in test_conditions.ROWS]
    pages += [row.page for module in modules for row in module.ROWS]
    assert len(pages) > 150
    assert all(page.partition("#")[0].endswith(".html") for page in pages)
