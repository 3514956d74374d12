"""Checks of a bucket's settings: name, tags, encryption, ownership of objects, ACLs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from moto.s3.exceptions import MalformedXML

from vpcache.lab.aws.s3.errors import S3Error, invalid_argument

_NAME = re.compile(r"(?!\d+(\.\d+){3}$)(?!xn--)[a-z0-9](?:[a-z0-9-]|\.(?=[a-z0-9])){1,61}[a-z0-9]")
_OWNERSHIPS = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")
_ALGORITHMS = ("AES256", "aws:kms", "aws:kms:dsse")
_TAG = re.compile(r"[\w\s.:/=+@-]*")
_ACL, _OWNERSHIP = "x-amz-acl", "x-amz-object-ownership"
_OWNER_HAS_CONTROL = "bucket-owner-full-control"
_CANNED = (
    "private",
    "public-read",
    "public-read-write",
    "authenticated-read",
    "aws-exec-read",
    "bucket-owner-read",
    _OWNER_HAS_CONTROL,
    "log-delivery-write",
)


def check_new_bucket(name: str, headers: Mapping[str, str]) -> None:
    """Raise the error for a bucket whose name, ownership or ACL S3 does not take.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """
    if not _NAME.fullmatch(name):
        raise S3Error(400, "InvalidBucketName", "The specified bucket is not valid.", BucketName=name)
    ownership = headers.get(_OWNERSHIP)
    if ownership is not None and ownership not in _OWNERSHIPS:
        raise invalid_argument(f"Invalid x-amz-object-ownership header: {ownership}", _OWNERSHIP)
    acl = _canned_acl(headers)
    if acl in (None, "private"):
        return
    if ownership in (None, _OWNERSHIPS[0]):
        message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
        raise S3Error(400, "InvalidBucketAclWithObjectOwnership", message)
    raise NotImplementedError(f"The ACL {acl} is not supported.")


def check_acl(bucket: Any, headers: Mapping[str, str], *, is_put_acl: bool) -> None:
    """Raise the error for an ACL that a bucket does not take, or that the lab does not evaluate.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
    """
    acl = _canned_acl(headers)
    if acl is None and not is_put_acl:
        return
    if bucket.ownership_rule == _OWNERSHIPS[0]:
        if acl != _OWNER_HAS_CONTROL:
            raise S3Error(400, "AccessControlListNotSupported", "The bucket does not allow ACLs")
        return
    if acl not in ("private", _OWNER_HAS_CONTROL):
        raise NotImplementedError(f"The ACL {acl or 'of grants'} is not supported.")


def check_ownership(document: Any) -> None:
    """Raise MalformedXML for ownership controls that are not one rule with a known ownership."""
    rule = (document or {}).get("Rule")
    if not isinstance(rule, dict) or rule.get("ObjectOwnership") not in _OWNERSHIPS:
        raise MalformedXML


def check_encryption(document: Any) -> None:
    """Raise the error for an encryption configuration that is not one rule with a known algorithm."""
    rule = (document or {}).get("Rule")
    default = rule.get("ApplyServerSideEncryptionByDefault") if isinstance(rule, dict) else None
    if not isinstance(default, dict) or default.get("SSEAlgorithm") not in _ALGORITHMS:
        raise MalformedXML
    if default["SSEAlgorithm"] == "AES256" and default.get("KMSMasterKeyID"):
        message = (
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse"
        )
        raise invalid_argument(message, "ApplyServerSideEncryptionByDefault")


def tags_of(tag_set: Any) -> dict[str, str]:
    """Return the tags of a TagSet in XML. Raises InvalidTag, or MalformedXML for a tag without key or value.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/CostAllocTagging.html
    """
    listed = (tag_set or {}).get("Tag") or []
    tags: dict[str, str] = {}
    for tag in listed if isinstance(listed, list) else [listed]:
        if not isinstance(tag, dict) or not {"Key", "Value"} <= tag.keys() or not tag["Key"]:
            raise MalformedXML
        key, value = tag["Key"], tag["Value"] or ""
        if key in tags:
            raise _invalid_tag("Cannot provide multiple Tags with the same key", TagKey=key)
        if key.startswith("aws:"):
            raise _invalid_tag("System tags cannot be added/updated by requester", TagKey=key)
        if not _TAG.fullmatch(key) or len(key) > 128:
            raise _invalid_tag("The TagKey you have provided is invalid", TagKey=key)
        if not _TAG.fullmatch(value) or len(value) > 256:
            raise _invalid_tag("The TagValue you have provided is invalid", TagKey=key, TagValue=value)
        tags[key] = value
    return tags


def _invalid_tag(message: str, **members: str) -> S3Error:
    return S3Error(400, "InvalidTag", message, **members)


def _canned_acl(headers: Mapping[str, str]) -> str | None:
    """Return the canned ACL of a request, "grants" if it has grants, None if it has neither."""
    acl = headers.get(_ACL)
    if acl is not None and acl not in _CANNED:
        raise invalid_argument("", _ACL, acl)
    if acl is None and any(name.lower().startswith("x-amz-grant-") for name in headers.keys()):  # noqa: SIM118  # werkzeug's headers iterate pairs
        return "grants"
    return acl
