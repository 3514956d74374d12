"""Callers without AWS credentials: they assume a role by a token of an identity provider.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
The signature of the token is not verified.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from vpcache.lab.aws.authorization.principals import PARTITION, Caller
from vpcache.lab.aws.authorization.requests.calls import ApiCall
from vpcache.lab.aws.policies.principals import Principal


def web_identity(call: ApiCall) -> Caller | None:
    """Return the caller of AssumeRoleWithWebIdentity, None for another call."""
    if call.action != "sts:AssumeRoleWithWebIdentity":
        return None
    claims = _claims(call.text("WebIdentityToken"))
    issuer = str(claims.get("iss", "")).removeprefix("https://")
    role_account = call.text("RoleArn").split(":")[4] if call.text("RoleArn").count(":") > 4 else ""
    provider = f"arn:{PARTITION}:iam::{role_account}:oidc-provider/{issuer}"
    keys = {f"{issuer}:{name}".lower(): _values(value) for name, value in claims.items()}
    subject = str(claims.get("sub", "")) or "unknown"
    return Caller(Principal(subject, "", federated=provider), (), keys=keys)


def _values(value: Any) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list) else (str(value),)


def _claims(token: str) -> dict[str, Any]:
    """Return the claims of a JSON web token, empty if it is not one."""
    payload = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}
