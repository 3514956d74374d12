"""Callers without AWS credentials: they assume a role by a token of an identity provider.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
"""

from __future__ import annotations

from datetime import datetime

from vpcache.lab.aws.authorization.principals import PARTITION, Caller
from vpcache.lab.aws.authorization.requests.calls import ApiCall
from vpcache.lab.aws.iam.identity_tokens import account_of_role, provider_of, values_of, verified_claims
from vpcache.lab.aws.policies.principals import Principal

_CLAIMS = frozenset({"amr", "aud", "email", "oaud", "sub"})
_GITHUB = "token.actions.githubusercontent.com"
_OF_GITHUB = frozenset(
    {
        "actor",
        "actor_id",
        "enterprise_id",
        "environment",
        "job_workflow_ref",
        "ref",
        "repository",
        "repository_id",
        "workflow",
    }
)
"""The claims of a token that are condition keys; AWS ignores the others:
https://aws.amazon.com/about-aws/whats-new/2026/01/aws-sts-supports-validation-identity-provider-claims/
"""


def web_identity(call: ApiCall, now: datetime) -> Caller | None:
    """Return the caller of AssumeRoleWithWebIdentity, None for another call. Raises IdentityTokenError."""
    if call.action != "sts:AssumeRoleWithWebIdentity":
        return None
    account = account_of_role(call.text("RoleArn"))
    claims = verified_claims(call.text("WebIdentityToken"), account, now.timestamp())
    issuer = provider_of(claims)
    names = _CLAIMS | _OF_GITHUB if issuer == _GITHUB else _CLAIMS
    keys = {f"{issuer}:{name}".lower(): values_of(claims[name]) for name in names if name in claims}
    provider = f"arn:{PARTITION}:iam::{account}:oidc-provider/{issuer}"
    return Caller(Principal(str(claims["sub"]), "", federated=provider), (), keys=keys)
