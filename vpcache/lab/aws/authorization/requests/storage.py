"""Targets of S3's calls, whose actions often have other names than their operations.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from __future__ import annotations

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
_KEYS = {
    "Delimiter": "s3:delimiter",
    "MaxKeys": "s3:max-keys",
    "Prefix": "s3:prefix",
    "VersionId": "s3:versionid",
    "ACL": "s3:x-amz-acl",
    "CopySource": "s3:x-amz-copy-source",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "StorageClass": "s3:x-amz-storage-class",
}
"""Condition keys of parameters."""


def targets(call: ApiCall, directory: Directory) -> Iterator[Target]:
    """Yield the targets of a call."""
    keys = _keys(call)
    bucket, key = call.text("Bucket"), call.text("Key")
    action = f"s3:{_ACTIONS.get(call.operation, call.operation)}"
    if not bucket:
        yield Target(action)
        return
    if call.operation == "DeleteObjects":
        for each in (call.parameters.get("Delete") or {}).get("Objects") or ():
            yield _object(action, bucket, each.get("Key", ""), each.get("VersionId", ""), keys)
        return
    if key:
        yield _object(action, bucket, key, call.text("VersionId"), keys)
    else:
        yield Target(action, f"arn:aws:s3:::{bucket}", "bucket", keys)
    if isinstance(call.parameters.get("Tagging"), str):  # of a new object, in a header
        yield Target("s3:PutObjectTagging", f"arn:aws:s3:::{bucket}/{key}", "object", keys)
    if source := unquote(call.text("CopySource")).lstrip("/"):
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
