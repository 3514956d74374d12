"""S3's buckets, with their policies, and CloudWatch's log groups.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_S3.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from vpcache.lab.aws.cloudformation.calls import Calls
from vpcache.lab.aws.cloudformation.kinds.kind import Kind, Request
from vpcache.lab.aws.cloudformation.model import Made

_MAX_BUCKET_NAME = 63
_DEFAULT_REGION = "us-east-1"
_DEFAULT_ENCRYPTION = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}


def _create_bucket(request: Request) -> Made:
    calls = request.calls
    name = request.properties.get("BucketName") or request.name(_MAX_BUCKET_NAME).lower()
    region = {"LocationConstraint": calls.region} if calls.region != _DEFAULT_REGION else None
    calls("s3", "CreateBucket", Bucket=name, CreateBucketConfiguration=region)
    request.record(Made(name))
    _configure(request, name, frozenset(request.properties))
    domain = f"{name}.s3.amazonaws.com"
    attributes = {
        "Arn": f"arn:aws:s3:::{name}",
        "DomainName": domain,
        "DualStackDomainName": f"{name}.s3.dualstack.{calls.region}.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.{calls.region}.amazonaws.com",
    }
    return Made(name, attributes)


def _configure(request: Request, bucket: str, names: frozenset[str]) -> None:
    """Set those of the bucket's properties that are in `names`; one that is gone gets its default."""
    calls, properties = request.calls, request.properties
    if "BucketEncryption" in names:
        encryption = properties.get("BucketEncryption")
        rules = _encryption(encryption) if encryption else _DEFAULT_ENCRYPTION
        calls("s3", "PutBucketEncryption", Bucket=bucket, ServerSideEncryptionConfiguration=rules)
    if "VersioningConfiguration" in names:
        versioning = properties.get("VersioningConfiguration") or {"Status": "Suspended"}
        calls("s3", "PutBucketVersioning", Bucket=bucket, VersioningConfiguration=versioning)
    if "PublicAccessBlockConfiguration" in names:
        block = properties.get("PublicAccessBlockConfiguration") or {}
        calls("s3", "PutPublicAccessBlock", Bucket=bucket, PublicAccessBlockConfiguration=block)
    if "OwnershipControls" in names and properties.get("OwnershipControls"):
        controls = properties["OwnershipControls"]
        calls("s3", "PutBucketOwnershipControls", Bucket=bucket, OwnershipControls=controls)
    tags = request.tags()
    if tags:
        calls("s3", "PutBucketTagging", Bucket=bucket, Tagging={"TagSet": tags})
    elif "Tags" in names:
        calls("s3", "DeleteBucketTagging", Bucket=bucket)


def _encryption(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Return an encryption with the names of S3's API."""
    rules = []
    for rule in configuration["ServerSideEncryptionConfiguration"]:
        new = dict(rule)
        if "ServerSideEncryptionByDefault" in new:
            new["ApplyServerSideEncryptionByDefault"] = new.pop("ServerSideEncryptionByDefault")
        rules.append(new)
    return {"Rules": rules}


def _update_bucket(request: Request, made: Made, changed: frozenset[str]) -> Made:
    _configure(request, made.id, changed)
    return made


def _delete_bucket(calls: Calls, made: Made, _: Mapping[str, Any]) -> None:
    calls("s3", "DeleteBucket", Bucket=made.id)


def _put_policy(request: Request, made: Made, _: frozenset[str]) -> Made:
    policy = request.properties["PolicyDocument"]
    text = policy if isinstance(policy, str) else json.dumps(_versioned(policy))
    request.calls("s3", "PutBucketPolicy", Bucket=made.id, Policy=text)
    return made


def _versioned(policy: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2008-10-17", **policy}  # AWS's default


def _create_policy(request: Request) -> Made:
    return _put_policy(request, Made(request.properties["Bucket"]), frozenset())


def _delete_policy(calls: Calls, made: Made, _: Mapping[str, Any]) -> None:
    calls("s3", "DeleteBucketPolicy", Bucket=made.id)


def _create_log_group(request: Request) -> Made:
    name = request.properties.get("LogGroupName") or request.name()
    request.calls(
        "logs",
        "CreateLogGroup",
        logGroupName=name,
        logGroupClass=request.properties.get("LogGroupClass"),
        tags={each["Key"]: each["Value"] for each in request.tags()} or None,
    )
    arn = f"arn:aws:logs:{request.calls.region}:{request.account}:log-group:{name}:*"
    made = request.record(Made(name, {"Arn": arn}))
    return _set_retention(request, made, frozenset(request.get("RetentionInDays")))


def _set_retention(request: Request, made: Made, changed: frozenset[str]) -> Made:
    days = request.properties.get("RetentionInDays")
    if days is not None:
        request.calls("logs", "PutRetentionPolicy", logGroupName=made.id, retentionInDays=days)
    elif "RetentionInDays" in changed:
        request.calls("logs", "DeleteRetentionPolicy", logGroupName=made.id)
    return made


def _delete_log_group(calls: Calls, made: Made, _: Mapping[str, Any]) -> None:
    calls("logs", "DeleteLogGroup", logGroupName=made.id)


_BUCKET = frozenset(
    {
        "BucketEncryption",
        "OwnershipControls",
        "PublicAccessBlockConfiguration",
        "Tags",
        "VersioningConfiguration",
    }
)

STORAGE = (
    Kind(
        "AWS::S3::Bucket",
        _BUCKET | {"BucketName"},
        _create_bucket,
        _delete_bucket,
        _BUCKET,
        _update_bucket,
        name_property="BucketName",
    ),
    Kind(
        "AWS::S3::BucketPolicy",
        frozenset({"Bucket", "PolicyDocument"}),
        _create_policy,
        _delete_policy,
        frozenset({"PolicyDocument"}),
        _put_policy,
        required=("Bucket", "PolicyDocument"),
    ),
    Kind(
        "AWS::Logs::LogGroup",
        frozenset({"LogGroupClass", "LogGroupName", "RetentionInDays", "Tags"}),
        _create_log_group,
        _delete_log_group,
        frozenset({"RetentionInDays"}),
        _set_retention,
        name_property="LogGroupName",
    ),
)
