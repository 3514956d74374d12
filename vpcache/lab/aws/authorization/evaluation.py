"""The request and the policies that a decision needs, from a caller and a target."""

from __future__ import annotations

from vpcache.lab.aws.authorization.model import Model
from vpcache.lab.aws.authorization.principals import Caller
from vpcache.lab.aws.authorization.requests.calls import Target
from vpcache.lab.aws.authorization.requests.keys import of_target, resource_keys
from vpcache.lab.aws.policies.decision import Policies, Request
from vpcache.lab.aws.policies.documents import Document
from vpcache.lab.aws.policies.matching import Context

WITH_POLICIES = frozenset({"lambda", "s3", "sns", "sqs", "sts"})
"""Services whose resources have policies, which can deny what the account's user may do."""
_ASSUMING = ("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML")


def evaluation(
    caller: Caller, target: Target, context: Context, model: Model, through: Document | None = None
) -> tuple[Request, Policies]:
    """Return the arguments of `decide`.

    `context` has the keys of the request and of the caller; `through` is the policy of the VPC endpoint that
    the request passed.
    """
    resource = model.resource(target.resource)
    service = target.action.partition(":")[0]
    keys = {**context, **resource_keys(service, resource.tags, resource.account)}
    is_trust = target.action in _ASSUMING
    has_policy = is_trust or service in WITH_POLICIES
    policies = Policies(
        identity=caller.identity,
        boundary=caller.boundary,
        session=caller.session,
        resource=resource.policy if has_policy else None,
        resource_account=resource.account,
        is_trust=is_trust,
        endpoint=through,
    )
    return Request(caller.principal, target.action, target.resource, of_target(target, keys)), policies
