"""Where Terraform's state lies: a private, versioned, encrypted bucket for an account and region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vpcache.errors import VpcacheError
from vpcache.target import Target

_ABSENT = ("404", "NoSuchBucket", "NoSuchKey")


@dataclass(frozen=True)
class StateLocation:
    """The bucket and key of one stack's state."""

    bucket: str
    key: str
    region: str
    use_path_style: bool

    def backend_config(self) -> dict[str, str]:
        """Return the settings of Terraform's `s3` backend."""
        return {
            "bucket": self.bucket,
            "key": self.key,
            "region": self.region,
            "use_lockfile": "true",
            "encrypt": "true",
            "use_path_style": str(self.use_path_style).lower(),
        }


def state_location(target: Target, account: str, stack_name: str) -> StateLocation:
    """Return where the state of `stack_name` lies."""
    return StateLocation(
        bucket=f"vpcache-state-{account}-{target.region}",
        key=f"{stack_name}/terraform.tfstate",
        region=target.region,
        use_path_style=target.uses_path_style,
    )


def state_exists(target: Target, location: StateLocation) -> bool:
    """Return whether a state was ever written there. Raises VpcacheError if the account refuses to tell."""
    from botocore.exceptions import ClientError

    try:
        s3_client(target).head_object(Bucket=location.bucket, Key=location.key)
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            return False
        raise VpcacheError(f"state s3://{location.bucket}/{location.key}: {error}") from error
    return True


def read_state(target: Target, location: StateLocation) -> str:
    """Return the state as it is written there, empty if none ever was."""
    s3 = s3_client(target)
    try:
        body: bytes = s3.get_object(Bucket=location.bucket, Key=location.key)["Body"].read()
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket):
        return ""
    return body.decode()


def erase_state(target: Target, location: StateLocation) -> None:
    """Delete the state of a stack of which nothing is left; the bucket keeps its versions."""
    s3_client(target).delete_object(Bucket=location.bucket, Key=location.key)


def ensure_bucket(target: Target, bucket: str) -> None:
    """Make the state bucket if it is not there. Raises VpcacheError if the account refuses."""
    from botocore.exceptions import ClientError

    s3 = s3_client(target)
    try:
        s3.head_bucket(Bucket=bucket)
        return
    except ClientError as error:
        if error.response["Error"]["Code"] not in _ABSENT:
            raise VpcacheError(f"state bucket {bucket}: {error}") from error
    where = (
        {}
        if target.region == "us-east-1"
        else {"CreateBucketConfiguration": {"LocationConstraint": target.region}}
    )
    try:
        s3.create_bucket(Bucket=bucket, **where)
        s3.put_public_access_block(
            Bucket=bucket,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
        )
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        s3.put_bucket_encryption(
            Bucket=bucket,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
        )
    except s3.exceptions.BucketAlreadyOwnedByYou:
        return  # another stack's first apply was faster
    except ClientError as error:
        raise VpcacheError(f"state bucket {bucket}: {error}") from error


def s3_client(target: Target) -> Any:
    """Return a client of S3 that finds buckets on `target`."""
    return target.client("s3", s3={"addressing_style": "path"} if target.uses_path_style else {})
