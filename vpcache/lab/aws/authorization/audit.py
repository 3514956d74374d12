"""Compares the permissions that principals have with those that they used."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from vpcache.lab.aws.authorization.principals import documents_of
from vpcache.lab.aws.authorization.requests.reference import actions_of, services
from vpcache.lab.aws.authorization.usage import Usage, Use
from vpcache.lab.aws.policies.documents import Document, Statement
from vpcache.lab.aws.policies.matching import matches_action
from vpcache.lab.permissions import Permissions

_EC2_RESOURCE = re.compile(r"(arn:[^:]+:ec2:[^/]+/).+")


def audit(usage: Usage) -> list[Permissions]:
    """Return the permissions of every principal whose calls were evaluated."""
    return [
        permissions(principal, usage.counts(principal), documents_of(principal), usage.grants(principal))
        for principal in usage.principals()
    ]


def permissions(
    principal: str,
    uses: Iterable[Use],
    documents: Iterable[Document],
    grants: Collection[tuple[Statement, ...]] = (),
) -> Permissions:
    """Compare the uses of one principal with its identity-based policies. Pure.

    `grants` are the statements that allowed each use.
    """
    uses, documents = list(uses), list(documents)
    allowed = [use for use in uses if use.is_allowed]
    used = {use.action for use in allowed}
    granted = {action for document in documents for each in document.statements for action in _granted(each)}
    known = {action.lower() for action in used}
    return Permissions(
        principal=principal,
        used=tuple(sorted(used)),
        denied=tuple(sorted({use.action for use in uses if not use.is_allowed})),
        unused=tuple(sorted(action for action in granted if action.lower() not in known)),
        unneeded_statements=tuple(unneeded_statements(documents, grants)),
        policy=smallest_policy(allowed),
    )


def unneeded_statements(
    documents: Iterable[Document], grants: Collection[tuple[Statement, ...]]
) -> Iterator[str]:
    """Yield the statements that allow something and without which every use would have been allowed, too.

    A statement has its Sid as name, or its number in its policy.
    """
    needed = {statements[0] for statements in grants if len(set(statements)) == 1}
    for document in documents:
        for number, statement in enumerate(document.statements, 1):
            if statement.effect == "Allow" and statement not in needed:
                yield statement.sid or str(number)


def smallest_policy(uses: Iterable[Use]) -> dict[str, Any]:
    """Return a policy that allows the uses: actions with the same resources are in one statement.

    EC2 chooses the IDs of its resources, so those are replaced by `*`.
    """
    resources: dict[str, set[str]] = {}
    for use in uses:
        resources.setdefault(use.action, set()).add(_EC2_RESOURCE.sub(r"\1*", use.resource))
    by_resources: dict[tuple[str, ...], list[str]] = {}
    for action, names in resources.items():
        by_resources.setdefault(tuple(sorted(names)), []).append(action)
    statements = [
        {"Effect": "Allow", "Action": sorted(actions), "Resource": list(names)}
        for names, actions in sorted(by_resources.items(), key=lambda each: sorted(each[1]))
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _granted(statement: Statement) -> Iterator[str]:
    """Yield the actions that a statement allows; those of services without reference only by their name."""
    if statement.effect != "Allow":
        return
    for service in services():
        for action in actions_of(service):
            is_listed = any(matches_action(pattern, action) for pattern in statement.actions)
            if is_listed is not statement.is_not_action:
                yield action
    if not statement.is_not_action:
        prefixes = tuple(f"{service}:" for service in services())
        for pattern in statement.actions:
            if "*" not in pattern and "?" not in pattern and not pattern.lower().startswith(prefixes):
                yield pattern
