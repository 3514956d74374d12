"""Encryption with keys that the customer provides (SSE-C): the lab checks the keys and does not encrypt.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from vpcache.lab.aws.s3.errors import S3Error, invalid_argument

_PREFIX = "x-amz-server-side-encryption-customer-"
_SOURCE_PREFIX = "x-amz-copy-source-server-side-encryption-customer-"
_ENCRYPTION = "x-amz-server-side-encryption"
_KEY_BYTES = 32
_MUST = "Requests specifying Server Side Encryption with Customer provided keys must provide"


def customer_key_md5(headers: Mapping[str, str], *, of_source: bool = False) -> str | None:
    """Return the MD5 of the key in a request's headers, None without one. Raises AWS's errors."""
    prefix = _SOURCE_PREFIX if of_source else _PREFIX
    algorithm, key, md5 = (headers.get(prefix + name) for name in ("algorithm", "key", "key-MD5"))
    if algorithm is None and key is None and md5 is None:
        return None
    if not of_source and (other := headers.get(_ENCRYPTION)):
        message = (
            "Server Side Encryption with Customer provided key is incompatible "
            "with the encryption method specified"
        )
        raise invalid_argument(message, _ENCRYPTION, other)
    _check_presence(algorithm, key)
    try:
        secret = base64.b64decode(key or "", validate=True)
    except ValueError:
        secret = b""
    if len(secret) != _KEY_BYTES or md5 is None:
        raise invalid_argument("The secret key was invalid for the specified algorithm.", _ENCRYPTION)
    if base64.b64encode(hashlib.md5(secret, usedforsecurity=False).digest()).decode() != md5:
        message = "The calculated MD5 hash of the key did not match the hash that was provided."
        raise invalid_argument(message, _ENCRYPTION)
    return md5


def check_customer_key(
    version: Any, headers: Mapping[str, str], *, of_source: bool = False
) -> dict[str, str]:
    """Return the headers that show the key of a version that is read. Raises an error for a wrong key."""
    given = customer_key_md5(headers, of_source=of_source)
    expected = getattr(version, "customer_key_md5", None)
    if given == expected:
        return shown_headers(expected)
    if given is None:
        message = (
            "The object was stored using a form of Server Side Encryption. "
            "The correct parameters must be provided to retrieve the object."
        )
        raise S3Error(400, "InvalidRequest", message)
    if expected is None:
        message = "The encryption parameters are not applicable to this object."
        raise S3Error(400, "InvalidRequest", message)
    raise S3Error(403, "AccessDenied", f"{_MUST} the correct secret key.")


def check_part_key(upload: Any, headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that show the key of an upload's part. Raises an error for another key."""
    given, expected = customer_key_md5(headers), getattr(upload, "customer_key_md5", None)
    if given == expected:
        return shown_headers(expected)
    if given is None or expected is None:
        message = (
            "The multipart upload initiate requested encryption. "
            "Subsequent part requests must include the appropriate encryption parameters."
        )
    else:
        message = "The provided encryption parameters did not match the ones used originally."
    raise S3Error(400, "InvalidRequest", message)


def encrypt(version: Any, md5: str | None) -> None:
    """Record the key of an object or an upload; an encrypted object's ETag is not the MD5 of its content."""
    if md5 is None:
        return
    version.customer_key_md5 = md5
    version.encryption = version.sse_encryption = None
    if hasattr(version, "value"):
        content = md5.encode() + version.value
        version._etag = hashlib.md5(content, usedforsecurity=False).hexdigest()


def shown_headers(md5: str | None) -> dict[str, str]:
    """Return the headers of a response about a version that is encrypted with a customer's key."""
    return {f"{_PREFIX}algorithm": "AES256", f"{_PREFIX}key-MD5": md5} if md5 else {}


def _check_presence(algorithm: str | None, key: str | None) -> None:
    if algorithm is None:
        raise invalid_argument(f"{_MUST} a valid encryption algorithm.", _ENCRYPTION)
    if algorithm != "AES256":
        message = "The Encryption request you specified is not valid. Supported value: AES256."
        members = {"ArgumentName": _ENCRYPTION, "ArgumentValue": algorithm}
        raise S3Error(400, "InvalidEncryptionAlgorithmError", message, **members)
    if key is None:
        raise invalid_argument(f"{_MUST} an appropriate secret key.", _ENCRYPTION)
