"""Tokens of OpenID Connect identity providers: the lab signs them, and verifies them as STS does.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html
AWS fetches the keys of a provider from its issuer. The lab has no route to issuers on the real internet: it
signs tokens in the name of any issuer with its own key, and cannot verify tokens with another key.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

Claims = Mapping[str, Any]

KEY_ID = "vpcache-lab"
LIFETIME = 300  # seconds, as of GitHub's tokens
_CLOCK_SKEW = 300  # seconds after its expiration in which a token is accepted
_ALGORITHM = "RS256"
_REQUIRED = ("iss", "sub", "aud", "exp")
_UNSUPPORTED = ("https://aws.amazon.com/source_identity", "https://aws.amazon.com/tags")
_NO_KEY = (
    "Couldn't retrieve verification key from your identity provider,  please reference "
    "AssumeRoleWithWebIdentity documentation for requirements"
)


class IdentityTokenError(Exception):
    """A token that STS does not accept."""

    def __init__(self, message: str, code: str = "InvalidIdentityToken") -> None:
        super().__init__(message)
        self.code = code


def signed_token(issuer: str, claims: Claims, now: float) -> str:
    """Return a token of an issuer (an https URL), which expires after LIFETIME unless `claims` say so."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    times = {"iat": int(now), "nbf": int(now), "exp": int(now) + LIFETIME}
    parts = ({"alg": _ALGORITHM, "kid": KEY_ID, "typ": "JWT"}, {"iss": issuer, **times, **claims})
    text = b".".join(_encoded(json.dumps(part).encode()) for part in parts)
    signature = _key().sign(text, PKCS1v15(), SHA256())
    return b".".join([text, _encoded(signature)]).decode()


def verified_claims(token: str, account: str, now: float) -> Claims:
    """Return the claims of a token that an identity provider of an account accepts.

    Checked are the form, the claims that AWS requires, the provider of the issuer, its client IDs, the
    signature and the expiration. Raises IdentityTokenError, and NotImplementedError for session tags.
    """
    header, claims = _parsed(token)
    for name in _REQUIRED:
        if name not in claims:
            raise IdentityTokenError(f"Missing a required claim: {name}")
    issuer = str(claims["iss"])
    client_ids = _client_ids(issuer, account)
    if client_ids is None:
        raise IdentityTokenError(f"No OpenIDConnect provider found in your account for {issuer}")
    if not client_ids & set(values_of(claims["aud"])):
        raise IdentityTokenError("Incorrect token audience")
    if (header.get("alg"), header.get("kid")) != (_ALGORITHM, KEY_ID):
        raise IdentityTokenError(
            f"{_NO_KEY}: the lab has no route to {issuer}, and verifies only tokens that it has signed itself"
        )
    if not _is_signed(token):
        raise IdentityTokenError("The web identity token that was passed could not be validated by AWS.")
    _check_expiration(claims["exp"], now)
    for name in _UNSUPPORTED:
        if name in claims:
            raise NotImplementedError(f"The claim {name} of a web identity token is not emulated.")
    return claims


def provider_of(claims: Claims) -> str:
    """Return the issuer as the names of providers and condition keys have it: without "https://"."""
    return str(claims["iss"]).removeprefix("https://")


def values_of(claim: Any) -> tuple[str, ...]:
    """Return the values of a claim, which may be a list."""
    return tuple(str(each) for each in claim) if isinstance(claim, list) else (str(claim),)


def account_of_role(arn: str) -> str:
    """Return the account of a role's ARN, "" if the ARN is invalid."""
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 else ""


@cache
def _key() -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    return generate_private_key(public_exponent=65537, key_size=2048)


def _client_ids(issuer: str, account: str) -> set[str] | None:
    """Return the client IDs of an issuer's provider, None if the account has no such provider."""
    if not issuer.startswith("https://") or account not in iam_backends:
        return None
    name = issuer.removeprefix("https://").rstrip("/")
    for provider in list(iam_backends[account]["aws"].open_id_providers.values()):
        if provider.url.rstrip("/") == name:
            return set(provider.client_id_list)
    return None


def _check_expiration(expiration: Any, now: float) -> None:
    if not isinstance(expiration, int | float) or now >= expiration + _CLOCK_SKEW:
        message = f"Token expired: current date/time {now:.0f} must be before the expiration date/time"
        raise IdentityTokenError(f"{message} {expiration}", "ExpiredTokenException")


def _is_signed(token: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    text, _, signature = token.rpartition(".")
    try:
        _key().public_key().verify(_decoded(signature), text.encode(), PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def _parsed(token: str) -> tuple[Claims, Claims]:
    """Return the header and the claims of a token."""
    parts = token.split(".")
    try:
        header, claims = (json.loads(_decoded(part)) for part in parts[:2])
    except (ValueError, binascii.Error):
        header, claims = None, None
    if len(parts) != 3 or not isinstance(header, dict) or not isinstance(claims, dict):
        raise IdentityTokenError(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
        )
    return header, claims


def _encoded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
