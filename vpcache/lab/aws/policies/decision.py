"""Decides whether policies allow a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from vpcache.lab.aws.policies.conditions import all_hold
from vpcache.lab.aws.policies.documents import Document, Statement
from vpcache.lab.aws.policies.matching import (
    Context,
    UnresolvedVariableError,
    matches_any_action,
    matches_resource,
)
from vpcache.lab.aws.policies.principals import Principal, Reach, reach


class PolicyType(Enum):
    """Types of policies, as AWS names them in messages."""

    IDENTITY = "identity-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    RESOURCE = "resource-based policy"
    TRUST = "role trust policy"
    ENDPOINT = "VPC endpoint policy"


@dataclass(frozen=True, slots=True)
class Request:
    """One action on one resource. A call that affects several resources is several requests."""

    principal: Principal
    action: str  # "ec2:CreateVpc"
    resource: str  # an ARN, or "*"
    context: Context = field(default_factory=dict)  # keys in lower case


@dataclass(frozen=True, slots=True)
class Policies:
    """The policies that apply to a request; those that do not exist are None."""

    identity: tuple[Document, ...] = ()  # attached to the user and its groups, or to the role
    boundary: Document | None = None
    session: tuple[Document, ...] | None = None
    resource: Document | None = None
    resource_account: str = ""  # owner of the resource, the principal's account if empty
    is_trust: bool = False  # `resource` is a role's trust policy, without which nobody has access
    endpoint: Document | None = None  # of the VPC endpoint through which the request came


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a request is allowed, and if not, by which type of policy it is denied."""

    is_allowed: bool
    denied_by: PolicyType | None = None
    is_explicit: bool = False  # a statement denies the request
    statements: tuple[Statement, ...] = ()  # that allow it, or the one that denies it

    def message(self, request: Request) -> str:
        """Return the message of a denial.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
        """
        text = f"User: {request.principal.arn} is not authorized to perform: {request.action}"
        if request.resource != "*":
            text += f" on resource: {request.resource}"
        name = self.denied_by.value if self.denied_by else PolicyType.IDENTITY.value
        if self.is_explicit:
            article = "the" if self.denied_by is PolicyType.TRUST else "an" if name[0] in "ai" else "a"
            return f"{text} with an explicit deny in {article} {name}"
        return f"{text} because no {name} allows the {request.action} action"


def decide(request: Request, policies: Policies) -> Decision:
    """Return the decision about a request."""
    for kind, documents in _documents(policies):
        ignores_principal = policies.boundary is not None and kind is PolicyType.RESOURCE
        for statement in _applying(documents, request, "Deny", ignores_not_principal=ignores_principal):
            return Decision(False, kind, is_explicit=True, statements=(statement,))
    if policies.endpoint is not None and not _allows((policies.endpoint,), request):
        return Decision(False, PolicyType.ENDPOINT)
    account = policies.resource_account or request.principal.account
    if account != request.principal.account:
        return _across_accounts(request, policies)
    return _within_account(request, policies)


def _within_account(request: Request, policies: Policies) -> Decision:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html."""
    granted = _granted(request, policies.resource)
    direct = [statement for statement, to in granted if to is Reach.PRINCIPAL]
    if direct:  # boundaries and session policies do not limit what is granted to a user or a session itself
        return Decision(True, statements=tuple(direct))
    if policies.is_trust and not granted:
        return Decision(False, PolicyType.TRUST)
    roles = [statement for statement, to in granted if to is Reach.ROLE]
    return _limited(request, policies, tuple(roles))


def _across_accounts(request: Request, policies: Policies) -> Decision:
    """Both accounts must allow the request.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
    """
    granted = _granted(request, policies.resource)
    if request.principal.account:
        trusted = _limited(request, policies, ())
        if not trusted.is_allowed:
            return trusted
    if not granted:
        return Decision(False, PolicyType.TRUST if policies.is_trust else PolicyType.RESOURCE)
    return Decision(True, statements=tuple(statement for statement, _ in granted))


def _limited(request: Request, policies: Policies, granted: tuple[Statement, ...]) -> Decision:
    """Return the decision of the identity's policies, unless `granted`, and of what limits them."""
    if not request.principal.account:
        return Decision(False, PolicyType.TRUST if policies.is_trust else PolicyType.RESOURCE)
    statements = _allows(policies.identity, request) + granted
    if not statements:
        return Decision(False, PolicyType.IDENTITY)
    if policies.boundary is not None and not _allows((policies.boundary,), request):
        return Decision(False, PolicyType.BOUNDARY)
    if policies.session is not None and not _allows(policies.session, request):
        return Decision(False, PolicyType.SESSION)
    return Decision(True, statements=statements)


def _documents(policies: Policies) -> Iterator[tuple[PolicyType, tuple[Document, ...]]]:
    yield PolicyType.IDENTITY, policies.identity
    yield PolicyType.BOUNDARY, (policies.boundary,) if policies.boundary else ()
    yield PolicyType.SESSION, policies.session or ()
    kind = PolicyType.TRUST if policies.is_trust else PolicyType.RESOURCE
    yield kind, (policies.resource,) if policies.resource else ()
    yield PolicyType.ENDPOINT, (policies.endpoint,) if policies.endpoint else ()


def _granted(request: Request, document: Document | None) -> list[tuple[Statement, Reach]]:
    """Return the statements of a resource's policy that allow a request, and to which principal."""
    statements = _allows((document,), request) if document else ()
    return [
        (each, reach(each.principals, request.principal))
        for each in statements
        if each.principals is not None
    ]


def _allows(documents: Iterable[Document], request: Request) -> tuple[Statement, ...]:
    return tuple(_applying(documents, request, "Allow"))


def _applying(
    documents: Iterable[Document], request: Request, effect: str, *, ignores_not_principal: bool = False
) -> Iterator[Statement]:
    for document in documents:
        for statement in document.statements:
            if statement.effect == effect and applies(statement, request, ignores_not_principal):
                yield statement


def applies(statement: Statement, request: Request, ignores_not_principal: bool = False) -> bool:
    """Return whether a statement applies to a request.

    With a permissions boundary, a denial with NotPrincipal applies to every principal of IAM:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    has_action = matches_any_action(statement.actions, request.action)
    principals = statement.principals
    if has_action is statement.is_not_action:
        return False
    is_ignored = principals is None or (ignores_not_principal and principals.is_negated)
    if not is_ignored and principals and reach(principals, request.principal) is Reach.NONE:
        return False
    try:
        return _has_resource(statement, request) and all_hold(
            statement.conditions, request.context, has_variables=statement.has_variables
        )
    except UnresolvedVariableError:
        return False


def _has_resource(statement: Statement, request: Request) -> bool:
    if statement.resources is None:
        return True
    context = request.context if statement.has_variables else None
    matching = any(matches_resource(pattern, request.resource, context) for pattern in statement.resources)
    return matching is not statement.is_not_resource
