"""A function's deployment package: the zip in the request or in S3."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.s3.exceptions import S3ClientError
from moto.s3.models import s3_backends


def code_of(wanted: Mapping[str, Any], account_id: str, partition: str) -> bytes:
    """Return the zip that the parameters of CreateFunction's `Code` or of UpdateFunctionCode mean.

    Raises InvalidParameterValueException where there is none or it is no zip, NotImplementedError for images.
    """
    if wanted.get("ImageUri"):
        raise NotImplementedError("Functions from container images: give a zip.")
    if "ZipFile" in wanted:
        code: bytes = wanted["ZipFile"]
    elif wanted.get("S3Bucket") and wanted.get("S3Key"):
        code = _from_s3(wanted, account_id, partition)
    else:
        raise InvalidParameterValueException("Please provide a source for function code.")
    if not zipfile.is_zipfile(io.BytesIO(code)):
        raise InvalidParameterValueException(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        )
    return code


def _from_s3(wanted: Mapping[str, Any], account_id: str, partition: str) -> bytes:
    try:
        found = s3_backends[account_id][partition].get_object(
            wanted["S3Bucket"], wanted["S3Key"], version_id=wanted.get("S3ObjectVersion")
        )
    except S3ClientError as error:
        raise _unreadable(error.code, error.message) from error
    if found is None:
        raise _unreadable("NoSuchKey", "The specified key does not exist.")
    content: bytes = found.value
    return content


def _unreadable(code: str, message: str) -> InvalidParameterValueException:
    return InvalidParameterValueException(
        f"Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {message}"
    )
