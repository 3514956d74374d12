"""Targets of S3's calls, whose actions often have other names than their operations.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from vpcache.lab.aws.authorization.requests.calls import ApiCall, Directory, Target, Values

_ACTIONS = {
    "AbortMultipartUpload": "AbortMultipartUpload",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteObjects": "DeleteObject",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
}
"""Actions of operations with another name."""
_OF_VERSIONS = frozenset(
    {"DeleteObject", "GetObject", "GetObjectAcl", "GetObjectTagging", "PutObjectTagging"}
)
_KEY = re.compile(r"<Key>([^<]*)</Key>(?:\s*<VersionId>([^<]*)</VersionId>)?")
_KEYS = {
    "delimiter": "s3:delimiter",
    "max-keys": "s3:max-keys",
    "prefix": "s3:prefix",
    "versionId": "s3:versionid",
    "x-amz-acl": "s3:x-amz-acl",
    "x-amz-copy-source": "s3:x-amz-copy-source",
    "x-amz-server-side-encryption": "s3:x-amz-server-side-encryption",
    "x-amz-storage-class": "s3:x-amz-storage-class",
}
"""Condition keys of parameters of the query and of headers."""


def targets(call: ApiCall, directory: Directory) -> Iterator[Target]:
    """Yield the targets of a call.

    Its parameters are `Bucket`, `Key`, `Body`, and those of query and headers under their names there.
    """
    keys = _keys(call)
    bucket, key = call.text("Bucket"), call.text("Key")
    action = f"s3:{_ACTIONS.get(call.operation, call.operation)}"
    if not bucket:
        yield Target(action)
        return
    if call.operation == "DeleteObjects":
        for name, version in _KEY.findall(call.text("Body")):
            yield _object(action, bucket, name, version, keys)
        return
    if key:
        yield _object(action, bucket, key, call.text("versionId"), keys)
    else:
        yield Target(action, f"arn:aws:s3:::{bucket}", "bucket", keys)
    if call.text("x-amz-tagging"):
        yield Target("s3:PutObjectTagging", f"arn:aws:s3:::{bucket}/{key}", "object", keys)
    if source := unquote(call.text("x-amz-copy-source")).lstrip("/"):
        source_bucket, _, rest = source.partition("/")
        source_key, _, version = rest.partition("?versionId=")
        yield _object("s3:GetObject", source_bucket, source_key, version, {})


def _object(action: str, bucket: str, key: str, version: str, keys: Mapping[str, Values]) -> Target:
    name = action.removeprefix("s3:")
    if version and name in _OF_VERSIONS:
        action = f"s3:{name.replace('Object', 'ObjectVersion', 1)}"
    return Target(action, f"arn:aws:s3:::{bucket}/{key}", "object", keys)


def _keys(call: ApiCall) -> Mapping[str, Values]:
    return {
        key: (str(call.parameters[name]),)
        for name, key in _KEYS.items()
        if call.parameters.get(name) is not None
    }
