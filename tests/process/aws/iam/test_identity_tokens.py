"""AssumeRoleWithWebIdentity: which tokens are accepted, and for which roles."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.served.region import Region, api_error, unique
from vpcache.lab.aws.iam.identity_tokens import signed_token

ACCOUNT = "123456789012"
GITHUB = "token.actions.githubusercontent.com"
ISSUER = f"https://{GITHUB}"
WORKFLOW = "octo-org/octo/.github/workflows/nightly.yml@refs/heads/main"
CLAIMS = {
    "aud": "sts.amazonaws.com",
    "sub": "repo:octo-org/octo:environment:nightly",
    "job_workflow_ref": WORKFLOW,
    "run_id": "1",
}
NOT_AUTHORIZED = (403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")


@pytest.fixture
def provider(iam: Any) -> Iterator[str]:
    """The account's identity provider for GitHub Actions."""
    arn = iam.create_open_id_connect_provider(Url=ISSUER, ClientIDList=["sts.amazonaws.com"])[
        "OpenIDConnectProviderArn"
    ]
    yield arn
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def trusting(iam: Any, provider: str, **claims: str) -> Any:
    """Return a new role that trusts tokens of a provider with some claims."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": provider},
        "Condition": {"StringEquals": {f"{GITHUB}:{name}": value for name, value in claims.items()}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    return iam.create_role(RoleName=unique("role"), AssumeRolePolicyDocument=document)["Role"]


def request(role: Any, token: str) -> dict[str, str]:
    return {"RoleArn": role["Arn"], "RoleSessionName": "run", "WebIdentityToken": token}


def test_token_of_a_provider_is_accepted(sts: Any, iam: Any, provider: str, enforced: Region) -> None:
    role = trusting(iam, provider, aud=CLAIMS["aud"], sub=CLAIMS["sub"], job_workflow_ref=WORKFLOW)

    answer = sts.assume_role_with_web_identity(**request(role, signed_token(ISSUER, CLAIMS, time.time())))

    assert answer["AssumedRoleUser"] == {
        "AssumedRoleId": f"{role['RoleId']}:run",
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role['RoleName']}/run",
    }
    assert (answer["Provider"], answer["Audience"]) == (provider, CLAIMS["aud"])
    assert answer["SubjectFromWebIdentityToken"] == CLAIMS["sub"]


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("sub", "repo:octo-org/other:environment:nightly"),
        ("job_workflow_ref", "another"),
        ("run_id", CLAIMS["run_id"]),  # AWS does not compare it
    ],
)
def test_trust_policy_compares_the_claims_that_aws_does(
    claim: str, value: str, sts: Any, iam: Any, provider: str, enforced: Region
) -> None:
    role = trusting(iam, provider, **{claim: value})
    token = signed_token(ISSUER, CLAIMS, time.time())

    assert api_error(sts.assume_role_with_web_identity, **request(role, token)) == NOT_AUTHORIZED


def encoded(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def forged(token: str) -> str:
    """Return a token with another subject and the signature of the first."""
    header, claims, signature = token.split(".")
    content = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    return f"{header}.{encoded(content | {'sub': 'x'})}.{signature}"


def with_header(token: str, **members: str) -> str:
    _, claims, signature = token.split(".")
    return f"{encoded(members)}.{claims}.{signature}"


@pytest.mark.parametrize(
    ("claims", "text"),
    [
        (
            {"iss": "https://issuer.example.com"},
            "No OpenIDConnect provider found in your account for https://is",
        ),
        ({"iss": GITHUB}, f"No OpenIDConnect provider found in your account for {GITHUB}"),
        ({"aud": "another"}, "Incorrect token audience"),
        ({"sub": None}, "Missing a required claim: sub"),
        ({"aud": None}, "Missing a required claim: aud"),
    ],
)
def test_token_with_wrong_claims_is_refused(
    claims: dict[str, str | None], text: str, sts: Any, iam: Any, provider: str
) -> None:
    token = signed_token(ISSUER, CLAIMS | claims, time.time())
    if None in claims.values():
        named = {name: value for name, value in CLAIMS.items() if name not in claims}
        token = signed_token(ISSUER, named, time.time())

    error = api_error(sts.assume_role_with_web_identity, **request(trusting(iam, provider), token))

    assert error[:2] == (400, "InvalidIdentityToken")
    assert error.message.startswith(text)


def test_role_that_does_not_exist_is_not_assumed(sts: Any, provider: str) -> None:
    role = {"Arn": f"arn:aws:iam::{ACCOUNT}:role/missing"}
    token = signed_token(ISSUER, CLAIMS, time.time())

    assert api_error(sts.assume_role_with_web_identity, **request(role, token)) == NOT_AUTHORIZED


def test_token_that_is_not_signed_by_the_lab_is_refused(sts: Any, iam: Any, provider: str) -> None:
    role, token = trusting(iam, provider), signed_token(ISSUER, CLAIMS, time.time())
    refusals = {
        "no token": "The ID Token provided is not a valid JWT.",
        forged(token): "The web identity token that was passed could not be validated by AWS.",
        with_header(token, alg="RS256", kid="38826b17"): f"the lab has no route to {ISSUER}",
        with_header(token, alg="none", kid="vpcache-lab"): "Couldn't retrieve verification key",
    }
    for refused, text in refusals.items():
        error = api_error(sts.assume_role_with_web_identity, **request(role, refused))
        assert error[:2] == (400, "InvalidIdentityToken")
        assert text in error.message


def test_expired_token_is_refused_after_five_minutes(sts: Any, iam: Any, provider: str) -> None:
    role, now = trusting(iam, provider), time.time()
    recent = signed_token(ISSUER, CLAIMS | {"exp": int(now) - 200}, now)
    expired = signed_token(ISSUER, CLAIMS | {"exp": int(now) - 400}, now)

    assert sts.assume_role_with_web_identity(**request(role, recent))["Credentials"]
    error = api_error(sts.assume_role_with_web_identity, **request(role, expired))
    assert error[:2] == (400, "ExpiredTokenException")
    assert error.message.startswith("Token expired: current date/time")


@pytest.mark.parametrize("iam_setting", ["off", "enforce"])
def test_tags_in_a_token_are_refused_by_name(
    iam_setting: str, region: Region, sts: Any, iam: Any, provider: str
) -> None:
    region.settings, claim = region.settings.changed({"iam": iam_setting}), "https://aws.amazon.com/tags"
    token = signed_token(ISSUER, CLAIMS | {claim: {"principal_tags": {"team": ["a"]}}}, time.time())

    error = api_error(sts.assume_role_with_web_identity, **request(trusting(iam, provider), token))

    assert error[:2] == (501, "NotImplemented")
    assert claim in error.message
