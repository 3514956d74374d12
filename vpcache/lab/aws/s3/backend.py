"""S3: moto's backend with AWS's versions and the settings that a bucket has by itself."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from moto.s3.exceptions import (
    AccessDeniedByLock,
    CopyObjectMustChangeSomething,
    InvalidNotificationDestination,
)
from moto.s3.models import FakeKey, PublicAccessBlock, S3Backend
from moto.s3.utils import bucket_policy_is_public

from vpcache.lab.aws.dispatch import UrlModule
from vpcache.lab.aws.s3.errors import S3Error
from vpcache.lab.aws.s3.lifecycle import keep_versions
from vpcache.lab.aws.s3.notifications.configuration import Notification
from vpcache.lab.aws.s3.notifications.delivery import (
    check_destinations,
    send_event,
    send_test_events,
)
from vpcache.lab.aws.s3.versions import (
    NULL,
    Bucket,
    DeleteMarker,
    ObjectVersions,
    check_version_id,
    is_version_id,
)

DEFAULT_ENCRYPTION: Mapping[str, Any] = {
    "Rule": {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
        "BucketKeyEnabled": "false",
    }
}
"""Each bucket has it unless another is set:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html"""
_ENFORCED = "BucketOwnerEnforced"


class BucketsBackend(S3Backend):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """S3 of one account, the same in every region of a partition."""

    def __init__(self, region_name: str, account_id: str, urls: UrlModule) -> None:
        super().__init__(region_name, account_id)
        self.write_lock = threading.RLock()
        """Held from the check of a condition until the write that it allows."""
        self._urls = urls

    @property
    def _url_module(self) -> UrlModule:
        return self._urls

    def get_bucket(self, bucket_name: str) -> Any:
        """Return a bucket. moto's flow logs ask for "bucket/folder/"."""
        return super().get_bucket(bucket_name.partition("/")[0])

    def create_bucket(self, *arguments: Any, **options: Any) -> Any:
        """Create a bucket with the settings that new buckets have since 2023.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
        """
        bucket = super().create_bucket(*arguments, **options)
        bucket.__class__ = Bucket  # moto names the class in its method
        bucket.keys = ObjectVersions(bucket)
        bucket.encryption = DEFAULT_ENCRYPTION
        bucket.public_access_block = PublicAccessBlock("true", "true", "true", "true")
        bucket.ownership_rule = _ENFORCED
        return bucket

    def delete_bucket_encryption(self, bucket_name: str) -> None:
        """Return to the default encryption."""
        self.get_bucket(bucket_name).encryption = DEFAULT_ENCRYPTION

    def put_bucket_lifecycle(self, bucket_name: str, rules: list[dict[str, Any]]) -> None:
        """Replace the lifecycle rules of a bucket."""
        super().put_bucket_lifecycle(bucket_name, rules)
        keep_versions(self.get_bucket(bucket_name).rules, rules)

    def put_bucket_policy(self, bucket_name: str, policy: bytes) -> None:
        """Set a policy, unless it is public and the bucket blocks public policies.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
        """
        block = self.get_bucket(bucket_name).public_access_block
        if block and block.block_public_policy and bucket_policy_is_public(policy):
            message = (
                "Public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
            )
            raise S3Error(403, "AccessDenied", message)
        super().put_bucket_policy(bucket_name, policy)

    def put_object_lock_configuration(
        self,
        bucket_name: str,
        lock_enabled: bool,
        mode: str | None = None,
        days: int | None = None,
        years: int | None = None,
    ) -> None:
        """Set the lock of a bucket whose versioning is enabled. It may have objects, which keep theirs.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-configure.html
        """
        bucket = self.get_bucket(bucket_name)
        if bucket.versioning_status != "Enabled":
            message = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
            raise S3Error(409, "InvalidBucketState", message)
        bucket.object_lock_enabled = bucket.object_lock_enabled or bool(lock_enabled)
        bucket.default_lock_mode = mode
        bucket.default_lock_days, bucket.default_lock_years = days or 0, years or 0

    def get_object_lock_configuration(
        self, bucket_name: str
    ) -> tuple[bool, str | None, int | None, int | None]:
        """Return whether a bucket has a lock, its mode, and its retention in days or years."""
        is_enabled, mode, days, years = super().get_object_lock_configuration(bucket_name)
        return is_enabled, mode, days or None, years or None

    def copy_object(self, src_key: Any, dest_bucket_name: str, dest_key_name: str, **options: Any) -> None:
        """Copy an object; onto itself only with a change.

        moto takes the default encryption of the bucket for a change.
        """
        is_onto_itself = (src_key.bucket_name, src_key.name) == (dest_bucket_name, dest_key_name)
        has_change = any(options.get(name) for name in ("storage", "encryption", "website_redirect_location"))
        has_change |= options.get("mdirective") == "REPLACE" or bool(options.get("provided_version_id"))
        is_default = self.get_bucket(dest_bucket_name).encryption is DEFAULT_ENCRYPTION
        is_same = getattr(src_key, "customer_key_md5", None) is None and src_key.encryption == "AES256"
        if is_onto_itself and is_default and is_same and not has_change:
            raise CopyObjectMustChangeSomething
        super().copy_object(src_key, dest_bucket_name, dest_key_name, **options)

    def delete_object(
        self, bucket_name: str, key_name: str, version_id: str | None = None, bypass: bool = False
    ) -> tuple[bool, dict[str, Any]]:
        """Delete an object, or one of its versions for good.

        Without a version, a bucket with versions gets a delete marker, which has the ID "null" while
        versioning is suspended.
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
        """
        bucket = self.get_bucket(bucket_name)
        check_version_id(bucket, version_id)
        if version_id is None and bucket.is_versioned:
            marker = DeleteMarker(key_name, NULL)
            bucket.keys.add(key_name, marker)
            send_event(self.account_id, "s3:ObjectRemoved:DeleteMarkerCreated", bucket, marker)
            return True, {"version-id": marker.version_id, "delete-marker": "true"}
        for each in bucket.keys.getlist(key_name, []):
            is_locked = isinstance(each, FakeKey) and each.is_locked(governance_bypass=bypass)
            if each.version_id == (version_id or NULL) and is_locked:
                raise AccessDeniedByLock
        removed = bucket.keys.remove(key_name, version_id or NULL)
        if removed is not None:
            send_event(self.account_id, "s3:ObjectRemoved:Delete", bucket, removed)
        result = {"version-id": version_id} if bucket.is_versioned else {}
        if isinstance(removed, DeleteMarker):
            result["delete-marker"] = "true"
        return removed is not None, result

    def set_notifications(
        self, bucket_name: str, notifications: tuple[Notification, ...], *, is_checked: bool
    ) -> None:
        """Replace the notifications of a bucket. Raises S3Error for destinations that it may not use."""
        bucket = self.get_bucket(bucket_name)
        if any(each.arn.split(":")[3] != bucket.region_name for each in notifications):
            raise InvalidNotificationDestination
        if is_checked:
            check_destinations(bucket, notifications)
            send_test_events(bucket, notifications)
        bucket.notifications = notifications

    def is_missing_version(self, bucket_name: str, version_id: str) -> bool:
        """Return whether DeleteObjects reports a version as missing: none ever had its ID."""
        bucket = self.get_bucket(bucket_name)
        return not is_version_id(version_id) or (bucket.versioning_status is None and version_id != NULL)
