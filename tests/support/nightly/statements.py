"""Which statements of a role's policies its recorded requests need, and which permissions are explained."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from tests.support.nightly.role import ROLE
from vpcache.lab.aws.policies.decision import Decision, Policies, Request, decide
from vpcache.lab.aws.policies.documents import Document, Statement
from vpcache.lab.aws.policies.principals import Principal
from vpcache.lab.permissions import AuthorizedRequest

_EXPLAINED = re.compile(r'"(\w+:\w+)",?\s+# unused in a night: \S+')


def explained_permissions() -> set[str]:
    """Return the actions in the role's HCL that a comment explains."""
    return {action for path in ROLE.glob("*.tf") for action in _EXPLAINED.findall(path.read_text())}


def decision(request: AuthorizedRequest, documents: Sequence[Document]) -> Decision:
    """Decide a recorded request again, by identity-based policies only."""
    account = request.principal.split(":")[4]
    return decide(
        Request(Principal(request.principal, account), request.action, request.resource, request.context),
        Policies(identity=tuple(documents), resource_account=request.context["aws:resourceaccount"][0]),
    )


def denied_without(
    statement: Statement, documents: Sequence[Document], requests: Iterable[AuthorizedRequest]
) -> Iterator[AuthorizedRequest]:
    """Yield the requests that policies deny when a statement is removed."""
    remaining = [_without(statement, document) for document in documents]
    for request in requests:
        is_affected = statement in decision(request, documents).statements
        if is_affected and not decision(request, remaining).is_allowed:
            yield request


def _without(statement: Statement, document: Document) -> Document:
    return replace(document, statements=tuple(each for each in document.statements if each != statement))
