"""The S3 API's handlers, where moto's leave AWS's rules out."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import unquote

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.s3.exceptions import MethodNotAllowed, MissingKey, MissingVersion, NoSuchUpload
from moto.s3.models import FakeDeleteMarker
from moto.s3.responses import S3Response
from moto.s3.urls import url_bases
from werkzeug.datastructures import Headers

from vpcache.lab.aws.dispatch import UrlModule
from vpcache.lab.aws.s3.access import (
    check_acl,
    check_encryption,
    check_new_bucket,
    check_ownership,
    tags_of,
)
from vpcache.lab.aws.s3.batches import delete_batch, denied_batch
from vpcache.lab.aws.s3.conditions import check_completion, check_deletion, check_write
from vpcache.lab.aws.s3.customer_keys import (
    check_customer_key,
    check_part_key,
    customer_key_md5,
    encrypt,
    shown_headers,
)
from vpcache.lab.aws.s3.documents import document_of
from vpcache.lab.aws.s3.errors import S3Error
from vpcache.lab.aws.s3.lifecycle import add_kept_versions
from vpcache.lab.aws.s3.listings import check_encoding_type, encode_keys
from vpcache.lab.aws.s3.notifications.configuration import describe, notifications_of
from vpcache.lab.aws.s3.required_elements import check_required_elements
from vpcache.lab.aws.s3.versions import NULL, check_version_id, versioning_status

_VERSION_HEADER = "x-amz-version-id"
_SKIP_VALIDATION_HEADER = "x-amz-skip-destination-validation"
_TAGGED, _WRITTEN = "s3:ObjectTagging:Put", "s3:ObjectCreated:Put"
_CHECKSUM_PREFIX = "x-amz-checksum-"
_Answer = Any  # status, headers and body


class BucketsResponse(S3Response):  # type: ignore[misc]  # mypy sees moto's classes as Any
    """The S3 API."""

    headers: Any  # werkzeug's, whose names have no case

    def serialized(self, action_result: ActionResult) -> _Answer:
        """Serialize a result or an error."""
        result = action_result.result
        if isinstance(result, S3Error):
            return result.response()
        if isinstance(result, dict):
            encode_keys(str(self.data.get("Action")), result, self._encoding_type)
        if self.data.get("Action") == "GetBucketLifecycleConfiguration" and isinstance(result, dict):
            add_kept_versions(result["Rules"], self.backend.get_bucket_lifecycle(self.bucket_name))
        return super().serialized(action_result)

    @property
    def _encoding_type(self) -> str | None:
        values: list[str | None] = self.querystring.get("encoding-type", [None])
        return values[0]

    # buckets

    def _bucket_response_put(self, request: Any, bucket_name: str, querystring: dict[str, Any]) -> _Answer:
        check_required_elements(self.body)
        with self.backend.write_lock:
            if not set(querystring) - {"x-id"}:
                return self._create_bucket(request, bucket_name, querystring)
            self._check_bucket_setting(bucket_name, querystring)
            if "notification" in querystring:
                return self._put_notifications(bucket_name)
            return super()._bucket_response_put(request, bucket_name, querystring)

    def _bucket_response_get(self, bucket_name: str, querystring: dict[str, Any]) -> _Answer:
        check_encoding_type(self._encoding_type)
        if "notification" in querystring:
            self.data["Action"] = "GetBucketNotificationConfiguration"
            notifications = self.backend.get_bucket(bucket_name).notifications
            return self.serialized(ActionResult(describe(notifications)))
        if "requestPayment" not in querystring:
            return super()._bucket_response_get(bucket_name, querystring)
        self.data["Action"] = "GetBucketRequestPayment"
        return self.serialized(ActionResult({"Payer": self.backend.get_bucket(bucket_name).payer}))

    def _put_notifications(self, bucket_name: str) -> str:
        notifications = notifications_of(self._document("NotificationConfiguration"))
        is_checked = self.headers.get(_SKIP_VALIDATION_HEADER, "").lower() != "true"
        self.backend.set_notifications(bucket_name, notifications, is_checked=is_checked)
        return ""

    def _create_bucket(self, request: Any, bucket_name: str, querystring: dict[str, Any]) -> _Answer:
        check_new_bucket(bucket_name, self.headers)
        tags = tags_of((self._document("CreateBucketConfiguration") or {}).get("Tags"))
        is_new = bucket_name not in self.backend.buckets
        answer = super()._bucket_response_put(request, bucket_name, querystring)
        if is_new and tags:
            self.backend.put_bucket_tagging(bucket_name, tags)
        return answer

    def _check_bucket_setting(self, bucket_name: str, querystring: dict[str, Any]) -> None:
        bucket = self.backend.get_bucket(bucket_name)
        if "versioning" in querystring:
            status = versioning_status(self._document("VersioningConfiguration"))
            if status == "Suspended" and bucket.object_lock_enabled:
                message = (
                    "An Object Lock configuration is present on this bucket, "
                    "so the versioning state cannot be changed."
                )
                raise S3Error(409, "InvalidBucketState", message)
        elif "encryption" in querystring:
            check_encryption(self._document("ServerSideEncryptionConfiguration"))
        elif "ownershipControls" in querystring:
            check_ownership(self._document("OwnershipControls"))
        elif "acl" in querystring:
            check_acl(bucket, self.headers, is_put_acl=True)
        elif "tagging" in querystring:
            tags_of((self._document("Tagging") or {}).get("TagSet"))

    def _document(self, root: str) -> Any:
        return document_of(self.body, root)

    def _bucket_response_delete_keys(self, bucket_name: str, authenticated: bool = True) -> _Answer:
        document = self._document("Delete")
        bypass = self.headers.get("x-amz-bypass-governance-retention", "").lower() == "true"
        self.data["Action"] = "DeleteObjects"
        if not authenticated:
            return self.serialized(ActionResult(denied_batch(document)))
        with self.backend.write_lock:
            answer = delete_batch(self.backend, bucket_name, document, bypass=bypass)
        return self.serialized(ActionResult(answer))

    # objects

    def _key_response_put(self, query: dict[str, Any], key_name: str) -> _Answer:
        bucket = self.backend.get_bucket(self.bucket_name)
        check_version_id(bucket, self._version_id)
        if not query.get("uploadId"):
            check_acl(bucket, self.headers, is_put_acl="acl" in query)
        if "acl" in query:
            self._check_is_no_marker("PUT")
        if query.keys() & {"acl", "legal-hold", "retention", "tagging"}:
            check_required_elements(self.body)
            self._add_digest()
        with self.backend.write_lock:
            return super()._key_response_put(query, key_name)

    def _add_digest(self) -> None:
        """Add the digest of the body, which moto wants of each request for a bucket with a default lock.

        S3 wants one, or a checksum, of new objects.
        """
        if "Content-MD5" not in self.headers:
            digest = hashlib.md5(self.body, usedforsecurity=False).digest()
            self.headers = Headers(
                [*self.headers.items(), ("Content-MD5", base64.b64encode(digest).decode())]
            )

    def put_object(self) -> _Answer:
        """Answer PutObject."""
        key = self.parse_key_name()
        md5 = customer_key_md5(self.headers)
        check_write(self.headers, self.backend.get_object(self.bucket_name, key), key)
        with self.backend.get_bucket(self.bucket_name).muting(_TAGGED):
            status, headers, body = super().put_object()
        version = self.backend.get_object(self.bucket_name, key)
        encrypt(version, md5)
        return status, self._written_headers(headers, version), body

    def copy_object(self) -> _Answer:
        """Answer CopyObject."""
        key = self.parse_key_name()
        md5 = customer_key_md5(self.headers)
        check_write(self.headers, self.backend.get_object(self.bucket_name, key), key)
        if source := self._copy_source():
            check_customer_key(source, self.headers, of_source=True)
        with self.backend.get_bucket(self.bucket_name).muting(_TAGGED, _WRITTEN):
            status, headers, body = super().copy_object()
        version = self.backend.get_object(self.bucket_name, key)
        encrypt(version, md5)
        return status, self._written_headers(headers, version), body

    def _written_headers(self, headers: dict[str, Any], version: Any) -> dict[str, Any]:
        """Return the headers of a response to a write."""
        if version.version_id == NULL:
            headers.pop(_VERSION_HEADER, None)
        if getattr(version, "customer_key_md5", None):
            headers.pop("x-amz-server-side-encryption", None)
            headers.update({"ETag": version.etag, **shown_headers(version.customer_key_md5)})
        return _with_checksum_type(headers)

    def _copy_source(self) -> Any | None:
        """Return the version that is copied, None if it is missing. Raises an error for an invalid ID."""
        bucket, key, version_id = copy_source(self.headers["x-amz-copy-source"])
        check_version_id(self.backend.get_bucket(bucket), version_id)
        return self.backend.get_object(bucket, key, version_id=version_id)

    def _get_key(self, validate_storage_class: bool = True) -> Any:
        """Return the version that a request reads, and whether its condition says "not modified"."""
        check_version_id(self.backend.get_bucket(self.bucket_name), self._version_id)
        self._check_is_no_marker("GET")
        key, not_modified = self._found_key(validate_storage_class)
        is_content = not set(self.querystring) & {"acl", "tagging", "legal-hold", "retention"}
        if is_content:
            check_customer_key(key, self.headers)
        return key, not_modified

    def _found_key(self, validate_storage_class: bool) -> Any:
        try:
            return super()._get_key(validate_storage_class)
        except MissingVersion as error:
            raise MissingVersion(key=self.parse_key_name(), version_id=self._version_id) from error

    def get_object(self) -> _Answer:
        """Answer GetObject."""
        status, headers, body = super().get_object()
        version = self.backend.get_object(self.bucket_name, self.parse_key_name(), self._version_id)
        if version is not None:
            headers.update(shown_headers(getattr(version, "customer_key_md5", None)))
        return status, _with_checksum_type(headers), body

    def head_object(self, bucket_name: str, query: Any, key_name: str, headers: Any) -> _Answer:
        """Answer HeadObject, whose errors have no body."""
        check_version_id(self.backend.get_bucket(bucket_name), self._version_id)
        version = self.backend.get_object(bucket_name, key_name, self._version_id)
        shown = check_customer_key(version, headers) if version is not None else {}
        status, answered, body = super().head_object(bucket_name, query, key_name, headers)
        answered.update(shown)
        return status, _with_checksum_type(answered), body

    def delete_object(self) -> _Answer:
        """Answer DeleteObject."""
        key = self.parse_key_name()
        with self.backend.write_lock:
            current = self.backend.get_object(self.bucket_name, key, version_id=self._version_id)
            check_deletion(self.headers, current, key)
            if self.headers.get("If-Match") == "*":  # moto takes it for an ETag
                self.headers = Headers(list(self.headers.items()))
                del self.headers["If-Match"]
            return super().delete_object()

    def delete_object_tagging(self) -> _Answer:
        """Answer DeleteObjectTagging."""
        self._get_key()
        return super().delete_object_tagging()

    @property
    def _version_id(self) -> str | None:
        version_id: str | None = self.querystring.get("versionId", [None])[0]
        return version_id

    def _check_is_no_marker(self, method: str) -> None:
        """Raise the error for a request to a delete marker."""
        key = self.parse_key_name()
        found = self.backend.get_object(self.bucket_name, key, self._version_id, return_delete_marker=True)
        if isinstance(found, FakeDeleteMarker):
            if self._version_id is None and method == "GET":
                raise MissingKey(key=key)
            raise MethodNotAllowed(method=method, resource_type="DeleteMarker")

    # uploads in parts

    def _key_response_post(
        self, request: Any, body: bytes, bucket_name: str, query: Any, key: str
    ) -> _Answer:
        with self.backend.write_lock:
            if "uploads" in query:
                return self._create_upload(request, body, bucket_name, query, key)
            if upload_id := query.get("uploadId"):
                return self._complete_upload(request, body, bucket_name, query, key, upload_id[0])
            return super()._key_response_post(request, body, bucket_name, query, key)

    def _create_upload(self, request: Any, body: bytes, bucket_name: str, query: Any, key: str) -> _Answer:
        bucket = self.backend.get_bucket(bucket_name)
        check_acl(bucket, self.headers, is_put_acl=False)
        md5 = customer_key_md5(self.headers)
        before = set(bucket.multiparts)
        status, headers, answer = super()._key_response_post(request, body, bucket_name, query, key)
        for upload_id in set(bucket.multiparts) - before:
            upload = bucket.multiparts[upload_id]
            upload.started = utcnow()
            encrypt(upload, md5)
        if md5 is None:
            headers.setdefault("x-amz-server-side-encryption", default_algorithm(bucket))
        return status, headers | shown_headers(md5), answer

    def _complete_upload(
        self, request: Any, body: bytes, bucket_name: str, query: Any, key: str, upload_id: str
    ) -> _Answer:
        bucket = self.backend.get_bucket(bucket_name)
        upload = bucket.multiparts.get(upload_id)
        if upload is None:
            raise NoSuchUpload(upload_id=upload_id)
        check_write(self.headers, self.backend.get_object(bucket_name, key), key)
        check_completion(self.headers, bucket.keys.changed(key), key, upload.started)
        with bucket.muting(_TAGGED, _WRITTEN):
            status, headers, answer = super()._key_response_post(request, body, bucket_name, query, key)
        version = self.backend.get_object(bucket_name, key)
        if version is not None and getattr(upload, "customer_key_md5", None):
            version.customer_key_md5, version.encryption = upload.customer_key_md5, None
            headers.pop("x-amz-server-side-encryption", None)
        if headers.get(_VERSION_HEADER) == NULL:
            headers.pop(_VERSION_HEADER)
        return status, headers, answer

    def upload_part(self) -> _Answer:
        """Answer UploadPart."""
        upload = self._upload()
        shown = check_part_key(upload, self.headers)
        status, headers, body = super().upload_part()
        return status, headers | shown, body

    def upload_part_copy(self) -> _Answer:
        """Answer UploadPartCopy."""
        shown = check_part_key(self._upload(), self.headers)
        source = self._copy_source()
        if source is None:
            raise MissingKey(key=copy_source(self.headers["x-amz-copy-source"])[1])
        check_customer_key(source, self.headers, of_source=True)
        status, headers, body = super().upload_part_copy()
        return status, headers | shown, body

    def _upload(self) -> Any:
        upload_id = self._get_param("uploadId")
        upload = self.backend.get_bucket(self.bucket_name).multiparts.get(upload_id)
        if upload is None:
            raise NoSuchUpload(upload_id=upload_id)
        return upload


def copy_source(header: str) -> tuple[str, str, str | None]:
    """Return bucket, key and version ID of the header x-amz-copy-source."""
    path, _, query = header.partition("?versionId=")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    return bucket, key, query or None


def default_algorithm(bucket: Any) -> str:
    """Return the algorithm with which a bucket encrypts new objects."""
    return str(bucket.encryption["Rule"]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"])


def _with_checksum_type(headers: dict[str, Any]) -> dict[str, Any]:
    """Return headers with the type of the checksum that they have."""
    if any(name.lower().startswith(_CHECKSUM_PREFIX) for name in headers):
        headers.setdefault("x-amz-checksum-type", "FULL_OBJECT")
    return headers


S3_URLS = UrlModule(
    url_bases,
    {
        "{0}/$": BucketsResponse.bucket_dispatch,
        "{0}/(?P<key_or_bucket_name>[^/]+)$": BucketsResponse.ambiguous_dispatch,
        "{0}/(?P<key_or_bucket_name>[^/]+)/$": BucketsResponse.ambiguous_dispatch,
        "{0}/(?P<bucket_name_path>[^/]+)/(?P<key_name>.+)": BucketsResponse.key_dispatch,
        "{0}/(?P<key_name>/.*)$": BucketsResponse.key_dispatch,
    },
)
