"""Terraform's state, in a private, versioned, encrypted bucket for each account and region."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from vpcache.errors import VpcacheError
from vpcache.stack.target import Target

_ABSENT = ("404", "NoSuchBucket", "NoSuchKey")
_INCONSISTENT = ("NoSuchBucket", "OperationAborted")
"""S3's error codes shortly after a bucket was created or deleted.
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""
_CONSISTENCY_SECONDS = 60
_OLD_VERSION_DAYS = 90


@dataclass(frozen=True)
class StateLocation:
    """The bucket and key of one stack's state, in a region of an account."""

    bucket: str
    key: str
    region: str
    account: str
    use_path_style: bool

    def backend_config(self) -> dict[str, str]:
        """Return the settings of Terraform's `s3` backend."""
        return {
            "bucket": self.bucket,
            "key": self.key,
            "region": self.region,
            "allowed_account_ids": json.dumps([self.account]),
            "use_lockfile": "true",
            "encrypt": "true",
            "use_path_style": str(self.use_path_style).lower(),
        }

    def request(self, key: str | None = None) -> dict[str, str]:
        """Return the parameters of a boto3 call for the state or an object beside it.

        The bucket's name is predictable, so each call names the account that must own the bucket:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
        """
        return {"Bucket": self.bucket, "Key": key or self.key, "ExpectedBucketOwner": self.account}


def state_bucket(account: str, region: str) -> str:
    """Return the name of the state bucket of an account and region."""
    return f"vpcache-state-{account}-{region}"


def state_location(target: Target, account: str, stack_name: str) -> StateLocation:
    """Return the location of the state of `stack_name`."""
    return StateLocation(
        bucket=state_bucket(account, target.region),
        key=f"{stack_name}/terraform.tfstate",
        region=target.region,
        account=account,
        use_path_style=target.uses_path_style,
    )


def state_exists(target: Target, location: StateLocation) -> bool:
    """Return whether the state exists. Raises VpcacheError if S3 rejects the request."""
    from botocore.exceptions import ClientError

    try:
        s3_client(target).head_object(**location.request())
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            return False
        raise VpcacheError(f"state s3://{location.bucket}/{location.key}: {error}") from error
    return True


def read_state(target: Target, location: StateLocation) -> str:
    """Return the content of the state, empty if it does not exist."""
    s3 = s3_client(target)
    try:
        body: bytes = s3.get_object(**location.request())["Body"].read()
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
        return ""
    return body.decode()


def erase_state(target: Target, location: StateLocation) -> None:
    """Delete the state of a stack without leftovers. The bucket keeps its versions."""
    erase_object(target, location)


def erase_object(target: Target, location: StateLocation, key: str | None = None) -> None:
    """Delete an object beside the state, by default the state itself. It need not exist."""
    s3 = s3_client(target)
    with suppress(s3.exceptions.NoSuchBucket):
        s3.delete_object(**location.request(key))


def other_regions(target: Target, account: str, stack_name: str) -> list[str]:
    """Return the other regions in which a state of `stack_name` exists.

    Regions whose bucket is not readable with these credentials are omitted.
    """
    regions = [region for region in regions_with_bucket(target, account) if region != target.region]
    return [region for region in regions if _is_state_in(target, account, region, stack_name)]


def regions_with_bucket(target: Target, account: str) -> list[str]:
    """Return the regions with a state bucket of the account; none without permission to list buckets."""
    from botocore.exceptions import ClientError

    prefix = state_bucket(account, "")
    try:
        answer = s3_client(target).list_buckets(Prefix=prefix)
    except ClientError:
        return []
    names = [bucket["Name"] for bucket in answer["Buckets"] if bucket["Name"].startswith(prefix)]
    return sorted({name.removeprefix(prefix) for name in names})


def _is_state_in(target: Target, account: str, region: str, stack_name: str) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError

    request = {"Bucket": state_bucket(account, region), "Key": f"{stack_name}/terraform.tfstate"}
    try:
        s3_client(target, region_name=region).head_object(**request, ExpectedBucketOwner=account)
    except (BotoCoreError, ClientError):
        return False
    return True


def ensure_bucket(target: Target, location: StateLocation) -> None:
    """Create the state bucket unless it exists, and apply its missing settings.

    An interrupted run may have left a bucket without versioning. Settings of the user are kept. Raises
    VpcacheError if S3 rejects a request, or if the bucket belongs to another account.
    """
    from botocore.exceptions import ClientError

    s3 = s3_client(target)
    try:
        if not bucket_exists(target, location):
            _create_bucket(s3, location)
        for setting in (
            _block_public_access,
            _own_objects,
            _version,
            _encrypt,
            require_tls,
            _expire_old_versions,
        ):
            _retry(lambda setting=setting: setting(s3, location))  # type: ignore[misc]
    except ClientError as error:
        raise VpcacheError(f"state bucket {location.bucket}: {error}") from error


def bucket_exists(target: Target, location: StateLocation) -> bool:
    """Return whether the state bucket exists. Raises VpcacheError if it belongs to another account."""
    from botocore.exceptions import ClientError

    try:
        s3_client(target).head_bucket(**_owned(location))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _ABSENT:
            return False
        if code in ("403", "AccessDenied"):
            raise VpcacheError(
                f"state bucket {location.bucket} belongs to another account, or these credentials may not "
                f"list it: account {location.account} must own it, as the owner can read and change the state"
            ) from error
        raise
    return True


def _create_bucket(s3: Any, location: StateLocation) -> None:
    # us-east-1 must be omitted: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    constraint = {} if location.region == "us-east-1" else {"LocationConstraint": location.region}
    request = {"CreateBucketConfiguration": constraint} if constraint else {}
    try:
        _retry(lambda: s3.create_bucket(Bucket=location.bucket, **request))
    except s3.exceptions.BucketAlreadyOwnedByYou:
        return  # another stack's first apply was faster
    except s3.exceptions.BucketAlreadyExists as error:
        raise VpcacheError(
            f"state bucket {location.bucket} belongs to another account: contact AWS Support, or "
            "use another account or region"
        ) from error
    s3.get_waiter("bucket_exists").wait(**_owned(location))


def _block_public_access(s3: Any, location: StateLocation) -> None:
    desired = dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    current = _setting(
        lambda: s3.get_public_access_block(**_owned(location))["PublicAccessBlockConfiguration"]
    )
    if current != desired:
        s3.put_public_access_block(**_owned(location), PublicAccessBlockConfiguration=desired)


def _own_objects(s3: Any, location: StateLocation) -> None:
    if not _setting(lambda: s3.get_bucket_ownership_controls(**_owned(location))["OwnershipControls"]):
        rules = [{"ObjectOwnership": "BucketOwnerEnforced"}]
        s3.put_bucket_ownership_controls(**_owned(location), OwnershipControls={"Rules": rules})


def _version(s3: Any, location: StateLocation) -> None:
    if s3.get_bucket_versioning(**_owned(location)).get("Status") != "Enabled":
        s3.put_bucket_versioning(**_owned(location), VersioningConfiguration={"Status": "Enabled"})


def _encrypt(s3: Any, location: StateLocation) -> None:
    if not _setting(
        lambda: s3.get_bucket_encryption(**_owned(location))["ServerSideEncryptionConfiguration"]
    ):
        rules = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        s3.put_bucket_encryption(**_owned(location), ServerSideEncryptionConfiguration={"Rules": rules})


def require_tls(s3: Any, location: StateLocation) -> None:
    """Deny requests without TLS by a bucket policy, unless the bucket already has a policy."""
    if s3.meta.endpoint_url.startswith("http://"):
        return  # a custom endpoint without TLS: the policy would deny the next request
    if _setting(lambda: s3.get_bucket_policy(**_owned(location))["Policy"]):
        return
    partition = s3.meta.partition
    arn = f"arn:{partition}:s3:::{location.bucket}"
    statement = {
        "Sid": "RequireTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(**_owned(location), Policy=json.dumps(policy))


def _expire_old_versions(s3: Any, location: StateLocation) -> None:
    if _setting(lambda: s3.get_bucket_lifecycle_configuration(**_owned(location))["Rules"]):
        return
    rule = {
        "ID": "old-versions",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": _OLD_VERSION_DAYS, "NewerNoncurrentVersions": 10},
        "Expiration": {"ExpiredObjectDeleteMarker": True},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }
    s3.put_bucket_lifecycle_configuration(**_owned(location), LifecycleConfiguration={"Rules": [rule]})


def _setting(read: Callable[[], Any]) -> Any:
    """Return a setting of the bucket, None if it is not set."""
    from botocore.exceptions import ClientError

    try:
        return read()
    except ClientError as error:
        if error.response["Error"]["Code"].startswith(
            ("NoSuch", "ServerSideEncryption", "OwnershipControls")
        ):
            if error.response["Error"]["Code"] == "NoSuchBucket":
                raise
            return None
        raise


def _retry(request: Callable[[], Any]) -> Any:
    """Make a request for a bucket, and retry it until an earlier change of the bucket is consistent."""
    from botocore.exceptions import ClientError

    deadline = time.monotonic() + _CONSISTENCY_SECONDS
    while True:
        try:
            return request()
        except ClientError as error:
            if error.response["Error"]["Code"] not in _INCONSISTENT or time.monotonic() > deadline:
                raise
        time.sleep(1)


def _owned(location: StateLocation) -> dict[str, str]:
    return {"Bucket": location.bucket, "ExpectedBucketOwner": location.account}


def s3_client(target: Target, **config: Any) -> Any:
    """Return an S3 client with the addressing style of `target`."""
    return target.client("s3", s3={"addressing_style": "path"} if target.uses_path_style else {}, **config)
