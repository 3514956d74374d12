"""The principal of a request, with the policies that apply to it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from vpcache.lab.aws.accounts import USER_ID, account_of, user_arn
from vpcache.lab.aws.iam.sessions import session_tags
from vpcache.lab.aws.policies.documents import Document, PolicyError, PolicyKind, parse
from vpcache.lab.aws.policies.matching import Context
from vpcache.lab.aws.policies.principals import Principal

_log = logging.getLogger(__name__)

PARTITION = "aws"
_EVERYTHING = parse({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
_TEMPORARY, _OF_USER = "ASIA", "AKIA"


class InvalidTokenError(Exception):
    """Temporary credentials do not exist."""


class ExpiredTokenError(Exception):
    """Temporary credentials are expired."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal, its policies and its condition keys."""

    principal: Principal
    identity: tuple[Document, ...]
    boundary: Document | None = None
    session: tuple[Document, ...] | None = None
    keys: Context = field(default_factory=dict)
    is_unrestricted: bool = False  # the account's user, who may do everything

    @property
    def owner(self) -> str:
        """The ARN of the identity that the policies are attached to: the user or the role."""
        return self.principal.role_arn or self.principal.arn


def caller_of(key_id: str, token: str, now: datetime) -> Caller:
    """Return who signed a request. Raises InvalidTokenError and ExpiredTokenError."""
    if key_id.startswith(_TEMPORARY):
        return _session(key_id, token, now)
    account = account_of(key_id)
    if key_id.startswith(_OF_USER):
        user = _iam(account).get_user_from_access_key_id(key_id)
        if user is not None:
            return _user(account, user)
    arn = user_arn(account)
    keys = _keys(arn, account, "User", USER_ID) | {"aws:username": (arn.rpartition("/")[2],)}
    return Caller(Principal(arn, account), (_EVERYTHING,), keys=keys, is_unrestricted=True)


def documents_of(arn: str) -> tuple[Document, ...]:
    """Return the identity-based policies of a role or user by its ARN; none if it does not exist."""
    account, kind = arn.split(":")[4], arn.split(":")[5].partition("/")[0]
    identities = _iam(account).roles if kind == "role" else _iam(account).users
    found = next((each for each in list(identities.values()) if each.arn == arn), None)
    if found is None:
        return ()
    groups = _iam(account).get_groups_for_user(found.name) if kind == "user" else []
    return tuple(document for each in (found, *groups) for document in _attached(each))


def parsed(text: str | bytes, kind: PolicyKind) -> Document | None:
    """Return a policy; one that AWS would not have accepted grants nothing."""
    try:
        return _parsed(text, kind)
    except PolicyError as error:
        _log.warning("a policy is ignored: %s", error)
        return None


@lru_cache(maxsize=1024)
def _parsed(text: str | bytes, kind: PolicyKind) -> Document:
    return parse(text, kind)


def _iam(account: str) -> Any:
    return iam_backends[account][PARTITION]


def _session(key_id: str, token: str, now: datetime) -> Caller:
    session = _assumed(key_id)
    if session is None or token != session.session_token:
        raise InvalidTokenError(key_id)
    if session.expiration.replace(tzinfo=None) <= now.replace(tzinfo=None):
        raise ExpiredTokenError(key_id)
    account = session.account_id
    name = session.role_arn.rpartition("/")[2]
    role = _iam(account).roles.get(name) or next(
        (each for each in list(_iam(account).roles.values()) if each.name == name), None
    )
    if role is None:  # deleted since
        raise InvalidTokenError(key_id)
    tags = {**tags_of(role), **session_tags(session)}
    keys = {
        **_keys(role.arn, account, "AssumedRole", f"{role.id}:{session.session_name}"),
        **{f"aws:principaltag/{key.lower()}": (value,) for key, value in tags.items()},
        "aws:tokenissuetime": (getattr(session, "issued", now).strftime("%Y-%m-%dT%H:%M:%SZ"),),
        "aws:multifactorauthpresent": ("false",),
    }
    return Caller(
        Principal(session.arn, account, role_arn=role.arn),
        _attached(role),
        _boundary(account, role.permissions_boundary_arn),
        _session_policies(account, session),
        keys,
    )


def _assumed(key_id: str) -> Any | None:
    for account in list(sts_backends):
        if PARTITION in sts_backends[account]:
            session = sts_backends[account][PARTITION].get_assumed_role_from_access_key(key_id)
            if session is not None:
                return session
    return None


def role_caller(arn: str) -> Caller:
    """Return a service's session of a role; without permissions if the role does not exist."""
    account, name = arn.split(":")[4], arn.rpartition("/")[2]
    principal = Principal(f"arn:{PARTITION}:sts::{account}:assumed-role/{name}/lambda", account, role_arn=arn)
    role = next((each for each in list(_iam(account).roles.values()) if each.arn == arn), None)
    if role is None:
        return Caller(principal, ())
    boundary = _boundary(account, role.permissions_boundary_arn)
    return Caller(principal, _attached(role), boundary, keys=_keys(arn, account, "AssumedRole", role.id))


def _user(account: str, user: Any) -> Caller:
    documents = _attached(user)
    for group in _iam(account).get_groups_for_user(user.name):
        documents += _attached(group)
    tags = _iam(account).tagger.get_tag_dict_for_resource(user.arn)
    keys = {
        **_keys(user.arn, account, "User", user.id),
        **{f"aws:principaltag/{key.lower()}": (value,) for key, value in tags.items()},
        "aws:username": (user.name,),
    }
    return Caller(Principal(user.arn, account), documents, keys=keys)


def _keys(arn: str, account: str, kind: str, user_id: str) -> dict[str, tuple[str, ...]]:
    return {
        "aws:principalaccount": (account,),
        "aws:principalarn": (arn,),
        "aws:principalisawsservice": ("false",),
        "aws:principaltype": (kind,),
        "aws:userid": (user_id,),
    }


def _attached(identity: Any) -> tuple[Document, ...]:
    """Return the inline and managed policies of a role, user or group."""
    texts = [
        *list(identity.policies.values()),
        *map(_default_version, list(identity.managed_policies.values())),
    ]
    return _identity_policies(texts)


def _identity_policies(texts: Iterable[str]) -> tuple[Document, ...]:
    documents = (parsed(text, PolicyKind.IDENTITY) for text in texts)
    return tuple(document for document in documents if document)


def _default_version(policy: Any) -> str:
    version = next(each for each in policy.versions if each.is_default)
    return str(version.document)


def _boundary(account: str, arn: str | None) -> Document | None:
    return parsed(_managed(account, arn), PolicyKind.IDENTITY) if arn else None


def _managed(account: str, arn: str) -> str:
    policy = _iam(account).managed_policies.get(arn)
    return _default_version(policy) if policy else "{}"


def _session_policies(account: str, session: Any) -> tuple[Document, ...] | None:
    texts = [session.policy] if session.policy else []
    texts += [_managed(account, arn) for arn in getattr(session, "policy_arns", ())]
    return _identity_policies(texts) if texts else None


def tags_of(role: Any) -> Mapping[str, str]:
    """Return the tags of a role or a managed policy."""
    tags = role.tags
    if isinstance(tags, Mapping):
        return {key: each["Value"] if isinstance(each, Mapping) else each for key, each in tags.items()}
    return {each["Key"]: each["Value"] for each in tags or ()}
