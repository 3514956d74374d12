"""Access to S3 buckets: by their owner, by bucket policy, and with an expected bucket owner."""

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
from vpcache.lab.aws.gateway.call_counter import RestRequest, bucket_in_host

S3Error = tuple[int, str, str]
"""Status, code and message of an error."""

_EXPECTED_OWNER = "HTTP_X_AMZ_EXPECTED_BUCKET_OWNER"
_EXPECTED_SOURCE_OWNER = "HTTP_X_AMZ_SOURCE_EXPECTED_BUCKET_OWNER"
_COPY_SOURCE = "HTTP_X_AMZ_COPY_SOURCE"
_DENIED: S3Error = (403, "AccessDenied", "Access Denied")
_BAD_OWNER: S3Error = (
    400,
    "InvalidBucketOwnerAWSAccountID",
    "The value of the expected bucket owner parameter must be an AWS Account ID.",
)


@dataclass(frozen=True, slots=True)
class Access:
    """A request of an account for a bucket or an object in it."""

    account: str
    action: str  # "s3:GetObject"
    resource: str  # "bucket/key" or "bucket"
    is_secure: bool  # TLS is used


def bucket_error(account: str, environ: WSGIEnvironment, *, is_authorized: bool = False) -> S3Error | None:
    """Return the error for a request to a bucket that an account may not make, None if it may.

    With `is_authorized`, bucket policies are evaluated elsewhere.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
    Requests from the host's loopback interface count as TLS, because it represents AWS's public endpoint.
    """
    name, _, key = bucket_and_key(environ).partition("/")
    source = unquote(environ.get(_COPY_SOURCE, "")).lstrip("/").partition("/")[0]
    for bucket_name, header in ((name, _EXPECTED_OWNER), (source, _EXPECTED_SOURCE_OWNER)):
        if error := _owner_error(bucket_name, environ.get(header)):
            return error
    is_new = environ["REQUEST_METHOD"] == "PUT" and not key and not environ.get("QUERY_STRING")
    bucket = _bucket(name)
    if bucket is None or is_new:
        return None
    is_secure = is_encrypted(environ)
    is_owner = bucket.account_id == account
    if is_owner and _is_about_policy(environ):
        is_put = environ["REQUEST_METHOD"] == "PUT"
        return policy_error(name, body_of(environ)) if is_put else None
    if is_authorized or (is_owner and (is_secure or bucket.policy is None)):
        return None  # no policy applies, and finding the operation's name is slow
    action = f"s3:{RestRequest.of('s3', environ).operation or 'Unknown'}"
    access = Access(account, action, f"{name}/{key}" if key else name, is_secure)
    statements = _statements(bucket.policy)
    if _is_denied(statements, access) or not (is_owner or _is_allowed(statements, access)):
        return _DENIED
    return None


def ignore_conditional_statements() -> None:
    """Make moto skip statements of bucket policies with a condition, since it ignores conditions."""
    FakeBucket.get_permission = _unconditional_permission


def policy_error(bucket: str, document: bytes) -> S3Error | None:
    """Return the error for an invalid bucket policy, None for a valid one."""
    try:
        policy = json.loads(document)
    except (ValueError, RecursionError):
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
            pattern = str(resource).rpartition(":::")[2].partition("/")[0]
            if not _matches(pattern, bucket):
                return 400, "MalformedPolicy", "Policy has invalid resource"
    return None


def _owner_error(bucket: str, expected: str | None) -> S3Error | None:
    if expected is None:
        return None
    if not is_account_id(expected):
        return _BAD_OWNER
    _, owner = s3_backends.bucket_accounts.get(bucket, (None, expected))
    return None if owner == expected else _DENIED


def bucket_and_key(environ: WSGIEnvironment) -> str:
    """Return "bucket/key" of a request in path or virtual-hosted style."""
    path = environ["PATH_INFO"].lstrip("/")
    bucket = bucket_in_host(environ)
    return f"{bucket}/{path}" if bucket else path


def is_encrypted(environ: WSGIEnvironment) -> bool:
    """Return whether a request counts as made by TLS; the host's loopback interface does."""
    return environ["wsgi.url_scheme"] == "https" or not _is_from_lab_network(environ)


def _is_from_lab_network(environ: WSGIEnvironment) -> bool:
    """Return whether a request comes from the lab's network, where AWS's API has its real hostnames."""
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
    """Return whether a statement applies to an access; `aws:SecureTransport` is the only condition."""
    principal = statement.get("Principal", {})
    principals = ["*"] if principal == "*" else _as_list(principal.get("AWS", []))
    arn = f":iam::{access.account}:"
    has_principal = any(each in ("*", access.account) or arn in each for each in principals)
    actions, resources = (_as_list(statement.get(field, [])) for field in ("Action", "Resource"))
    return (
        has_principal
        and any(_matches(each.lower(), access.action.lower()) for each in actions)
        and any(_matches(each.rpartition(":::")[2], access.resource) for each in resources)
        and _condition_holds(statement.get("Condition") or {}, access)
    )


def _condition_holds(condition: Mapping[str, Mapping[str, Any]], access: Access) -> bool:
    expected = {key: value for test in condition.values() for key, value in test.items()}
    if set(condition) - {"Bool"} or set(expected) - {"aws:SecureTransport"}:
        return False
    return all(_as_list(value) == [str(access.is_secure).lower()] for value in expected.values())


def _matches(pattern: str, text: str) -> bool:
    """Return whether a text matches a policy's pattern, whose only wildcards are `*` and `?`."""
    parts = {"*": ".*", "?": "."}
    return re.fullmatch("".join(parts.get(each, re.escape(each)) for each in pattern), text) is not None


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


@dataclass(frozen=True, slots=True)
class _PolicyHolder:
    """The part of a bucket that moto's policy evaluation reads."""

    policy: bytes | None


_evaluate_policy: Callable[[_PolicyHolder, str, str], Any] = FakeBucket.get_permission  # moto's method


def _unconditional_permission(bucket: Any, action: str, resource: str) -> Any:
    statements = [each for each in _statements(bucket.policy) if not each.get("Condition")]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements}).encode() if statements else None
    return _evaluate_policy(_PolicyHolder(policy), action, resource)
