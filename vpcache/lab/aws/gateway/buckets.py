"""Who may use a bucket: its owner, whom its policy lets in, and whoever names its owner rightly."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote
from wsgiref.types import WSGIEnvironment

from moto.s3.models import FakeBucket, s3_backends

from vpcache.lab.aws.accounts import is_account_id
from vpcache.lab.aws.gateway.call import body_of
from vpcache.lab.aws.gateway.call_counter import RestRequest

Refusal = tuple[int, str, str]
"""Status, code and message of an error."""

_EXPECTED_OWNER = "HTTP_X_AMZ_EXPECTED_BUCKET_OWNER"
_EXPECTED_SOURCE_OWNER = "HTTP_X_AMZ_SOURCE_EXPECTED_BUCKET_OWNER"
_SOURCE = "HTTP_X_AMZ_COPY_SOURCE"
_VIRTUAL_HOST = re.compile(r"(?P<bucket>.+)\.s3[.-](?:[a-z0-9.-]+\.)?amazonaws\.com")
_DENIED: Refusal = (403, "AccessDenied", "Access Denied")
_BAD_OWNER: Refusal = (
    400,
    "InvalidBucketOwnerAWSAccountID",
    "The value of the expected bucket owner parameter must be an AWS Account ID.",
)


@dataclass(frozen=True, slots=True)
class Access:
    """An access to a bucket by an account, or to an object in it."""

    account: str
    action: str  # "s3:GetObject"
    resource: str  # "bucket/key" or "bucket"
    is_secure: bool  # over TLS


def bucket_problem(account: str, environ: WSGIEnvironment) -> Refusal | None:
    """Return why S3 refuses a request of an account because of the bucket that it names, None if it does not.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
    The host's loopback stands for AWS's own endpoint, so what comes that way counts as TLS.
    """
    name, _, key = _place(environ).partition("/")
    source = unquote(environ.get(_SOURCE, "")).lstrip("/").partition("/")[0]
    for named, header in ((name, _EXPECTED_OWNER), (source, _EXPECTED_SOURCE_OWNER)):
        if problem := _owner_problem(named, environ.get(header)):
            return problem
    is_new = environ["REQUEST_METHOD"] == "PUT" and not key and not environ.get("QUERY_STRING")
    bucket = _bucket(name)
    if bucket is None or is_new:
        return None
    is_secure = environ["wsgi.url_scheme"] == "https" or not _is_inside(environ)
    is_owner = bucket.account_id == account
    if is_owner and _is_about_policy(environ):
        is_put = environ["REQUEST_METHOD"] == "PUT"
        return policy_problem(name, body_of(environ)) if is_put else None
    if is_owner and (is_secure or bucket.policy is None):
        return None  # no policy matters, and the name of the operation takes long to find
    action = f"s3:{RestRequest.of('s3', environ).operation or 'Unknown'}"
    access = Access(account, action, f"{name}/{key}" if key else name, is_secure)
    statements = _statements(bucket.policy)
    if _is_denied(statements, access) or not (is_owner or _is_allowed(statements, access)):
        return _DENIED
    return None


def ignore_conditional_statements() -> None:
    """Let moto evaluate the statements of a bucket's policy that have no condition: it knows none."""
    FakeBucket.get_permission = _unconditional_permission


def policy_problem(bucket: str, document: bytes) -> Refusal | None:
    """Return why S3 refuses a bucket's policy, None if it does not."""
    try:
        policy = json.loads(document)
    except ValueError:
        policy = None
    if not isinstance(policy, dict):
        return 400, "MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'"
    statements = _as_list(policy.get("Statement"))
    if not statements or not all(isinstance(each, dict) for each in statements):
        return 400, "MalformedPolicy", "Missing required field Statement"
    for statement in statements:
        for field in ("Effect", "Principal", "Action", "Resource"):
            if field not in statement and f"Not{field}" not in statement:
                return 400, "MalformedPolicy", f"Missing required field {field}"
        for resource in _as_list(statement.get("Resource", [])):
            named = str(resource).rpartition(":::")[2].partition("/")[0]
            if not _matches(named, bucket):
                return 400, "MalformedPolicy", "Policy has invalid resource"
    return None


def _owner_problem(bucket: str, expected: str | None) -> Refusal | None:
    if expected is None:
        return None
    if not is_account_id(expected):
        return _BAD_OWNER
    _, owner = s3_backends.bucket_accounts.get(bucket, (None, expected))
    return None if owner == expected else _DENIED


def _place(environ: WSGIEnvironment) -> str:
    """Return "bucket/key" of a request in path or virtual-hosted style."""
    path = environ["PATH_INFO"].lstrip("/")
    host = environ.get("HTTP_HOST", "").partition(":")[0]
    found = _VIRTUAL_HOST.fullmatch(host)
    return f"{found['bucket']}/{path}" if found else path


def _is_inside(environ: WSGIEnvironment) -> bool:
    """Tell whether a request comes from inside the lab, where AWS's API has its own names."""
    return str(environ.get("HTTP_HOST", "")).partition(":")[0].endswith("amazonaws.com")


def _is_about_policy(environ: WSGIEnvironment) -> bool:
    return environ.get("QUERY_STRING", "").split("&")[0] in ("policy", "policy=")


def _bucket(name: str) -> Any | None:
    if name not in s3_backends.bucket_accounts:
        return None
    partition, account = s3_backends.bucket_accounts[name]
    return s3_backends[account][partition].buckets.get(name)


def _statements(policy: bytes | None) -> list[Mapping[str, Any]]:
    return _as_list(json.loads(policy)["Statement"]) if policy else []


def _is_denied(statements: Iterable[Mapping[str, Any]], access: Access) -> bool:
    return any(each["Effect"] == "Deny" and _applies(each, access) for each in statements)


def _is_allowed(statements: Iterable[Mapping[str, Any]], access: Access) -> bool:
    return any(each["Effect"] == "Allow" and _applies(each, access) for each in statements)


def _applies(statement: Mapping[str, Any], access: Access) -> bool:
    """Tell whether a statement is about an access. Of conditions, `aws:SecureTransport` alone is known."""
    principal = statement.get("Principal", {})
    named = ["*"] if principal == "*" else _as_list(principal.get("AWS", []))
    arn = f":iam::{access.account}:"
    is_meant = any(each in ("*", access.account) or arn in each for each in named)
    actions, resources = (_as_list(statement.get(field, [])) for field in ("Action", "Resource"))
    return (
        is_meant
        and any(_matches(each.lower(), access.action.lower()) for each in actions)
        and any(_matches(each.rpartition(":::")[2], access.resource) for each in resources)
        and _holds(statement.get("Condition") or {}, access)
    )


def _holds(condition: Mapping[str, Mapping[str, Any]], access: Access) -> bool:
    wanted = {key: value for test in condition.values() for key, value in test.items()}
    if set(condition) - {"Bool"} or set(wanted) - {"aws:SecureTransport"}:
        return False
    return all(_as_list(value) == [str(access.is_secure).lower()] for value in wanted.values())


def _matches(pattern: str, text: str) -> bool:
    """Tell whether a text fits a policy's pattern, in which `*` and `?` alone have a meaning."""
    parts = {"*": ".*", "?": "."}
    return re.fullmatch("".join(parts.get(each, re.escape(each)) for each in pattern), text) is not None


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


@dataclass(frozen=True, slots=True)
class _Policed:
    """What moto's evaluation asks a bucket for."""

    policy: bytes | None


_evaluate: Callable[[_Policed, str, str], Any] = FakeBucket.get_permission  # moto's own


def _unconditional_permission(bucket: Any, action: str, resource: str) -> Any:
    plain = [each for each in _statements(bucket.policy) if not each.get("Condition")]
    policy = json.dumps({"Version": "2012-10-17", "Statement": plain}).encode() if plain else None
    return _evaluate(_Policed(policy), action, resource)
