"""STS: identities of callers, and temporary credentials.

https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.iam.exceptions import MalformedPolicyDocument, NotFoundException
from moto.iam.models import iam_backends
from moto.sts.models import STSBackend
from moto.sts.responses import TokenResponse
from moto.sts.urls import url_bases
from moto.sts.utils import random_session_token

from vpcache.lab.aws.accounts import USER_ID, user_arn
from vpcache.lab.aws.dispatch import UrlModule
from vpcache.lab.aws.iam.identity_tokens import (
    IdentityTokenError,
    account_of_role,
    provider_of,
    values_of,
    verified_claims,
)

_ENDED = 10_000  # access keys that are remembered
_ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+")
_ROLE_ARN = re.compile(r"arn:(?P<partition>[^:]+):iam::(?P<account>\d{12}):role/(?P<path>.+)")


class StsError(ServiceException):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """An error of STS."""


class NotAuthorizedError(StsError):
    """A caller may not assume a role. moto gives errors that STS's model lacks the status 400."""

    status = 403


class SessionsBackend(STSBackend):  # type: ignore[misc]
    """STS of one account, the same in every region of a partition."""

    def __init__(self, region_name: str, account_id: str, urls: UrlModule) -> None:
        super().__init__(region_name, account_id)
        self._urls = urls
        self._of_functions: dict[str, Any] = {}  # sessions of running function processes, by access key
        self._ended: dict[str, None] = {}  # access keys of those that ended last

    @property
    def _url_module(self) -> UrlModule:
        return self._urls

    def get_caller_identity(self, access_key_id: str, region: str) -> tuple[str, str, str]:
        """Return ID, ARN and account of a caller: a session, a user with a key, or the account's user."""
        user_id, arn, account = super().get_caller_identity(access_key_id, region)
        is_known = not arn.endswith(":user/moto")
        return (user_id, arn, account) if is_known else (USER_ID, user_arn(self.account_id), self.account_id)

    def get_assumed_role_from_access_key(self, access_key_id: str) -> Any | None:
        """Return the session of an access key, None if there is none."""
        session = self._of_functions.get(access_key_id)
        return session or super().get_assumed_role_from_access_key(access_key_id)

    def begin_execution(self, session: Any) -> None:
        """Add the session of a function process."""
        self._of_functions[session.access_key_id] = session

    def end_execution(self, access_key_id: str) -> bool:
        """Revoke the session of a function process; return whether there was one."""
        if self._of_functions.pop(access_key_id, None) is None:
            return False
        self._ended[access_key_id] = None
        for oldest in list(self._ended)[:-_ENDED]:
            self._ended.pop(oldest, None)
        return True

    def resume(self) -> None:
        """Revoke the sessions that a snapshot contains: their processes ended with the lab that wrote it."""
        keys = iam_backends[self.account_id][self.partition].access_keys
        for access_key_id in list(self._of_functions):
            self.end_execution(access_key_id)
            keys.pop(access_key_id, None)

    def is_of_execution(self, access_key_id: str) -> bool:
        """Return whether an access key is or was of a function process."""
        return access_key_id in self._of_functions or access_key_id in self._ended

    def assume_role(self, region_name: str, role_arn: str, duration: int, **options: Any) -> Any:
        """Return a session of a role that exists.

        The error is the same for a missing role and for one that the caller may not assume.
        """
        if not _ARN.fullmatch(role_arn):
            raise StsError("ValidationError", f"{role_arn} is invalid")
        role = _role(role_arn)
        if role is None:
            message = f"User: {user_arn(self.account_id)} is not authorized to perform: sts:AssumeRole"
            raise NotAuthorizedError("AccessDenied", f"{message} on resource: {role_arn}")
        if duration > int(role.max_session_duration or 3600):
            message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
            raise StsError("ValidationError", message)
        if options.get("policy"):
            _check_session_policy(options["policy"])
        return super().assume_role(region_name=region_name, role_arn=role_arn, duration=duration, **options)

    def assume_role_with_web_identity(self, *, role_arn: str, **options: Any) -> Any:
        """Return a session of a role that exists."""
        if _role(role_arn) is None:
            raise NotAuthorizedError(
                "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"
            )
        return self.assume_role(role_arn=role_arn, **options)


class SessionsResponse(TokenResponse):  # type: ignore[misc]
    """The STS API."""

    def serialized(self, action_result: ActionResult) -> Any:
        """Serialize a result or an error."""
        error = action_result.result
        status, headers, body = super().serialized(action_result)
        return error.status if isinstance(error, NotAuthorizedError) else status, headers, body

    def assume_role(self) -> ActionResult:
        """Answer AssumeRole; only a session policy has a packed size."""
        answer = self._with_details(super().assume_role())
        if not self._get_param("Policy"):
            del answer.result["PackedPolicySize"]
        return answer

    def assume_role_with_saml(self) -> ActionResult:
        """Refuse a call whose assertion the lab cannot check."""
        raise NotImplementedError("The lab has no identity providers.")

    def assume_role_with_web_identity(self) -> ActionResult:
        """Answer AssumeRoleWithWebIdentity for a token that the lab has signed.

        https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
        """
        account = account_of_role(self._get_param("RoleArn"))
        try:
            claims = verified_claims(self._get_param("WebIdentityToken"), account, time.time())
        except IdentityTokenError as error:
            raise StsError(error.code, str(error)) from error
        answer = self._with_details(super().assume_role_with_web_identity())
        answer.result["AssumedRoleUser"]["AssumedRoleId"] = answer.result["Credentials"].user_id
        answer.result["Audience"] = values_of(claims["aud"])[0]
        answer.result["Provider"] = f"arn:{self.partition}:iam::{account}:oidc-provider/{provider_of(claims)}"
        answer.result["SubjectFromWebIdentityToken"] = str(claims["sub"])
        if not self._get_param("Policy"):
            del answer.result["PackedPolicySize"]
        return answer

    def get_session_token(self) -> ActionResult:
        """Answer GetSessionToken, with credentials of the caller's account."""
        return self._with_credentials(super().get_session_token())

    def get_federation_token(self) -> ActionResult:
        """Answer GetFederationToken, with credentials of the caller's account."""
        answer = self._with_credentials(super().get_federation_token())
        answer.result["PackedPolicySize"] = 0
        return answer

    def _with_details(self, answer: ActionResult) -> ActionResult:
        """Attach session policies and tags, which moto drops, to the session of an answer."""
        session = answer.result["Credentials"]
        arns = self._get_param("PolicyArns") or []
        session.policy_arns = tuple(each["arn"] for each in arns if "arn" in each)
        session.tags = {each["Key"]: each["Value"] for each in self._get_param("Tags") or []}
        session.issued = utcnow()
        return answer

    def _with_credentials(self, answer: ActionResult) -> ActionResult:
        key = iam_backends[self.current_account][self.partition].create_temp_access_key()
        answer.result["Credentials"] |= {
            "AccessKeyId": key.access_key_id,
            "SecretAccessKey": key.secret_access_key,
            "SessionToken": random_session_token(),
        }
        return answer


def session_tags(session: Any) -> Mapping[str, str]:
    """Return the tags of a session."""
    tags: Mapping[str, str] = getattr(session, "tags", {})
    return tags


def _role(arn: str) -> Any | None:
    match = _ROLE_ARN.fullmatch(arn)
    if match is None:
        return None
    try:
        return iam_backends[match["account"]][match["partition"]].get_role_by_arn(arn)
    except (KeyError, NotFoundException):
        return None


def _check_session_policy(document: str) -> None:
    try:
        json.loads(document)
    except (ValueError, RecursionError) as error:
        raise MalformedPolicyDocument("This policy contains invalid Json") from error


STS_URLS = UrlModule(url_bases, {"{0}/$": SessionsResponse.dispatch})
